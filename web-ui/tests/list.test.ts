import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { sendJson } from "./harness/curl.ts";
import { prepareStage } from "./harness/stage.ts";
import { texts } from "./harness/texts.ts";
import { definition, node } from "./harness/workflows.ts";

const stage = prepareStage();
const say = texts();

test("the empty list offers a webhook and three templates", async () => {
  const { page } = await stage.visit();
  await page.goto("/");
  await page.getByRole("heading", { name: say("home.empty.title") }).waitFor();
  await page.getByRole("button", { name: say("home.start") }).waitFor();
  expect(await page.locator(".template").count()).toBe(3);
});

test("deleting asks nothing and can be undone", async () => {
  const { page } = await stage.visit();
  const { id } = await stage.api.createWorkflow("Here today", definition([node("start", "webhook")], []));
  await page.goto("/");
  const row = page.getByRole("row", { name: /Here today/ });
  await row.locator("summary").click();
  await row.getByRole("button", { name: say("home.delete") }).click();
  await page.getByText(say("notice.workflow_deleted")).waitFor();
  expect(await page.getByRole("link", { name: "Here today" }).count()).toBe(0);
  await page.getByRole("button", { name: say("notice.undo") }).click();
  await page.getByText(say("notice.workflow_restored")).waitFor();
  await page.getByRole("link", { name: "Here today" }).waitFor();
  expect((await stage.api.workflow(id)).name).toBe("Here today");
});

test("a workflow leaves as a file and comes back as another one", async () => {
  const { page } = await stage.visit();
  await stage.api.createWorkflow("Travelling", definition([node("start", "webhook", { slug: "travel" })], []));
  await page.goto("/");
  const row = page.getByRole("row", { name: /Travelling/ });
  await row.locator("summary").click();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    row.getByRole("link", { name: say("home.export") }).click(),
  ]);
  const file = await download.path();
  expect(JSON.parse(await readFile(file, "utf8")).definition.nodes[0].id).toBe("start");
  await page.goto("/workflows/import");
  await page.locator("input[type=file]").setInputFiles({
    name: "travelling.json",
    mimeType: "application/json",
    buffer: await readFile(file),
  });
  await page.getByRole("button", { name: say("import.submit") }).click();
  await page.waitForURL(/\/workflows\/[0-9a-f-]{36}/);
  await page.goto("/");
  expect(await page.getByRole("link", { name: "Travelling" }).count()).toBe(2);
});

test("a workflow is duplicated, paused and activated from the list", async () => {
  const { page } = await stage.visit();
  const { id } = await stage.api.createWorkflow("Switched", definition([node("start", "webhook")], []));
  await stage.api.activate(id);
  const choose = async (action: string) => {
    const row = page.getByRole("row").filter({ has: page.locator(`a[href="/workflows/${id}"]`) });
    await row.locator("summary").click();
    await row.getByRole("button", { name: action }).click();
  };
  await page.goto("/");
  await choose(say("home.pause"));
  await page.getByText(say("notice.workflow_paused")).waitFor();
  expect((await stage.api.workflow(id)).state).toBe("paused");
  const kept = await sendJson(await stage.api.webhookOf(id), { id: 1 });
  expect([kept.status, JSON.parse(kept.body).status]).toEqual([202, "kept"]);
  await choose(say("home.activate"));
  await page.getByText(say("notice.workflow_activated")).waitFor();
  expect((await stage.api.workflow(id)).state).toBe("active");
  await choose(say("home.duplicate"));
  await page.getByText(say("notice.workflow_duplicated")).waitFor();
});

test("each template runs at once with its own sample and without an account anywhere", async () => {
  for (let index = 0; index < 3; index += 1) {
    const { page } = await stage.visit();
    await page.goto("/");
    const menu = page.locator(".page-head details");
    if ((await menu.count()) > 0) {
      await menu.locator("summary").click();
      await menu.locator(".menu-label ~ button").nth(index).click();
    } else {
      await page.locator(".template button").nth(index).click();
    }
    await page.waitForURL(/\/workflows\/[0-9a-f-]{36}/);
    await page.getByRole("button", { name: say("editor.run.run") }).click();
    const link = page.getByRole("link", { name: say("editor.run.open") });
    await link.waitFor();
    const run = (await link.getAttribute("href"))?.split("/").at(-1) ?? "";
    expect((await stage.api.endedRun(run)).status).toBe("succeeded");
  }
});
