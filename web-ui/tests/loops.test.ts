import { expect, test } from "vitest";
import type { Definition } from "../src/workflow/definition.ts";
import { EditorPage } from "./harness/editor-page.ts";
import { seriousFindings } from "./harness/looks.ts";
import { prepareStage, type Seat } from "./harness/stage.ts";
import { pattern, texts } from "./harness/texts.ts";
import { definition, node, ORDER_WITH_LINES, orderLines } from "./harness/workflows.ts";

const stage = prepareStage();
const say = texts();
const LOOSE: Definition = definition(
  [
    node("order", "webhook", { slug: "loose" }),
    { ...node("each", "for_each", { items: "{{ $.trigger.body.lines }}" }), position: { x: 280, y: 0 } },
    { ...node("line", "set_fields", { fields: { sku: "x" } }), position: { x: 320, y: 320 } },
    { ...node("tell", "set_fields", { fields: { told: true } }), position: { x: 700, y: 320 } },
  ],
  ["order -> each", "line -> tell"],
);

async function open(draft: Definition, seat: Seat = {}): Promise<[EditorPage, string]> {
  const { page } = await stage.visit({ width: 1440, height: 900, ...seat });
  const { id } = await stage.api.createWorkflow("Loops", draft);
  await stage.api.saveSample(id, "order", { method: "POST", headers: {}, query: {}, body: ORDER_WITH_LINES });
  const editor = new EditorPage(page, seat.language);
  await editor.open(`/workflows/${id}`);
  return [editor, id];
}

/** Each node in a box with its box, sorted. */
async function boxes(id: string): Promise<string[]> {
  const { nodes } = (await stage.api.workflow(id)).definition;
  return nodes.flatMap(({ id: node, parent }) => (parent ? [`${node} in ${parent}`] : [])).sort();
}

async function edges(id: string): Promise<string[]> {
  const { definition: draft } = await stage.api.workflow(id);
  return draft.edges.map(({ from, to }) => `${from} -> ${to}`).sort();
}

/** Drags a card by its icon. */
async function drag(editor: EditorPage, id: string, to: { x: number; y: number }): Promise<void> {
  const { page } = editor;
  const card = await editor.node(id).boundingBox();
  if (!card) throw new Error(`${id} is nowhere`);
  const [x, y] = [card.x + 25, card.y + 30];
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move((x + to.x) / 2, (y + to.y) / 2, { steps: 5 });
  await page.mouse.move(to.x, to.y, { steps: 5 });
  await page.mouse.up();
}

test("a step that is dragged into a box lies in it, and the line that would cross the border goes, with a word and a way back", async () => {
  const [editor, id] = await open(LOOSE);
  const box = await editor.node("each").boundingBox();
  if (!box) throw new Error("The box is nowhere");
  await drag(editor, "line", { x: box.x + 60, y: box.y + 120 });
  await editor.text("editor.box.cut_one").waitFor();
  await editor.saved();
  expect(await boxes(id)).toEqual(["line in each"]);
  expect(await edges(id)).toEqual(["order -> each"]);

  await editor.page
    .getByRole("button", { name: say("editor.action.undo"), exact: true })
    .last()
    .click();
  await editor.saved();
  await expect.poll(() => boxes(id)).toEqual([]);
  expect(await edges(id)).toEqual(["line -> tell", "order -> each"]);
});

test("a step that is dragged out of a box lies outside, and a box takes along what lies in it", async () => {
  const [editor, id] = await open(orderLines());
  const box = await editor.node("each").boundingBox();
  if (!box) throw new Error("The box is nowhere");
  await drag(editor, "stop", { x: box.x + 200, y: box.y + box.height + 90 });
  await expect.poll(() => boxes(id)).toEqual(["has in each", "line in each"]);
  const before = (await stage.api.workflow(id)).definition.nodes.find((one) => one.id === "line")?.position.y ?? 0;
  await drag(editor, "each", { x: box.x + 25, y: box.y + 130 });
  await expect
    .poll(async () => (await stage.api.workflow(id)).definition.nodes.find((one) => one.id === "line")?.position.y)
    .toBeGreaterThan(before);
  expect(await boxes(id)).toEqual(["has in each", "line in each"]);
});

