/** What an editor can look like: for the judgement of axe, of a ruler, and of people who look at photographs. */
import type { JsonObject } from "../../src/workflow/definition.ts";
import type { Api } from "./api.ts";
import type { EditorPage } from "./editor-page.ts";
import { definition, inside, largeOrders, node, ORDER, ORDER_WITH_LINES, orderLines } from "./workflows.ts";

export interface EditorState {
  /** What is opened, relative to the workflow. */
  readonly query: string;
  /** Which workflow; the one with everything in it unless said otherwise. */
  readonly of?: keyof Scene["workflows"];
  readonly reach?: (editor: EditorPage, scene: Scene) => Promise<void>;
  /** Takes back what would be in the way of the next state. */
  readonly leave?: (editor: EditorPage) => Promise<void>;
  /** Narrower windows do not have it. */
  readonly leastWidth?: number;
}

/** The workflows that the states are shown with. */
export interface Scene {
  readonly api: Api;
  readonly workflows: {
    readonly rich: string;
    readonly empty: string;
    /** Ends well, with a box one of whose turns failed. */
    readonly turns: string;
    /** Fails when it is run. */
    readonly failing: string;
    /** Is changed while somebody looks. */
    readonly scratch: string;
  };
}

export async function makeScene(api: Api, url: string): Promise<Scene> {
  const turns = await api.createWorkflow("Lines of an order", orderLines());
  await api.saveSample(turns.id, "order", { method: "POST", headers: {}, query: {}, body: ORDER_WITH_LINES });
  const stop = node("stop", "stop_with_error", { message: "No such customer" }, 1);
  const failing = await api.createWorkflow("Fails", definition([node("go", "manual"), stop], ["go -> stop"]));
  const workflows = {
    rich: await makeRichWorkflow(api, url),
    empty: (await api.createWorkflow("Nothing in it yet")).id,
    turns: turns.id,
    failing: failing.id,
    scratch: (await api.createWorkflow("Scratch", SCRATCH)).id,
  };
  return { api, workflows };
}

/** Opens a state and waits until it is there. */
export async function reachState(editor: EditorPage, scene: Scene, state: EditorState): Promise<void> {
  await editor.open(`/workflows/${scene.workflows[state.of ?? "rich"]}${state.query}`);
  await state.reach?.(editor, scene);
}

const SCRATCH = definition(
  [node("order", "webhook", { slug: "scratch" }), node("mail", "email.send", { subject: "Old" }, 1)],
  ["order -> mail"],
);

const CODE = `let total = 0;
for item in trigger.body.items { total += item.price; }
#{ total: total }`;

/** A workflow with every kind of field, a problem, and a sample. */
async function makeRichWorkflow(api: Api, url: string): Promise<string> {
  const plain = largeOrders(url);
  const cases: JsonObject[] = [
    { port: "germany", when: { all: [{ left: "{{ $.trigger.body.country }}", op: "equals", right: "DE" }] } },
    { port: "elsewhere", when: { any: [{ left: "{{ $.trigger.body.country }}", op: "is_not_empty" }] } },
  ];
  const nodes = [
    ...plain.nodes,
    node("code", "code", { script: CODE }, 3),
    node("ways", "switch", { cases }, 4),
    node(
      "mail",
      "email.send",
      { to: ["{{ $.trigger.body.customer.email }}"], subject: "{{ $.trigger.body.nowhere }}" },
      5,
    ),
    node("loose", "filter", {}, 3, 2),
    { ...node("each", "for_each", { items: "{{ $.trigger.body.lines }}" }), position: { x: 280, y: 400 } },
    inside("each", node("inner", "set_fields", { fields: { sku: "{{ $.item.sku }}" } }), 320, 480),
    node("pause", "wait", { mode: "approval", message: "{{ $.trigger.body.id }}" }, 4, 3),
    node("weekly", "schedule", { cron: "30 7 * * 1,3,5" }, 0, 3),
  ];
  const edges = ["order -> large", "large -> tell", "tell -> code", "code -> ways", "ways:germany -> mail"];
  const { id } = await api.createWorkflow("Everything at once", definition(nodes, edges));
  await api.saveSample(id, "order", { method: "POST", headers: { "x-shop": "Nord" }, query: {}, body: ORDER });
  return id;
}

