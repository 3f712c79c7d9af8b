import { beforeAll, expect, test } from "vitest";
import { EditorPage } from "./harness/editor-page.ts";
import { type Population, populate } from "./harness/population.ts";
import { prepareStage } from "./harness/stage.ts";
import { texts } from "./harness/texts.ts";
import { ORDER } from "./harness/workflows.ts";

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

test("secrets of a credential are never on a page", async () => {
  const { page } = await stage.visit();
  for (const path of ["/credentials", `/credentials/${people.credential}`, `/workflows/${people.orders}`]) {
    await page.goto(path);
    expect(await page.content(), path).not.toContain("very secret");
  }
});
