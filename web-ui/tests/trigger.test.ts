import { expect, test } from "vitest";
import { runCurlLine, sendJson } from "./harness/curl.ts";
import { EditorPage } from "./harness/editor-page.ts";
import { prepareStage } from "./harness/stage.ts";
import { texts } from "./harness/texts.ts";
import { definition, node, ORDER } from "./harness/workflows.ts";

const stage = prepareStage();
const say = texts();

async function withWebhook(name: string): Promise<{ editor: EditorPage; id: string; url: string }> {
  const { page } = await stage.visit();
  const { id } = await stage.api.createWorkflow(name, definition([node("order", "webhook", { slug: "order" })], []));
  const editor = new EditorPage(page);
  await editor.open(`/workflows/${id}?node=order`);
  return { editor, id, url: await stage.api.webhookOf(id) };
}

test("a request becomes headers, query and body within a second and without a reload", async () => {
  const { editor, url } = await withWebhook("Waiting");
  const { page } = editor;
  await page.getByTestId("trigger-waiting").waitFor();
  const answer = await sendJson(`${url}?shop=main`, ORDER, "-H", "X-Shop: Nord");
  const begin = performance.now();
  expect(answer.status).toBe(202);
  await page.getByTestId("received-body").getByText(ORDER.customer.email).waitFor();
  expect(performance.now() - begin).toBeLessThanOrEqual(1_000);
  await page.getByTestId("received-query").getByText("main").waitFor();
  await editor.text("editor.trigger.sample_saved").waitFor();
  await page.getByTestId("received-headers").locator("summary").click();
  await page.getByTestId("received-headers").getByText("Nord").waitFor();
  await page.reload();
  await page.getByTestId("received-body").getByText(ORDER.customer.email).waitFor();
  await editor.text("editor.trigger.source_event").waitFor();
});

test("one address for draft, paused and live, and the answer says what happened", async () => {
  const { editor, id, url } = await withWebhook("One address");
  const { page } = editor;
  await editor.text("editor.trigger.state_draft").waitFor();
  const statusOf = async () => JSON.parse((await sendJson(url, ORDER)).body).status;
  expect(await statusOf()).toBe("kept");
  await stage.api.activate(id);
  await page.reload();
  await editor.text("editor.trigger.state_active").waitFor();
  expect([await stage.api.webhookOf(id), await statusOf()]).toEqual([url, "accepted"]);
  await stage.api.call("POST", `/workflows/${id}/pause`);
  await page.reload();
  await editor.text("editor.trigger.state_paused").waitFor();
  expect([await stage.api.webhookOf(id), await statusOf()]).toEqual([url, "kept"]);
  await page.goto("/inbox");
  expect(await page.locator("#requests tbody tr").count()).toBeGreaterThanOrEqual(3);
});

test("address and curl line are copied, and the line works as it is", async () => {
  const { editor, url } = await withWebhook("Copied");
  const { page } = editor;
  await editor.button("editor.trigger.copy_address").click();
  await editor.text("editor.copy.done").first().waitFor();
  const clipboard = () => page.evaluate(() => navigator.clipboard.readText());
  expect(await clipboard()).toBe(url);
  await editor.button("editor.trigger.copy_curl").click();
  await expect.poll(clipboard).toMatch(/^curl /);
  expect((await runCurlLine(await clipboard())).status).toBe(202);
});

test("the sample is sent to the address with one button and its answer is shown", async () => {
  const { editor } = await withWebhook("Sent");
  await editor.page.getByTestId("send-sample").click();
  await editor.page.getByTestId("send-answer").getByText("202").waitFor();
});

test("of the last 20 requests an earlier one becomes the sample, stays it, can be edited, and survives a reload", async () => {
  const { editor, url } = await withWebhook("Chosen");
  const { page } = editor;
  for (let number = 1; number <= 21; number += 1) await sendJson(url, { ...ORDER, id: `A-${number}` });
  const requests = page.getByRole("region", { name: say("editor.trigger.requests") }).getByRole("button");
  const pressed = (index: number) => requests.nth(index).getAttribute("aria-pressed");
  const shown = () => page.locator("#editor").textContent();
  await page.reload();
  await expect.poll(() => requests.count()).toBe(20);
  await requests.nth(2).click();
  await expect.poll(() => pressed(2)).toBe("true");
  expect(await pressed(0)).toBe("false");
  await expect.poll(shown).toContain("A-19");

  // A later request comes into the list; what somebody chose stays the sample.
  await sendJson(url, { ...ORDER, id: "A-22" });
  await expect.poll(() => pressed(3)).toBe("true");
  await expect.poll(() => requests.count()).toBe(20);
  await page.reload();
  await expect.poll(() => pressed(3)).toBe("true");
  await editor.button("editor.trigger.edit").click();
  const json = page.getByLabel(say("editor.trigger.edit_label"));
  expect(await json.inputValue()).toContain("A-19");
  await json.fill((await json.inputValue()).replace("A-19", "A-edited"));
  await editor.button("editor.trigger.save").click();
  await editor.text("editor.trigger.source_edited").waitFor();
  await page.reload();
  await editor.text("editor.trigger.source_edited").waitFor();
  await expect.poll(shown).toContain("A-edited");
});

test("refused and repeated requests are listed with their reason, and what the filter stopped is no error", async () => {
  const { page } = await stage.visit();
  const trigger = node("order", "webhook", { slug: "strict", deduplicate: { path: "$.body.id" } });
  const when = { all: [{ left: "{{ $.trigger.body.amount }}", op: "greater_than", right: 1_000 }] };
  const draft = definition([trigger, node("large", "filter", { when }, 1)], ["order -> large"]);
  const { id } = await stage.api.createWorkflow("Strict", draft);
  await stage.api.activate(id);
  const url = await stage.api.webhookOf(id);
  const first = JSON.parse((await sendJson(url, ORDER)).body) as { run: string };
  expect(JSON.parse((await sendJson(url, ORDER)).body).status).toBe("duplicate");
  const broken = await runCurlLine(`curl ${url} -H 'Content-Type: application/json' --data '{"id": '`);
  expect(broken.status).toBe(400);
  await stage.api.endedRun(first.run);
  await page.goto("/inbox");
  const requests = page.locator("#requests tbody");
  await requests.getByText(say("status.duplicate")).first().waitFor();
  const refused = requests
    .getByRole("row")
    .filter({ hasText: say("status.refused") })
    .first();
  expect((await refused.locator(".hint").textContent())?.trim()).not.toBe("");
  await page.goto(`/runs/${first.run}`);
  await page.locator("#step-large summary").click();
  await page.getByText(say("run.step.filtered")).waitFor();
  expect(await page.locator(".bad-text, .pill.failed").count()).toBe(0);
});
