/** Steps that are dragged from the list at the side, by the browser's own drag and drop. */
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { EditorPage } from "./harness/editor-page.ts";
import { prepareStage } from "./harness/stage.ts";
import { definition, inside, node } from "./harness/workflows.ts";

const stage = prepareStage();

interface Point {
  readonly x: number;
  readonly y: number;
}

/** An order, something behind it, and a box below. */
const DRAFT = definition(
  [
    node("order", "webhook", { slug: "dropped" }),
    node("fields", "set_fields", { fields: { a: 1 } }, 2),
    { ...node("each", "for_each", { items: "{{ $.trigger.body.lines }}" }), position: { x: 0, y: 260 } },
    inside("each", node("line", "set_fields", { fields: { sku: "x" } }), 40, 340),
  ],
  ["order -> fields"],
);

async function openWithSteps(name: string): Promise<{ editor: EditorPage; id: string }> {
  const { page } = await stage.visit({ width: 1600, height: 900 });
  const { id } = await stage.api.createWorkflow(name, DRAFT);
  const editor = new EditorPage(page);
  await editor.open(`/workflows/${id}`);
  await editor.button("editor.palette.dock").click();
  await editor.button("editor.action.fit").click();
  return { editor, id };
}

/** Where something is once it has come to rest. */
async function centerOf(page: Page, testId: string): Promise<Point> {
  const element = page.getByTestId(testId);
  await element.scrollIntoViewIfNeeded();
  let [center, before]: (Point | null)[] = [null, null];
  await expect
    .poll(async () => {
      const box = await element.boundingBox();
      before = center;
      center = box && { x: box.x + box.width / 2, y: box.y + box.height / 2 };
      return center !== null && center.x === before?.x && center.y === before.y;
    })
    .toBe(true);
  return center as unknown as Point;
}

/** Takes a step from the list and holds it over a point. */
async function hold(page: Page, type: string, { x, y }: Point): Promise<void> {
  const from = await centerOf(page, `dock-${type}`);
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move(from.x + 12, from.y + 4, { steps: 2 });
  await page.mouse.move(x, y, { steps: 5 });
  // The first move over something only enters it; a hand never holds still.
  await page.mouse.move(x + 1, y, { steps: 2 });
}

async function drop(page: Page, type: string, at: Point): Promise<void> {
  await hold(page, type, at);
  await page.mouse.up();
}

async function stored(id: string) {
  const { nodes, edges } = (await stage.api.workflow(id)).definition;
  return { nodes, edges: edges.map(({ from, port, to }) => `${from}:${port} -> ${to}`).sort() };
}

test("a step dropped on the empty canvas comes there alone, and on a port it is connected behind it", async () => {
  const { editor, id } = await openWithSteps("Dropped on the ground");
  const { page } = editor;
  const port = await centerOf(page, "port-fields-out");
  await drop(page, "filter", { x: port.x - 60, y: port.y + 170 });
  await editor.node("filter").waitFor();
  await editor.saved();
  const { nodes, edges } = await stored(id);
  expect(edges).toEqual(["order:out -> fields"]);
  const [fields, filter] = ["fields", "filter"].map((name) => nodes.find((one) => one.id === name)?.position);
  // Below the step above whose end it was let go, and not at some place of the editor's own choice.
  expect(filter?.y).toBeGreaterThan((fields?.y ?? 0) + 90);
  expect(Math.abs((filter?.x ?? Number.NaN) - (fields?.x ?? Number.NaN))).toBeLessThan(280);

  await page.keyboard.press("Escape");
  await drop(page, "email.send", await centerOf(page, "port-fields-out"));
  await editor.node("email_send").waitFor();
  await editor.saved();
  expect((await stored(id)).edges).toEqual(["fields:out -> email_send", "order:out -> fields"]);
});

test("a step dropped on a connection comes between its ends, and one dropped into a box lies in it", async () => {
  const { editor, id } = await openWithSteps("Dropped on a line");
  const { page } = editor;
  const [from, to] = [await centerOf(page, "port-order-out"), await centerOf(page, "port-fields-in")];
  const middle = { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 };
  await hold(page, "filter", middle);
  // What the step would be put on is marked while it is still held.
  await page.getByTestId("insert-order-out-fields").waitFor();
  await page.mouse.up();
  await editor.node("filter").waitFor();
  await editor.saved();
  expect((await stored(id)).edges).toEqual(["filter:out -> fields", "order:out -> filter"]);

  await page.keyboard.press("Escape");
  const line = await centerOf(page, "node-line");
  await drop(page, "if", { x: line.x, y: line.y + 60 });
  await editor.node("if").waitFor();
  await editor.saved();
  expect((await stored(id)).nodes.find(({ type }) => type === "if")?.parent).toBe("each");

  // What is let go outside of the canvas is not added.
  const count = (await stored(id)).nodes.length;
  await drop(page, "stop_with_error", await centerOf(page, "live-state"));
  await page.keyboard.press("Control+z");
  await editor.node("if").waitFor({ state: "detached" });
  await editor.saved();
  expect((await stored(id)).nodes.length).toBe(count - 1);
});