export const EDITOR_STATES: Readonly<Record<string, EditorState>> = {
  canvas: { query: "" },
  trigger: { query: "?node=order" },
  filter: { query: "?node=large" },
  http: { query: "?node=tell" },
  mail: { query: "?node=mail" },
  switch: { query: "?node=ways" },
  box: { query: "?node=each" },
  "in-box": { query: "?node=inner" },
  wait: { query: "?node=pause" },
  schedule: {
    query: "?node=weekly",
    reach: (editor) => editor.page.getByTestId("next-times").locator("li").first().waitFor(),
  },
  "into-box": {
    query: "?node=loose",
    reach: async (editor) => {
      await editor.button("editor.panel.close").click();
      await editor.node("loose").focus();
      await editor.page.keyboard.press("b");
      await editor.page.getByTestId("box-dialog").waitFor();
    },
  },
  code: { query: "?node=code", reach: (editor) => editor.page.locator(".cm-content").waitFor() },
  wide: { query: "?node=tell", reach: (editor) => editor.button("editor.panel.widen").click() },
  "test-asks": { query: "?node=tell", reach: (editor) => editor.button("editor.test.run").click() },
  "test-done": {
    query: "?node=tell",
    reach: async (editor) => {
      await editor.button("editor.test.run").click();
      await editor.button("editor.test.ask_yes").click();
      await editor.text("editor.test.kept").waitFor();
    },
  },
  "new-credential": {
    query: "?node=tell",
    reach: async (editor) => {
      await editor.button("editor.credential.new").click();
      await editor.page.locator("input[type=password]").waitFor();
    },
  },
  adding: {
    query: "",
    reach: async (editor) => {
      await editor.button("editor.action.add").click();
      await editor.page.getByRole("combobox").waitFor();
    },
  },
  commands: { query: "", reach: (editor) => pressOnCanvas(editor, "Control+k") },
  shortcuts: { query: "", reach: (editor) => pressOnCanvas(editor, "?") },
  outline: { query: "", reach: (editor) => pressOnCanvas(editor, "o") },
  problems: { query: "", reach: (editor) => pressOnCanvas(editor, "p") },
  refused: {
    query: "",
    reach: async (editor) => {
      await editor.button("editor.action.publish").click();
      await editor.page.getByTestId("publish-problems").getByRole("button").first().waitFor();
    },
  },
  menu: { query: "", reach: (editor) => editor.button("editor.header.menu").click() },
  versions: { query: "", reach: (editor) => chooseFromMenu(editor, editor.say("editor.action.versions")) },
  settings: { query: "", reach: (editor) => chooseFromMenu(editor, editor.say("editor.action.settings")) },
  connect: {
    query: "",
    reach: async (editor) => {
      await editor.node("large").focus();
      await editor.page.keyboard.press("Enter");
      // The panel takes the focus when it is there, and gives it back when it goes.
      const panel = editor.page.getByTestId("side-panel");
      await panel.and(editor.page.locator(":focus")).waitFor();
      await editor.page.keyboard.press("Escape");
      await panel.waitFor({ state: "detached" });
      await editor.node("large").and(editor.page.locator(":focus")).waitFor();
      await editor.page.keyboard.press("c");
      await editor.page.getByTestId("connect-dialog").waitFor();
    },
  },
  empty: { query: "", of: "empty", reach: (editor) => editor.text("editor.canvas.empty_title").waitFor() },
  "run-done": { query: "", of: "turns", reach: (editor) => runTo(editor, "succeeded") },
  "run-failed": {
    query: "",
    of: "failing",
    reach: async (editor) => {
      await runTo(editor, "failed");
      await editor.button("editor.run.show_step", { node: await titleOf(editor, "stop") }).click();
      await editor.page.getByTestId("failure-card").first().waitFor();
    },
  },
  "what-if": {
    query: "",
    of: "turns",
    reach: async (editor) => {
      await runTo(editor, "succeeded");
      await editor.button("editor.run.what_if").click();
      await editor.text("editor.run.what_if_retry").waitFor();
    },
  },
  "context-menu": {
    query: "",
    reach: async (editor) => {
      await editor.node("large").click({ button: "right" });
      await editor.page.getByRole("menu").waitFor();
    },
  },
  dock: {
    query: "",
    leastWidth: 700,
    reach: async (editor) => {
      await editor.button("editor.palette.dock").click();
      await editor.page.getByTestId("palette-dock").waitFor();
    },
    leave: (editor) => editor.button("editor.palette.undock").click(),
  },
  chip: {
    query: "?node=mail",
    reach: async (editor) => {
      await editor.line("subject").locator(".chip").click();
      await editor.button("editor.chip.apply").waitFor();
    },
  },
  "field-search": {
    query: "?node=mail",
    of: "scratch",
    reach: async (editor) => {
      await editor.type("subject", " {{");
      await editor.page.getByRole("combobox", { name: editor.say("editor.field.search") }).waitFor();
    },
  },
  offline: {
    query: "?node=mail",
    of: "scratch",
    reach: async (editor) => {
      await editor.line("subject").waitFor();
      await editor.page.context().setOffline(true);
      await editor.type("subject", "Offline");
      await editor.page.locator('[data-testid="save-state"][data-state="offline"]').waitFor();
    },
    leave: async (editor) => {
      await editor.page.context().setOffline(false);
      await editor.saved();
    },
  },
  conflict: {
    query: "?node=mail",
    of: "scratch",
    reach: conflict,
    leave: (editor) => editor.button("editor.conflict.theirs").click(),
  },
};

async function titleOf(editor: EditorPage, id: string): Promise<string> {
  return (await editor.node(id).locator(".heading").textContent()) ?? "";
}

/** Runs the draft with the sample until it has ended. */
async function runTo(editor: EditorPage, status: string): Promise<void> {
  await editor.page.getByTestId("run-with-sample").click();
  await editor.page.locator(`[data-testid="run-state"][data-status="${status}"]`).waitFor();
}

/** Somebody else changes what is changed here, too. */
async function conflict(editor: EditorPage, { api, workflows }: Scene): Promise<void> {
  await editor.line("subject").waitFor();
  await editor.page.context().setOffline(true);
  await editor.type("subject", "Mine");
  const { revision } = await api.workflow(workflows.scratch);
  const params = { subject: `Theirs ${revision}` };
  const nodes = SCRATCH.nodes.map((one) => (one.id === "mail" ? { ...one, params } : one));
  await api.call("PUT", `/workflows/${workflows.scratch}`, { revision, definition: { ...SCRATCH, nodes } });
  await editor.page.context().setOffline(false);
  await editor.page.getByTestId("conflict").waitFor();
}

async function pressOnCanvas(editor: EditorPage, key: string): Promise<void> {
  await editor.node("order").focus();
  await editor.page.keyboard.press(key);
}

async function chooseFromMenu(editor: EditorPage, action: string): Promise<void> {
  await editor.button("editor.header.menu").click();
  await editor.page.getByRole("button", { name: action }).click();
}
