import { afterAll, beforeAll, expect, test } from "vitest";
import { EditorPage } from "./harness/editor-page.ts";
import { openSink, type Received, type Reply, type Sink } from "./harness/sink.ts";
import { prepareStage } from "./harness/stage.ts";
import { pattern, texts } from "./harness/texts.ts";
import { definition, largeOrders, node, ORDER } from "./harness/workflows.ts";

const stage = prepareStage();
const say = texts();
let sink: Sink;

/** Says what its path asks for: `/404` answers 404; `/silent` never answers. */
function moody({ path }: Received): Reply | null {
  if (path === "/silent") return null;
  if (path === "/broken") return { status: 200, headers: { "content-type": "application/json" }, body: '{"id": ' };
  const status = Number(path.slice(1)) || 201;
  return { status, headers: { "content-type": "application/json" }, body: `{"why": "because of ${path}"}` };
}

beforeAll(async () => {
  sink = await openSink(moody);
});
afterAll(() => sink.close());

async function testCall(params: Record<string, string | number>, more: object = {}): Promise<EditorPage> {
  const call = { ...node("call", "http.request", params, 1), title: "Ask the shop", ...more };
  const nodes = [node("order", "webhook"), call];
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

/** What goes wrong, by the title that a person reads. */
const FAILURES: Readonly<Record<string, { params: (url: string) => Record<string, string | number>; title: string }>> =
  {
    "a 401": { params: (url) => ({ url: `${url}/401` }), title: say("failure.http_status_401.title") },
    "a 404": { params: (url) => ({ url: `${url}/404` }), title: say("failure.http_status_404.title") },
    "a 422": { params: (url) => ({ url: `${url}/422` }), title: say("failure.http_status_422.title") },
    "a 429": { params: (url) => ({ url: `${url}/429` }), title: say("failure.http_status_429.title") },
    "bad JSON": { params: (url) => ({ url: `${url}/broken`, response: "json" }), title: say("failure.response.title") },
    "an unknown host": { params: () => ({ url: "http://no-such-host.invalid/" }), title: say("failure.dns.title") },
    "a failing TLS handshake": {
      params: (url) => ({ url: url.replace("http:", "https:") }),
      title: say("failure.tls.title"),
    },
    "a field that the data lack": {
      params: () => ({ url: "{{ $.trigger.body.nowhere }}" }),
      title: say("failure.parameter.title"),
    },
  };

for (const [name, { params, title }] of Object.entries(FAILURES)) {
  test(`${name} is explained: what, where, why, and what to do`, async () => {
    const editor = await testCall({ method: "GET", ...params(sink.url) });
    const card = editor.page.getByRole("region", { name: say("editor.test.title") });
    await card.getByText(title).first().waitFor();
    await card
      .getByText(say("editor.failure.where", { node: "Ask the shop" }))
      .first()
      .waitFor();
    await card.getByText(say("editor.failure.advice")).first().waitFor();
  });
}

test("a step that gets no answer says after its time limit that it took too long", async () => {
  const editor = await testCall({ method: "GET", url: `${sink.url}/silent` }, { timeout_ms: 300 });
  await editor.text("failure.timeout.title").first().waitFor();
});
