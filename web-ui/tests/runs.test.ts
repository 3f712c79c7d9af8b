import { beforeAll, expect, test } from "vitest";
import { EditorPage } from "./harness/editor-page.ts";
import { type Population, populate, SECRET, send } from "./harness/population.ts";
import { openSink } from "./harness/sink.ts";
import { prepareStage } from "./harness/stage.ts";
import { texts } from "./harness/texts.ts";
import { largeOrders, ORDER } from "./harness/workflows.ts";

const stage = prepareStage();
const say = texts();
let people: Population;

beforeAll(async () => {
  people = await populate(stage.api);
  return () => people.sink.close();
});

test("a run lies on the canvas with word, icon and duration for each step", async () => {
  const { page } = await stage.visit();
  const editor = new EditorPage(page);
  await editor.open(`/runs/${people.succeeded}`);
  for (const id of ["order", "large", "tell"]) {
    await editor.shows(id, "succeeded");
    expect(await editor.node(id).textContent()).toContain(say("status.succeeded"));
    expect(await editor.node(id).locator(".mark svg").count()).toBeGreaterThan(0);
  }
  expect(await editor.node("tell").textContent()).toMatch(/\d+(\.\d+)? m?s/);
  await editor.open(`/runs/${people.failed}`);
  await editor.shows("fetch", "failed");
  expect(await editor.node("fetch").textContent()).toContain(say("status.failed"));
});

test("a click on a step of a run shows what it received, sent and gave, and the address leads there again", async () => {
  const { page, tab } = await stage.visit();
  const editor = new EditorPage(page);
  await editor.open(`/runs/${people.succeeded}`);
  await editor.choose("tell");
  const details = page.locator("#editor");
  await details.getByText(say("editor.step.output")).waitFor();
  await details.getByText(say("editor.exchange.request")).first().waitFor();
  expect(await details.textContent()).toContain(ORDER.customer.email);
  await expect.poll(() => page.url()).toContain("node=tell");
  const again = await tab();
  await again.goto(page.url());
  await again.locator("#editor").getByText(say("editor.step.output")).waitFor();
});

test("a failed step says what, where, why, and what to do, also without a script", async () => {
  const { page } = await stage.visit({ withoutScript: true });
  await page.goto(`/runs/${people.failed}`);
  const main = (await page.locator("main").textContent()) ?? "";
  expect(main).toContain("404");
  expect(main).toContain("no such order");
  expect(main).toContain("HTTP request");
  const step = page.locator("#step-fetch");
  expect(await step.textContent()).toContain("/gone");
});

test("a run opened in the editor brings its data along as the sample", async () => {
  const { page } = await stage.visit();
  const editor = new EditorPage(page);
  await page.goto(`/runs/${people.succeeded}`);
  await page.getByRole("link", { name: say("run.open_editor") }).click();
  await editor.ready();
  await editor.shows("tell", "succeeded");
  await editor.button("editor.run.use_data").click();
  await editor.choose("tell");
  await editor.sample("$.trigger").waitFor();
  await page.getByRole("searchbox", { name: say("editor.sample.search") }).fill("email");
  await page.getByText(ORDER.customer.email).first().waitFor();
});

test("several attempts are shown one by one with what the step was given, on the page and on the canvas", async () => {
  let calls = 0;
  const sink = await openSink(() => {
    calls += 1;
    return calls < 3 ? { status: 503, body: `busy for the ${calls}. time` } : { status: 201, body: "done" };
  });
  const draft = largeOrders(sink.url);
  const retry = { attempts: 3, backoff: "fixed", first_delay_ms: 20 } as const;
  const nodes = draft.nodes.map((one) => (one.id === "tell" ? { ...one, retry, safe_to_repeat: true } : one));
  const { id } = await stage.api.createWorkflow("Busy", { ...draft, nodes });
  await stage.api.activate(id);
  const { run } = await send(stage.api, id, ORDER);
  const { page } = await stage.visit();
  const editor = new EditorPage(page);
  await editor.open(`/runs/${run}?node=tell`);

  const step = page.locator("#step-tell");
  expect(await step.locator("summary").first().textContent()).toContain(say("run.attempts_count", { count: 3 }));
  const onPage = step.locator(".attempt");
  expect(await onPage.count()).toBe(3);
  for (const number of [1, 2])
    expect(await onPage.nth(number - 1).textContent()).toContain(`busy for the ${number}. time`);
  expect(await onPage.nth(2).textContent()).toContain("done");
  const given = step.locator(".split > div").filter({ has: page.getByText(say("run.step.input"), { exact: true }) });
  expect(await given.first().textContent()).toContain(ORDER.id);

  const attempts = page.getByTestId("step-attempts").locator(".attempt");
  await expect.poll(() => attempts.count()).toBe(3);
  await attempts.nth(1).locator("summary").first().click();
  await attempts.nth(1).getByText("busy for the 2. time").first().waitFor();
  const input = page.getByTestId("step-input");
  await input.locator("summary").first().click();
  await input.getByText("Filter").first().waitFor();
  await sink.close();
});

test("secrets of a credential are sent and yet never on a page", async () => {
  const { page } = await stage.visit();
  // The secret really was a part of the run, so that there is something to hide.
  expect(people.sink.received.some(({ headers }) => headers.authorization === `Bearer ${SECRET}`)).toBe(true);
  const paths = [
    "/credentials",
    `/credentials/${people.credential}`,
    `/workflows/${people.orders}`,
    `/runs/${people.succeeded}`,
    `/events/${people.event}`,
    `/api/v1/runs/${people.succeeded}`,
    `/workflows/${people.orders}/export.json`,
  ];
  for (const path of paths) {
    const answer = await page.request.get(path);
    expect(answer.status(), path).toBe(200);
    expect(await answer.text(), path).not.toContain(SECRET);
  }
  await page.goto(`/runs/${people.succeeded}?node=tell`);
  const sent = page.getByTestId("step-exchanges");
  await sent.getByTestId("exchange").locator("> summary").click();
  await sent.locator(".headers > summary").first().click();
  await sent.getByText("authorization", { exact: false }).first().waitFor();
  expect(await page.content()).not.toContain(SECRET);
});

test("an editor that nobody touches shows a run as it comes in", async () => {
  const { page } = await stage.visit();
  const editor = new EditorPage(page);
  const listening = page.waitForResponse(/\/api\/v1\/live/);
  await editor.open(`/workflows/${people.orders}`);
  await listening;
  await send(stage.api, people.orders, ORDER);
  await editor.shows("tell", "succeeded");
  await page.locator('[data-testid="run-state"][data-status="succeeded"]').waitFor();
});

test("where what runs cannot be loaded, the run bar says so and tries again", async () => {
  const { page, tolerate } = await stage.visit();
  tolerate(/Failed to load resource|dynamically imported module/);
  const editor = new EditorPage(page);
  await editor.open(`/workflows/${people.orders}`);
  const parts = "**/editor/texts.*";
  await page.route(parts, (route) => route.abort());
  const bar = page.getByRole("region", { name: say("editor.run.label") });
  await page.getByTestId("run-with-sample").click();
  await bar.getByText(say("editor.lazy.failed")).waitFor();
  await page.unroute(parts);
  await bar.getByRole("button", { name: say("editor.lazy.again") }).click();
  await bar.getByText(say("editor.lazy.failed")).waitFor({ state: "detached" });
  await page.getByTestId("run-with-sample").click();
  await page.locator('[data-testid="run-state"][data-status="succeeded"]').waitFor();
});
