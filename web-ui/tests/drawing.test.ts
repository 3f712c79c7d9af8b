import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { EditorPage } from "./harness/editor-page.ts";
import { prepareStage } from "./harness/stage.ts";
import { texts } from "./harness/texts.ts";
import { definition, many, node } from "./harness/workflows.ts";

const stage = prepareStage();
const say = texts();
const PAIR = definition(
  [node("order", "webhook"), node("fields", "set_fields", { fields: { a: 1 } }, 2)],
  ["order -> fields"],
);

async function open(draft: typeof PAIR, name: string): Promise<[EditorPage, string]> {
  const { page } = await stage.visit();
  const { id } = await stage.api.createWorkflow(name, draft);
  const editor = new EditorPage(page);
  await editor.openForKeys(`/workflows/${id}`);
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

test("a search in either language finds a step, and what was used lately comes first", async () => {
  const [editor] = await open(PAIR, "Search");
  const { page } = editor;
  const search = page.getByRole("combobox", { name: say("editor.palette.search") });
  await page.getByTestId("add-after-fields-out").click();
  await search.fill("filt");
  await page.keyboard.press("Enter");
  await editor.node("filter").waitFor();
  await page.getByTestId("add-after-filter-out").click();
  const first = page.getByRole("option").first();
  expect(await first.getAttribute("data-testid")).toBe("step-filter");
});

test("Ctrl+K finds actions and steps by name", async () => {
  const [editor] = await open(PAIR, "Commands");
  const { page } = editor;
  await editor.choose("fields");
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: say("editor.action.commands") }).fill(say("editor.action.outline"));
  await page.keyboard.press("Enter");
  await page.getByTestId("outline").waitFor();
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
  const [editor, id] = await open(PAIR, "Together");
  const { page } = editor;
  await editor.choose("fields");
  await page.keyboard.press("Control+a");
  await page.keyboard.press("Control+d");
  await expect.poll(() => page.locator('[data-testid^="node-"]').count()).toBe(4);
  await page.keyboard.press("Control+z");
  await expect.poll(() => page.locator('[data-testid^="node-"]').count()).toBe(2);
  await editor.choose("fields");
  await page.keyboard.press("Control+a");
  await page.keyboard.press("Delete");
  await expect.poll(() => page.locator('[data-testid^="node-"]').count()).toBe(0);
  await page.keyboard.press("Control+z");
  await expect.poll(() => page.locator('[data-testid^="node-"]').count()).toBe(2);
  await editor.saved();
  expect((await stage.api.workflow(id)).definition).toEqual(PAIR);
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
  await first.openForKeys(`/workflows/${from.id}`);
  await first.choose("fields");
  await page.keyboard.press("Control+c");
  const text = await page.evaluate(() => navigator.clipboard.readText());
  expect(JSON.parse(text)).toMatchObject({ nodes: [{ type: "set_fields" }] });
  const second = new EditorPage(await tab());
  await second.page.bringToFront();
  await second.openForKeys(`/workflows/${to.id}`);
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

test("branches carry their names", async () => {
  const when = { all: [{ left: "{{ $.trigger.body.amount }}", op: "greater_than", right: 100 }] };
  const nodes = [node("order", "webhook"), node("large", "if", { when }, 1), node("mail", "email.send", {}, 2)];
  const [editor] = await open(definition(nodes, ["order -> large", "large:true -> mail"]), "Branches");
  await editor.page.getByTestId("port-large-false").waitFor();
  const names = await editor.node("large").locator(".name").allTextContents();
  expect(names.length).toBeGreaterThanOrEqual(2);
});
