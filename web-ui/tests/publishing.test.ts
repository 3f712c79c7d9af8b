import { afterAll, beforeAll, expect, test } from "vitest";
import { sendJson } from "./harness/curl.ts";
import { EditorPage } from "./harness/editor-page.ts";
import { openSink, type Sink } from "./harness/sink.ts";
import { prepareStage } from "./harness/stage.ts";
import { definition, largeOrders, node, ORDER } from "./harness/workflows.ts";

const stage = prepareStage();
let sink: Sink;

beforeAll(async () => {
  sink = await openSink();
});
afterAll(() => sink.close());

async function open(
  draft: Parameters<typeof stage.api.createWorkflow>[1],
  name: string,
): Promise<[EditorPage, string]> {
  const { page } = await stage.visit();
  const { id } = await stage.api.createWorkflow(name, draft);
  const editor = new EditorPage(page);
  await editor.open(`/workflows/${id}`);
  return [editor, id];
}

test("draft and published differ visibly, and a run names its version", async () => {
  const [editor, id] = await open(largeOrders(sink.url), "Versions");
  const state = editor.page.getByTestId("live-state");
  await state.getByText(editor.say("editor.state.draft")).waitFor();
  await editor.button("editor.action.publish").click();
  await state.getByText(editor.say("editor.state.live", { version: 1 })).waitFor();
  await editor.choose("large");
  await editor.page.getByLabel(editor.say("editor.inspector.name")).fill("Only large ones");
  await state.getByText(editor.say("editor.state.differs", { version: 1 })).waitFor();
  await editor.saved();
  const first = JSON.parse((await sendJson(await stage.api.webhookOf(id), ORDER)).body) as { run: string };
  expect((await stage.api.endedRun(first.run)).version).toBe(1);
  await editor.button("editor.action.publish").click();
  await state.getByText(editor.say("editor.state.live", { version: 2 })).waitFor();
  const second = JSON.parse((await sendJson(await stage.api.webhookOf(id), ORDER)).body) as { run: string };
  expect((await stage.api.endedRun(second.run)).version).toBe(2);
  await editor.page.goto("/runs");
  await editor.page
    .locator(`#run-${second.run}`)
    .getByText(editor.say("runs.version", { version: 2 }))
    .waitFor();
});

test("an older version comes back into the draft and live again", async () => {
  const [editor, id] = await open(largeOrders(sink.url), "Restored");
  const { page } = editor;
  await editor.button("editor.action.publish").click();
  await page
    .getByTestId("live-state")
    .getByText(editor.say("editor.state.live", { version: 1 }))
    .waitFor();
  await editor.node("large").click();
  await page.keyboard.press("Delete");
  await expect.poll(() => editor.node("large").count()).toBe(0);
  await editor.button("editor.action.publish").click();
  await page
    .getByTestId("live-state")
    .getByText(editor.say("editor.state.live", { version: 2 }))
    .waitFor();
  await editor.button("editor.header.menu").click();
  await page.getByRole("button", { name: editor.say("editor.action.versions") }).click();
  const versions = page.getByTestId("side-panel").getByRole("listitem");
  const version = (number: number) =>
    versions.filter({ hasText: editor.say("editor.versions.number", { version: number }) });
  // Each version with when it was published and by whom; the newest first, and only one is live.
  await expect.poll(() => versions.count()).toBe(2);
  expect(await versions.first().textContent()).toContain(editor.say("editor.versions.number", { version: 2 }));
  expect(await version(2).textContent()).toContain(editor.say("editor.versions.live"));
  expect(await version(1).textContent()).not.toContain(editor.say("editor.versions.live"));
  for (const number of [1, 2]) expect(await version(number).textContent()).toMatch(/\d:\d\d.* · .*owner@example\.com/);
  await version(1).getByRole("button").first().click();
  await version(1).getByText(editor.say("editor.versions.removed")).waitFor();
  expect(await version(1).textContent()).not.toContain(editor.say("editor.versions.added"));
  await editor.button("editor.versions.restore").click();
  await editor.node("large").waitFor();
  await editor.button("editor.action.publish").click();
  await page
    .getByTestId("live-state")
    .getByText(editor.say("editor.state.live", { version: 3 }))
    .waitFor();
  expect((await stage.api.workflow(id)).published_version).toBe(3);
});

test("publishing with problems is refused with the reasons, and a click leads to the field", async () => {
  const nodes = [
    node("order", "webhook"),
    node("call", "http.request", {}, 1),
    node("chat", "slack.send_message", { channel: "C1", text: "Hello" }, 2),
    node("lost", "filter", {}, 1, 2),
  ];
  const [editor, id] = await open(definition(nodes, ["order -> call", "call -> chat"]), "Not yet");
  await editor.button("editor.action.publish").click();
  const list = editor.page.getByTestId("publish-problems");
  await list.getByTestId("problem-unreachable_node").waitFor();
  await list.getByTestId("problem-missing_parameter").first().click();
  await editor.field("url").waitFor();
  await expect.poll(() => editor.field("url").evaluate((field) => field.contains(document.activeElement))).toBe(true);
  expect((await stage.api.workflow(id)).published_version).toBeNull();

  // A missing credential is on the list, too, and leads to the place where it is chosen.
  await editor.button("editor.action.publish").click();
  await list.getByTestId("problem-missing_credential").click();
  const picker = editor.field("credential");
  await picker.waitFor();
  await expect.poll(() => picker.evaluate((field) => field.contains(document.activeElement))).toBe(true);
});

test("the list of problems shrinks as they are solved", async () => {
  const nodes = [node("order", "webhook"), node("call", "http.request", {}, 1)];
  const [editor] = await open(definition(nodes, ["order -> call"]), "Solved");
  const { page } = editor;
  const count = (problems: number) =>
    page.getByRole("button", { name: editor.say("editor.header.problems", { count: problems }), exact: true });
  await count(1).click();
  await page.getByTestId("problem-missing_parameter").click();
  await page.keyboard.type("https://example.com/");
  await editor.saved();
  await count(0).waitFor();
  await page.getByTestId("problems-call").waitFor({ state: "detached" });
});

test("a live workflow is paused and activated in the editor", async () => {
  const [editor, id] = await open(largeOrders(sink.url), "Switched");
  await editor.button("editor.action.publish").click();
  const toggle = editor.page.getByRole("switch", { name: editor.say("editor.state.switch") });
  await expect.poll(() => toggle.getAttribute("aria-checked")).toBe("true");
  await toggle.click();
  await expect.poll(() => toggle.getAttribute("aria-checked")).toBe("false");
  expect((await stage.api.workflow(id)).state).toBe("paused");
  await toggle.click();
  await expect.poll(() => toggle.getAttribute("aria-checked")).toBe("true");
  expect((await stage.api.workflow(id)).state).toBe("active");
});
