import { expect, test } from "vitest";
import type { Definition, JsonObject } from "../src/workflow/definition.ts";
import { EditorPage } from "./harness/editor-page.ts";
import { seriousFindings } from "./harness/looks.ts";
import { prepareStage } from "./harness/stage.ts";
import { texts } from "./harness/texts.ts";
import { definition, node } from "./harness/workflows.ts";

const stage = prepareStage();
const say = texts();

async function open(draft: Definition, chosen: string): Promise<[EditorPage, string]> {
  const { page, tolerate } = await stage.visit({ width: 1440, height: 900 });
  // A pattern that means nothing is refused with this, and explained below its field.
  tolerate(/422/);
  const { id } = await stage.api.createWorkflow("Forms", draft);
  const editor = new EditorPage(page);
  await editor.open(`/workflows/${id}?node=${chosen}`);
  return [editor, id];
}

async function paramsOf(id: string, step: string): Promise<JsonObject> {
  const found = (await stage.api.workflow(id)).definition.nodes.find((one) => one.id === step);
  return found?.params ?? {};
}

test("a schedule is chosen in words, and its next times are shown", async () => {
  const [editor, id] = await open(definition([node("morning", "schedule", { cron: "0 8 * * 1-5" })], []), "morning");
  const field = editor.field("cron");
  const times = field.getByTestId("next-times").getByRole("listitem");
  await times.first().waitFor();
  expect(await times.count()).toBe(5);
  expect(await times.first().textContent()).toMatch(/08:00|8:00/);

  await field.getByRole("combobox").first().selectOption("monthly");
  await field.getByLabel(say("editor.schedule.day")).selectOption("L");
  await expect.poll(async () => (await paramsOf(id, "morning")).cron).toBe("0 8 L * *");
  await field.getByRole("combobox").first().selectOption("weekly");
  await field.getByRole("button", { name: "Monday" }).click();
  await expect.poll(async () => (await paramsOf(id, "morning")).cron).toBe("0 8 * * 2,3,4,5");
  await field.getByRole("combobox").first().selectOption("own");
  await field.getByLabel(say("editor.schedule.pattern")).fill("61 * * * *");
  await field.getByTestId("next-times").locator(".fault").waitFor();
  expect(await seriousFindings(editor.page)).toEqual([]);
});

test("a wait says how long as a number with its unit, and gives away the link that ends it", async () => {
  const [editor, id] = await open(
    definition([node("go", "manual"), node("pause", "wait", {}, 1)], ["go -> pause"]),
    "pause",
  );
  const amount = editor.field("duration");
  await amount.getByRole("spinbutton").fill("3");
  await amount.getByRole("combobox").selectOption("days");
  await expect.poll(async () => (await paramsOf(id, "pause")).duration).toEqual({ amount: 3, unit: "days" });

  await editor.field("mode").getByRole("combobox").selectOption("approval");
  const link = editor.page.getByTestId("wait-link");
  await link.waitFor();
  expect(await link.textContent()).toContain("{{ $.run.links.pause.approve }}");
  // Each way out that the chosen kind of wait has.
  await editor.page.getByTestId("port-pause-approved").waitFor();
  await editor.page.getByTestId("port-pause-rejected").waitFor();
  expect(await editor.page.getByTestId("port-pause-out").count()).toBe(0);
});

test("what is tried again, and what may be repeated, is chosen in words", async () => {
  const draft = definition(
    [node("go", "manual"), node("call", "http.request", { url: "https://erp.example" }, 1)],
    ["go -> call"],
  );
  const [editor, id] = await open(draft, "call");
  const { page } = editor;
  const stored = async () => (await stage.api.workflow(id)).definition.nodes.find((one) => one.id === "call");
  await page.locator("#if-it-fails summary").click();
  const which = page.getByTestId("retry-on");
  await which.getByLabel(say("editor.failing.which_some")).check();
  await which.getByLabel(say("editor.failing.code.429")).check();
  await which.getByLabel(say("editor.failing.which_other")).fill("423");
  await which.getByLabel(say("editor.failing.which_other")).blur();
  await expect.poll(async () => (await stored())?.retry?.retry_on).toEqual(["429", "423"]);
  await page.getByLabel(say("editor.failing.repeat")).selectOption("no");
  await expect.poll(async () => (await stored())?.safe_to_repeat).toBe(false);
  expect(await seriousFindings(page)).toEqual([]);
});

test("the workflow's settings hold order, call-back, personal fields and history", async () => {
  const { page } = await stage.visit();
  const { id } = await stage.api.createWorkflow("Settings", definition([node("go", "webhook", { slug: "go" })], []));
  const editor = new EditorPage(page);
  await editor.open(`/workflows/${id}`);
  await page.keyboard.press("Control+k");
  await page.locator("dialog").getByRole("combobox").fill(say("editor.action.settings"));
  await page.keyboard.press("Enter");
  await page.getByLabel(say("editor.field.order_by")).fill("{{ $.trigger.body.customer }}");
  await page.getByLabel(say("editor.field.callback")).fill("https://shop.example/done");
  await page.getByLabel(say("editor.field.personal")).fill("email\n$.trigger.body.iban");
  await page.getByLabel(say("editor.field.keep_days")).fill("30");
  await page.getByLabel(say("editor.field.keep_days")).blur();
  await expect
    .poll(async () => (await stage.api.workflow(id)).definition.settings)
    .toMatchObject({
      order_by: "{{ $.trigger.body.customer }}",
      callback: { url: "https://shop.example/done" },
      personal: ["email", "$.trigger.body.iban"],
      keep_days: 30,
    });
  await editor.saved();
  expect(await seriousFindings(page)).toEqual([]);
});