test("what may not lie in a box goes back to where it was", async () => {
  const [editor, id] = await open(LOOSE);
  const box = await editor.node("each").boundingBox();
  const before = await editor.node("order").boundingBox();
  if (!box || !before) throw new Error("Something is nowhere");
  await drag(editor, "order", { x: box.x + 60, y: box.y + 120 });
  await editor.text("editor.box.refused.trigger").waitFor();
  await expect.poll(async () => (await editor.node("order").boundingBox())?.x).toBeCloseTo(before.x, 0);
  expect(await boxes(id)).toEqual([]);
});

test("a box is filled by its own button, and folds up to a card", async () => {
  const [editor, id] = await open(LOOSE);
  const { page } = editor;
  await page.getByTestId("add-in-each").click();
  await page.getByTestId("step-set_fields").click();
  await editor.node("set_fields").waitFor();
  await page.getByTestId("add-in-each").click();
  expect(await page.getByTestId("step-webhook").count()).toBe(0);
  await page.getByTestId("step-filter").click();
  await editor.saved();
  expect(await boxes(id)).toEqual(["filter in each", "set_fields in each"]);
  expect(await edges(id)).toContain("set_fields -> filter");

  await page.getByTestId("fold-each").click();
  await editor.node("filter").waitFor({ state: "detached" });
  expect(await editor.node("each").textContent()).toContain(say("editor.box.steps", { count: 2 }));
  await page.getByTestId("fold-each").click();
  await editor.node("filter").waitFor();
  expect(await seriousFindings(page)).toEqual([]);
});

test("by keyboard a step goes into a box and out of it, from the canvas and from the outline", async () => {
  const { page, clicks } = await stage.visit();
  const { id } = await stage.api.createWorkflow("Keys and boxes", LOOSE);
  const editor = new EditorPage(page);
  await editor.open(`/workflows/${id}`);
  await editor.node("tell").focus();
  await page.keyboard.press("Enter");
  await page.getByTestId("side-panel").waitFor();
  await page.keyboard.press("Escape");
  await page.getByTestId("side-panel").waitFor({ state: "detached" });
  await editor.node("tell").focus();
  await page.keyboard.press("b");
  await page.getByTestId("box-into-each").focus();
  await page.keyboard.press("Enter");
  await expect.poll(() => boxes(id)).toEqual(["tell in each"]);

  await page.keyboard.press("o");
  const row = page.getByTestId("outline-tell");
  await row.getByRole("button", { name: pattern(say("editor.outline.boxing")) }).focus();
  await page.keyboard.press("Enter");
  await page.getByTestId("box-out").focus();
  await page.keyboard.press("Enter");
  await expect.poll(() => boxes(id)).toEqual([]);
  expect(clicks()).toBe(0);
});

test("a step in a box sees the item of the sample, and a click puts it into a field", async () => {
  const [editor] = await open(orderLines());
  await editor.choose("line");
  await editor.sample("$.item.sku").waitFor();
  expect(await editor.sample("$.item.sku").textContent()).toContain("cup");
  await editor.choose("each");
  await editor
    .field("items")
    .getByText(say("editor.list.count", { count: 3 }))
    .waitFor();
});

test("a run shows how the turns of a box went, and each of them can be looked at", async () => {
  const [editor, id] = await open(orderLines());
  const { page } = editor;
  await page.getByTestId("run-with-sample").click();
  await page.locator('[data-testid="run-state"][data-status="succeeded"]').waitFor();
  const stepper = page.getByTestId("turns-each");
  await stepper.waitFor();
  // The turn that failed is shown first.
  await stepper.getByText(say("editor.turns.of", { number: 3, count: 3 })).waitFor();
  await editor.shows("stop", "failed");
  await stepper.getByRole("button", { name: say("editor.turns.previous") }).click();
  await editor.shows("line", "succeeded");

  const { items } = await stage.api.call<{ items: readonly { id: string }[] }>("GET", `/runs?workflow=${id}`);
  await editor.open(`/runs/${items[0]?.id}?node=each`);
  const list = page.getByTestId("turn-list");
  await list.getByRole("button", { name: pattern(say("editor.turns.turn", { number: 1 })) }).waitFor();
  await list.getByRole("combobox").selectOption("failed");
  await list.getByText("A line of nothing").waitFor();
  await expect.poll(() => list.getByRole("listitem").count()).toBe(1);
  expect(await seriousFindings(page)).toEqual([]);
});
