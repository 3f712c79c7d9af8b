import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { send } from "./harness/population.ts";
import { prepareStage } from "./harness/stage.ts";
import { texts } from "./harness/texts.ts";
import { definition, node } from "./harness/workflows.ts";

const stage = prepareStage();
const say = texts();
/** As many rows as a page of a list has. */
const ROWS = 50;

/** An active workflow that stops with an error when it is told so. */
async function orders(name: string): Promise<string> {
  const when = { all: [{ left: "{{ $.trigger.body.bad }}", op: "equals", right: true }] };
  const nodes = [
    node("order", "webhook"),
    node("bad", "filter", { when }),
    node("stop", "stop_with_error", { message: "No stock" }),
  ];
  const { id } = await stage.api.createWorkflow(name, definition(nodes, ["order -> bad", "bad -> stop"]));
  await stage.api.activate(id);
  return id;
}

/** What of a page is lost when it is loaded again. */
async function mark(page: Page): Promise<void> {
  await page.evaluate(() => document.body.setAttribute("data-marked", "yes"));
}

const isMarked = (page: Page) => page.evaluate(() => document.body.hasAttribute("data-marked"));
const live = (page: Page) => page.locator("#live.active").waitFor();
const rowsOf = (page: Page, body: string) =>
  page.locator(`${body} tr`).evaluateAll((rows) => rows.map((row) => row.id));

test("a filtered history without hits stays as it is until a run fits", async () => {
  const { page } = await stage.visit();
  const id = await orders("Nothing bad");
  await page.goto(`/runs?workflow=${id}&status=dead,failed`);
  await page.getByText(say("runs.none.title")).waitFor();
  await live(page);
  await mark(page);
  const asked = page.waitForResponse((response) => response.url().includes("/row?"));
  const { run } = await send(stage.api, id, { bad: false });
  expect((await asked).status()).toBe(204);
  expect(await isMarked(page)).toBe(true);
  const { run: bad } = await send(stage.api, id, { bad: true });
  await page.locator(`#run-${bad}`).waitFor();
  expect(await page.locator(`#run-${run}`).count()).toBe(0);
});

test("the first run shows by itself where there was none", async () => {
  const { page } = await stage.visit();
  const id = await orders("Filtered out");
  const { run } = await send(stage.api, id, { bad: false });
  await page.goto(`/runs?workflow=${id}`);
  // What the conditions stopped says so, neutrally.
  await page.locator(`#run-${run} .pill.filtered`).waitFor();
  await page.goto("/inbox");
  await page.locator("#requests .pill.filtered").first().waitFor();
});

test("an older run that changes does not come to the top, and what makes room is on the next page", async () => {
  const { page } = await stage.visit();
  const draft = definition(
    [node("go", "manual"), node("pause", "wait", { mode: "duration", duration: { amount: 1, unit: "hours" } })],
    ["go -> pause"],
  );
  const { id: waiting } = await stage.api.createWorkflow("Waiting", draft);
  await stage.api.activate(waiting);
  const start = () => stage.api.call<{ run: string }>("POST", `/workflows/${waiting}/run`, {});
  const oldest = (await start()).run;
  const id = await orders("Busy");
  for (let count = 0; count < ROWS; count += 1) await send(stage.api, id, { bad: false });
  await page.goto("/runs");
  await live(page);
  const before = await rowsOf(page, "#runs");
  expect(before).toHaveLength(ROWS);
  expect(before).not.toContain(`run-${oldest}`);

  const asked = page.waitForResponse((response) => response.url().includes(`/runs/${oldest}/row`));
  await stage.api.call("POST", `/runs/${oldest}/cancel`);
  await (await asked).finished();
  const { run } = await send(stage.api, id, { bad: false });
  await page.locator(`#run-${run}`).waitFor();
  expect(await rowsOf(page, "#runs")).toEqual([`run-${run}`, ...before.slice(0, ROWS - 1)]);

  await page.getByRole("link", { name: say("page.older") }).click();
  await page.getByRole("link", { name: say("page.newer") }).waitFor();
  const older = await rowsOf(page, "#runs");
  expect([older[0], older.includes(`run-${oldest}`)]).toEqual([before.at(-1), true]);
});

test("the inbox keeps to one page of requests, and what makes room is on the next one", async () => {
  const { page } = await stage.visit();
  const id = await orders("Many requests");
  for (let count = 0; count <= ROWS; count += 1) await send(stage.api, id, { bad: false });
  await page.goto("/inbox");
  const before = await rowsOf(page, "#requests tbody");
  expect(before).toHaveLength(ROWS);
  const { event } = await send(stage.api, id, { bad: false });
  await page.locator(`#event-${event}`).waitFor();
  expect(await rowsOf(page, "#requests tbody")).toEqual([`event-${event}`, ...before.slice(0, ROWS - 1)]);
  await page.getByRole("link", { name: say("page.older") }).click();
  await page.getByRole("link", { name: say("page.latest") }).waitFor();
  expect((await rowsOf(page, "#requests tbody"))[0]).toBe(before.at(-1));
});
