import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { EditorPage } from "./harness/editor-page.ts";
import { type Language, prepareStage } from "./harness/stage.ts";
import { texts } from "./harness/texts.ts";
import { definition, many, node } from "./harness/workflows.ts";

const stage = prepareStage();
const say = texts();
const PAIR = definition(
  [node("order", "webhook"), node("fields", "set_fields", { fields: { a: 1 } }, 2)],
  ["order -> fields"],
);

async function open(draft: typeof PAIR, name: string, language: Language = "en"): Promise<[EditorPage, string]> {
  const { page } = await stage.visit({ language });
  const { id } = await stage.api.createWorkflow(name, draft);
  const editor = new EditorPage(page, language);
  await editor.open(`/workflows/${id}`);
  return [editor, id];
}

async function edges(id: string): Promise<string[]> {
  const { definition } = await stage.api.workflow(id);
  return definition.edges.map(({ from, port, to }) => `${from}:${port} -> ${to}`).sort();
}

async function center(page: Page, testId: string): Promise<{ x: number; y: number }> {
  const box = await page.getByTestId(testId).boundingBox();
  if (!box) throw new Error(`${testId} is nowhere`);
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

async function drag(page: Page, from: { x: number; y: number }, to: { x: number; y: number }): Promise<void> {
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move((from.x + to.x) / 2, (from.y + to.y) / 2, { steps: 4 });
  await page.mouse.move(to.x, to.y, { steps: 4 });
  await page.mouse.up();
}

test("the plus behind a step adds one that is connected", async () => {
  const [editor, id] = await open(PAIR, "Plus");
  await editor.addAfter("fields", "email.send");
  await editor.node("email_send").waitFor();
  await editor.saved();
  expect(await edges(id)).toEqual(["fields:out -> email_send", "order:out -> fields"]);
});

test("the plus on a connection puts a step in between", async () => {
  const [editor, id] = await open(PAIR, "Between");
  const [from, to] = [await center(editor.page, "port-order-out"), await center(editor.page, "port-fields-in")];
  await editor.page.mouse.move((from.x + to.x) / 2 + 30, (from.y + to.y) / 2);
  await editor.page.getByTestId("insert-order-out-fields").click();
  await editor.page.getByTestId("step-filter").click();
  await editor.node("filter").waitFor();
  await editor.saved();
  expect(await edges(id)).toEqual(["filter:out -> fields", "order:out -> filter"]);
});

for (const [language, words] of [
  ["en", "set fields"],
  ["de", "felder setzen"],
] as const) {
  test(`a search by Tab finds a step in the person's language, and what was used lately comes first, ${language}`, async () => {
    const [editor, id] = await open(definition([node("order", "webhook")], []), "Search", language);
    const { page, say: own } = editor;
    const search = page.getByRole("combobox", { name: own("editor.palette.search") });
    const first = page.getByRole("option").first();
    await editor.choose("order");
    await page.keyboard.press("Tab");
    await search.waitFor();
    await page.keyboard.type(words);
    await expect.poll(() => first.getAttribute("data-testid")).toBe("step-set_fields");
    await page.keyboard.press("Enter");
    await editor.node("set_fields").waitFor();
    await editor.saved();
    expect(await edges(id)).toEqual(["order:out -> set_fields"]);
    await page.getByTestId("add-after-set_fields-out").click();
    expect(await first.getAttribute("data-testid")).toBe("step-set_fields");
  });
}

test("Ctrl+K finds actions, goes to steps and adds them", async () => {
  const [editor, id] = await open(PAIR, "Commands");
  const { page } = editor;
  const command = async (words: string) => {
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox", { name: say("editor.action.commands") }).fill(words);
    await page.keyboard.press("Enter");
  };
  await editor.choose("fields");
  await command(say("editor.action.outline"));
  await page.getByTestId("outline").waitFor();
  await command(say("editor.commands.go_to", { step: "Webhook" }));
  await page.getByTestId("trigger-url").waitFor();
  await command(say("editor.commands.go_to", { step: "Set fields" }));
  await editor.field("fields").waitFor();
  await command(say("editor.commands.add", { step: "Filter" }));
  await editor.node("filter").waitFor();
  await editor.saved();
  expect(await edges(id)).toEqual(["fields:out -> filter", "order:out -> fields"]);
});

test("a line is drawn by mouse from an output to a step, and a circle is refused with the reason", async () => {
  const nodes = [...PAIR.nodes, node("mail", "email.send", {}, 2, 2)];
  const [editor, id] = await open(definition(nodes, ["order -> fields"]), "Lines");
  const { page } = editor;
  await drag(page, await center(page, "port-fields-out"), await center(page, "node-mail"));
  await expect.poll(() => edges(id)).toEqual(["fields:out -> mail", "order:out -> fields"]);
  await drag(page, await center(page, "port-mail-out"), await center(page, "node-fields"));
  await page.getByText(say("editor.connect.refused.circle")).first().waitFor();
  expect(await edges(id)).toEqual(["fields:out -> mail", "order:out -> fields"]);
});

test("a line that ends in nothing asks what should come there", async () => {
  const [editor, id] = await open(PAIR, "Nothing");
  const { page } = editor;
  const from = await center(page, "port-fields-out");
  await drag(page, from, { x: from.x + 60, y: from.y + 160 });
  await page.getByTestId("step-filter").click();
  await editor.node("filter").waitFor();
  await editor.saved();
  expect(await edges(id)).toContain("fields:out -> filter");
});

test("several steps are moved, duplicated and deleted together, each as one step of the history", async () => {
  const third = node("mail", "email.send", {}, 0, 3);
  const draft = { ...PAIR, nodes: [...PAIR.nodes, third] };
  const [editor, id] = await open(draft, "Together");
  const { page } = editor;
  const count = () => page.locator('[data-testid^="node-"]').count();
  const chosen = () => page.locator(".svelte-flow__node.selected").count();
  const moved = async () => {
    const { nodes } = (await stage.api.workflow(id)).definition;
    return nodes.filter((one, index) => one.position.y !== draft.nodes[index]?.position.y).map((one) => one.id);
  };
  // A band around two of three steps chooses these two, and a drag takes both along.
  const [first, second] = [await center(page, "node-order"), await center(page, "node-fields")];
  await page.keyboard.down("Shift");
  await drag(page, { x: first.x - 130, y: first.y - 60 }, { x: second.x + 20, y: second.y + 20 });
  await page.keyboard.up("Shift");
  await expect.poll(chosen).toBe(2);
  await drag(page, second, { x: second.x, y: second.y + 90 });
  await expect.poll(moved).toEqual(["order", "fields"]);
  await page.keyboard.press("Control+z");
  await expect.poll(moved).toEqual([]);

  // With Control a click adds a step to what is chosen.
  await page.mouse.click(second.x, second.y + 260);
  await expect.poll(chosen).toBe(0);
  await editor.node("order").click();
  await editor.node("mail").click({ modifiers: ["Control"] });
  await expect.poll(chosen).toBe(2);
  await page.keyboard.press("Control+d");
  await expect.poll(count).toBe(5);
  await page.keyboard.press("Control+z");
  await expect.poll(count).toBe(3);
  await editor.choose("fields");
  await page.keyboard.press("Control+a");
  await page.keyboard.press("Delete");
  await expect.poll(count).toBe(0);
  await page.keyboard.press("Control+z");
  await expect.poll(count).toBe(3);
  await editor.saved();
  expect((await stage.api.workflow(id)).definition).toEqual(draft);
});

test("a dragged step stays where it was put", async () => {
  const [editor, id] = await open(PAIR, "Moved");
  const { page } = editor;
  const from = await center(page, "node-fields");
  await drag(page, from, { x: from.x, y: from.y + 120 });
  await editor.saved();
  const position = async () =>
    (await stage.api.workflow(id)).definition.nodes.find((one) => one.id === "fields")?.position.y ?? 0;
  await expect.poll(position).toBeGreaterThan(50);
});

test("steps go to another tab as text and come back from it", async () => {
  const { page, tab } = await stage.visit();
  const [from, to] = [
    await stage.api.createWorkflow("From", PAIR),
    await stage.api.createWorkflow("To", definition([node("order", "webhook")], [])),
  ];
  const first = new EditorPage(page);
  await first.open(`/workflows/${from.id}`);
  await first.choose("fields");
  await page.keyboard.press("Control+c");
  const text = await page.evaluate(() => navigator.clipboard.readText());
  expect(JSON.parse(text)).toMatchObject({ nodes: [{ type: "set_fields" }] });
  const second = new EditorPage(await tab());
  await second.page.bringToFront();
  await second.open(`/workflows/${to.id}`);
  await second.page.getByTestId("canvas").click({ position: { x: 300, y: 500 } });
  await second.page.keyboard.press("Control+v");
  await second.node("fields").waitFor();
  await second.saved();
  const pasted = (await stage.api.workflow(to.id)).definition.nodes.find(({ type }) => type === "set_fields");
  expect(pasted?.params).toEqual({ fields: { a: 1 } });
});

test("the draft leaves the editor as a file and another one takes its place", async () => {
  const [editor, id] = await open(PAIR, "Files");
  const { page } = editor;
  const choose = async (action: string) => {
    await editor.button("editor.header.menu").click();
    await page.getByRole("button", { name: action }).click();
  };
  const [download] = await Promise.all([page.waitForEvent("download"), choose(say("editor.action.export"))]);
  expect(JSON.parse(await readFile(await download.path(), "utf8"))).toMatchObject({ name: "Files", definition: PAIR });
  const other = { name: "Other", definition: definition([node("manual", "manual")], []) };
  const [chooser] = await Promise.all([page.waitForEvent("filechooser"), choose(say("editor.action.import"))]);
  const buffer = Buffer.from(JSON.stringify(other));
  await chooser.setFiles({ name: "other.json", mimeType: "application/json", buffer });
  await editor.node("manual").waitFor();
  await editor.saved();
  expect((await stage.api.workflow(id)).definition.nodes.map(({ type }) => type)).toEqual(["manual"]);
});

test("tidying up lays steps out from left to right without covering each other", async () => {
  const piled = { ...many(8), nodes: many(8).nodes.map((one) => ({ ...one, position: { x: 0, y: 0 } })) };
  const [editor, id] = await open(piled, "Piled");
  await editor.button("editor.action.tidy").click();
  await editor.saved();
  const places = async () => (await stage.api.workflow(id)).definition.nodes.map(({ position }) => position);
  await expect.poll(async () => new Set((await places()).map(({ x, y }) => `${x}/${y}`)).size).toBe(8);
  await editor.page.keyboard.press("Control+z");
  await expect.poll(async () => (await places()).every(({ x, y }) => x === 0 && y === 0)).toBe(true);
});

test("an overview appears from 15 steps on, and everything can be brought into view", async () => {
  const [small] = await open(many(14), "Fourteen");
  expect(await small.page.locator("[data-testid=minimap]").count()).toBe(0);
  const [large] = await open(many(15), "Fifteen");
  await large.page.locator("[data-testid=minimap]").waitFor();
  for (let zoom = 0; zoom < 3; zoom += 1) await large.button("editor.action.zoom_in").click();
  await large.button("editor.action.fit").click();
  await expect.poll(async () => (await large.node("step_14").boundingBox())?.x ?? -1).toBeGreaterThan(0);
});

for (const [language, names] of [
  ["en", ["Yes", "No"]],
  ["de", ["Ja", "Nein"]],
] as const) {
  test(`branches carry their names, ${language}`, async () => {
    const when = { all: [{ left: "{{ $.trigger.body.amount }}", op: "greater_than", right: 100 }] };
    const cases = [
      { port: "germany", when },
      { port: "elsewhere", when },
    ];
    const nodes = [
      node("order", "webhook"),
      node("large", "if", { when }, 1),
      node("mail", "email.send", {}, 2),
      node("ways", "switch", { cases }, 1, 2),
    ];
    const draft = definition(nodes, ["order -> large", "large:true -> mail", "order -> ways"]);
    const [editor] = await open(draft, "Branches", language);
    await editor.page.getByTestId("port-large-false").waitFor();
    const read = async (id: string) =>
      (await editor.node(id).locator(".name").allTextContents()).map((name) => name.trim());
    expect(await read("large")).toEqual(names);
    expect((await read("ways")).slice(0, 2)).toEqual(["germany", "elsewhere"]);
  });
}
