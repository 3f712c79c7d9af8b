/**
 * The parts that a person is likely to ask for next. Their texts come in a document of their own, which the build puts together
 * from the code of exactly these (`part-texts.ts`), so that opening a step does not wait for every text there is.
 */
export const near = {
  sidePanel: () => import("../panels/SidePanel.svelte"),
  inspector: () => import("../inspector/Inspector.svelte"),
  trigger: () => import("../trigger/TriggerPanel.svelte"),
  choices: () => import("../inspector/ChoicesField.svelte"),
  settings: () => import("../inspector/SettingsField.svelte"),
  webhookSettings: () => import("../inspector/WebhookSettings.svelte"),
  stepTest: () => import("../execution/StepTest.svelte"),
  execution: () => import("../execution/execution.svelte.ts"),
  runState: () => import("../execution/RunState.svelte"),
} as const;

const all: ReadonlySet<unknown> = new Set(Object.values(near));

/** Whether a part is one of these. */
export function isNear(load: () => Promise<unknown>): boolean {
  return all.has(load);
}
