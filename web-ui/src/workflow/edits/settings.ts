/** What holds for the whole workflow. */
import type { Definition, Settings } from "../definition.ts";

/** What {@link setSettings} can change; undefined removes, so that the server's own rule holds. */
export type SettingsPatch = { readonly [Field in keyof Settings]?: Settings[Field] | undefined };

export function setSettings(definition: Definition, patch: SettingsPatch): Definition {
  const before: Readonly<Record<string, unknown>> = { ...definition.settings };
  const next: Record<string, unknown> = { ...definition.settings, ...patch };
  for (const [field, value] of Object.entries(patch)) if (value === undefined) delete next[field];
  if (Object.keys(patch).every((field) => next[field] === before[field])) return definition;
  return { ...definition, settings: next as unknown as Settings };
}
