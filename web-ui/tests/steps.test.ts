import { afterAll, beforeAll, expect, test } from "vitest";
import { EditorPage } from "./harness/editor-page.ts";
import { openSink, type Received, type Reply, type Sink } from "./harness/sink.ts";
import { prepareStage } from "./harness/stage.ts";
import { pattern, texts } from "./harness/texts.ts";
import { definition, largeOrders, node, ORDER } from "./harness/workflows.ts";

const stage = prepareStage();
const say = texts();
let sink: Sink;

function echo({ path }: Received): Reply {
  return {
    status: 201,
    headers: { "content-type": "application/json" },
    body: `{"why": "because of ${path}"}`,
  };
}

beforeAll(async () => {
  sink = await openSink(echo);
});
afterAll(() => sink.close());

async function testCall(params: Record<string, string | number>): Promise<EditorPage> {
  const nodes = [node("order", "webhook"), node("call", "http.request", params, 1)];
  const { id } = await stage.api.createWorkflow("Call", definition(nodes, ["order -> call"]));
  const { page } = await stage.visit();
  const editor = new EditorPage(page);
  await editor.open(`/workflows/${id}?node=call`);
  await editor.button("editor.test.run").click();
  return editor;
}

test("testing a step asks before its outside effect, then shows the real request and answer", async () => {
  const before = sink.received.length;
  const editor = await testCall({ method: "POST", url: `${sink.url}/orders` });
  const dialog = editor.page.getByRole("dialog", { name: say("editor.test.ask_title") });
  await dialog.getByText(sink.url.replace("http://", "")).first().waitFor();
  expect(sink.received.length).toBe(before);
  await dialog.getByRole("button", { name: say("editor.test.ask_yes") }).click();
  await editor.page
    .getByTestId("test-state")
    .getByText(pattern(say("editor.test.succeeded")))
    .waitFor();
  expect(sink.received.slice(before).map(({ method, path }) => `${method} ${path}`)).toEqual(["POST /orders"]);
  await editor.page.getByText(say("editor.test.exchanges")).first().waitFor();
  await editor.page.getByText("because of /orders").first().waitFor();
});

test("refusing the question sends nothing", async () => {
  const before = sink.received.length;
  const editor = await testCall({ method: "DELETE", url: `${sink.url}/orders` });
  await editor.button("editor.test.ask_no").click();
  await editor.button("editor.test.run").waitFor();
  expect(sink.received.length).toBe(before);
});

test("what a tested step gives is data for the steps after it", async () => {
  const { page } = await stage.visit();
  const draft = largeOrders(sink.url);
  const after = definition([...draft.nodes, node("mail", "email.send", {}, 3)], []);
  const edges = [...draft.edges, { from: "tell", port: "out", to: "mail" }];
  const { id } = await stage.api.createWorkflow("Chain", { ...after, edges });
  await stage.api.saveSample(id, "order", { method: "POST", headers: {}, query: {}, body: ORDER });
  const editor = new EditorPage(page);
  await editor.open(`/workflows/${id}?node=tell`);
  await editor.button("editor.test.run").click();
  await editor.button("editor.test.ask_yes").click();
  await editor.text("editor.test.kept").waitFor();
  await editor.button("editor.action.fit").click();
  await editor.choose("mail");
  await editor.sample("$.steps.tell").waitFor();
  await page.getByRole("searchbox", { name: say("editor.sample.search") }).fill("why");
  await editor.sample("$.steps.tell.body.why").getByText("because of /orders").waitFor();
});
