import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { EditorPage } from "./harness/editor-page.ts";
import { openSink } from "./harness/sink.ts";
import { prepareStage } from "./harness/stage.ts";
import { pattern, texts } from "./harness/texts.ts";
import { largeOrders } from "./harness/workflows.ts";

const stage = prepareStage();
const say = texts();

/** Presses Tab until the focus is on something with this name, unless it is there already. */
async function tabTo(page: Page, name: string | RegExp, key = "Tab"): Promise<void> {
  const walked: string[] = [];
  for (let step = 0; step < 60; step += 1) {
    const label = await page.evaluate(() => {
      const element = document.activeElement;
      return element === document.body
        ? ""
        : (element?.getAttribute("aria-label") ?? element?.textContent ?? "").trim();
    });
    if (typeof name === "string" ? label === name : name.test(label)) return;
    walked.push(label.slice(0, 40));
    await page.keyboard.press(key);
  }
  throw new Error(`${key} never came to ${name}, but to ${walked.join(" | ")}`);
}

/** Presses Tab until a step of the canvas has the focus, however far away it is; behind the last control the page begins again. */
async function tabToStep(editor: EditorPage, id: string): Promise<void> {
  const focused = () => editor.page.evaluate(() => document.activeElement?.getAttribute("data-testid"));
  for (let step = 0; step < 150; step += 1) {
    if ((await focused()) === `node-${id}`) return;
    await editor.page.keyboard.press("Tab");
  }
  throw new Error(`Tab never came to the step ${id}`);
}

/** Adds a step behind another one through the list of steps. */
async function addStep(editor: EditorPage, id: string, type: string, words: string): Promise<void> {
  const { page } = editor;
  await tabToStep(editor, id);
  await page.keyboard.press("n");
  await page.getByRole("combobox", { name: say("editor.palette.search") }).waitFor();
  await page.keyboard.type(words);
  await page.keyboard.press("Enter");
  await editor.node(type).waitFor();
}

test("a workflow of four steps is built, filled in and run without a mouse", async () => {
  const sink = await openSink();
  const { page, clicks, tolerate } = await stage.visit();
  // What is half typed cannot be evaluated yet.
  tolerate(/422/);
  const editor = new EditorPage(page);
  await page.goto("/");
  await tabTo(page, say("home.start"));
  await page.keyboard.press("Enter");
  await editor.ready();

  await addStep(editor, "webhook", "filter", "filter");
  await tabTo(page, say("editor.condition.left"));
  await page.keyboard.type("{{ $.trigger.body.amount }}");
  await tabTo(page, say("editor.condition.operator"));
  await page.keyboard.type("is greater");
  await tabTo(page, say("editor.condition.right"));
  await page.keyboard.type("100");
  await addStep(editor, "filter", "set_fields", "set fields");
  await addStep(editor, "set_fields", "http_request", "http");
  await tabTo(page, /^(Address|Adresse)/);
  await page.keyboard.type(`${sink.url}/typed`);
  await tabToStep(editor, "set_fields");
  await page.keyboard.press("Enter");
  await editor.field("fields").waitFor();
  await tabTo(page, say("editor.rows.add_to", { name: "Fields" }));
  await page.keyboard.press("Enter");
  await tabTo(page, say("editor.rows.name"), "Shift+Tab");
  await page.keyboard.type("total");
  await tabTo(page, say("editor.rows.value_of", { name: "total" }));
  await page.keyboard.type("1");
  await editor.saved();

  await page.keyboard.press("Control+Shift+Enter");
  await page.getByText(pattern(say("editor.run.succeeded"))).waitFor();
  expect(sink.received.map(({ path }) => path)).toEqual(["/typed"]);
  expect(clicks()).toBe(0);
  await sink.close();
});

test("steps are connected, moved and deleted by keys, and a screen reader hears of it", async () => {
  const draft = largeOrders("http://127.0.0.1:9");
  const { page, clicks } = await stage.visit();
  const { id } = await stage.api.createWorkflow("Keys", { ...draft, edges: draft.edges.slice(0, 1) });
  const editor = new EditorPage(page);
  await editor.open(`/workflows/${id}`);
  await tabToStep(editor, "large");
  await page.keyboard.press("Enter");
  await page.getByTestId("side-panel").waitFor();
  await page.keyboard.press("Escape");
  await page.getByTestId("side-panel").waitFor({ state: "detached" });
  // The step that was left has the focus again.
  await expect.poll(() => editor.node("large").evaluate((step) => step === document.activeElement)).toBe(true);
  await page.keyboard.press("c");
  await page.getByTestId("connect-to-tell").waitFor();
  await tabTo(page, pattern("HTTP request"));
  await page.keyboard.press("Enter");
  await page.getByTestId("edge-large-out-tell").waitFor({ state: "attached" });
  const said = await page.locator('[role="status"]').allTextContents();
  expect(said.join(" ")).toMatch(pattern(say("editor.connect.done")));

  const before = (await stage.api.workflow(id)).definition.nodes.find((one) => one.id === "large")?.position.x ?? 0;
  await tabToStep(editor, "large");
  await page.keyboard.press("ArrowRight");
  await expect
    .poll(async () => (await stage.api.workflow(id)).definition.nodes.find((one) => one.id === "large")?.position.x)
    .toBeGreaterThan(before);
  await page.keyboard.press("Delete");
  await editor.node("large").waitFor({ state: "detached" });
  await page.getByTestId("edge-order-out-tell").waitFor({ state: "attached" });
  expect(clicks()).toBe(0);
});

test("the outline names every step in order and leads to its settings", async () => {
  const { page } = await stage.visit();
  const { id } = await stage.api.createWorkflow("Outline", largeOrders("http://127.0.0.1:9"));
  const editor = new EditorPage(page);
  await editor.open(`/workflows/${id}`);
  await tabToStep(editor, "order");
  await page.keyboard.press("o");
  const outline = page.getByTestId("outline");
  await outline.waitFor();
  const text = (await outline.textContent()) ?? "";
  expect(["Webhook", "Filter", "HTTP request"].map((title) => text.indexOf(title))).toEqual(
    [...["Webhook", "Filter", "HTTP request"].map((title) => text.indexOf(title))].sort((one, other) => one - other),
  );
  await tabTo(page, /^(?!.*(Connect|Move|Delete|Add)).*HTTP request/);
  await page.keyboard.press("Enter");
  await editor.field("url").waitFor();
});
