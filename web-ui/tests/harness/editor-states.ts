/** What an editor can look like: for the judgement of axe, of a ruler, and of people who look at photographs. */
import type { JsonObject } from "../../src/workflow/definition.ts";
import type { Api } from "./api.ts";
import type { EditorPage } from "./editor-page.ts";
import { definition, inside, largeOrders, node, ORDER } from "./workflows.ts";

export interface EditorState {
  /** What is opened, relative to the workflow. */
  readonly query: string;
  readonly reach?: (editor: EditorPage) => Promise<void>;
}

const CODE = `let total = 0;
for item in trigger.body.items { total += item.price; }
#{ total: total }`;

/** A workflow with every kind of field, a problem, and a sample. */
export async function makeRichWorkflow(api: Api, url: string): Promise<string> {
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
      await editor.node("large").focus();
      await editor.page.keyboard.press("c");
      await editor.page.getByTestId("connect-dialog").waitFor();
    },
  },
};

async function pressOnCanvas(editor: EditorPage, key: string): Promise<void> {
  await editor.node("order").focus();
  await editor.page.keyboard.press(key);
}

async function chooseFromMenu(editor: EditorPage, action: string): Promise<void> {
  await editor.button("editor.header.menu").click();
  await editor.page.getByRole("button", { name: action }).click();
}
