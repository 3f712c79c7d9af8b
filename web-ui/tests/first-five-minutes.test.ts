import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { eventually } from "./harness/api.ts";
import { runCurlLine } from "./harness/curl.ts";
import { EditorPage } from "./harness/editor-page.ts";
import { openSink, type Sink } from "./harness/sink.ts";
import { type Language, prepareStage } from "./harness/stage.ts";
import { pattern } from "./harness/texts.ts";
import { ORDER } from "./harness/workflows.ts";

const stage = prepareStage();
let sink: Sink;

beforeAll(async () => {
  sink = await openSink();
});
// Before and not after a test, when its page is still open and would miss its workflow.
beforeEach(async () => {
  const { items } = await stage.api.call<{ items: readonly { id: string }[] }>("GET", "/workflows");
  for (const { id } of items) await stage.api.call("DELETE", `/workflows/${id}`);
});
afterAll(() => sink.close());

for (const language of ["en", "de"] as Language[]) {
  describe(`the first five minutes, ${language}`, () => {
    test("from the empty account at most 3 clicks to an address that answers", async () => {
      const { page, clicks } = await stage.visit({ language });
      const editor = new EditorPage(page, language);
      await page.goto("/");
      await editor.button("home.start").click();
      await editor.ready();
      const line = (await page.getByTestId("trigger-curl").textContent()) ?? "";
      expect(line).toContain(await page.getByTestId("trigger-url").inputValue());
      const answer = await runCurlLine(line);
      expect(clicks()).toBeLessThanOrEqual(3);
      expect([answer.status, JSON.parse(answer.body).status]).toEqual([202, "kept"]);
      console.info("clicks to a live address:", clicks());
    });

    test("at most 12 clicks to the first green run of webhook, filter and HTTP", async () => {
      const { page, clicks } = await stage.visit({ language });
      const editor = new EditorPage(page, language);
      await page.goto("/");
      await editor.button("home.start").click();
      await editor.ready();
      await runCurlLine(
        `curl '${await page.getByTestId("trigger-url").inputValue()}' --json '${JSON.stringify(ORDER)}'`,
      );
      await page.getByTestId("received-body").getByText("joerg.weiss@example.com").first().waitFor({ timeout: 1_500 });
      await editor.text("editor.trigger.sample_saved").waitFor();

      await editor.addAfter("webhook", "filter");
      await editor.sample("$.trigger.body.customer.email").click();
      await editor.field("when").getByRole("combobox").selectOption("is_not_empty");
      // The filter says at once that the saved sample passes, with a green tick.
      await editor.field("when").getByText(editor.say("editor.condition.passes")).first().waitFor();
      await editor
        .field("when")
        .getByRole("img", { name: editor.say("editor.condition.true") })
        .first()
        .waitFor();
      await editor.addAfter("filter", "http.request");
      await editor.type("url", `${sink.url}/orders`);
      await editor.button("editor.run.run").click();
      await page.getByText(pattern(editor.say("editor.run.succeeded"))).waitFor();
      for (const id of ["webhook", "filter", "http_request"]) await editor.shows(id, "succeeded");
      // Choosing from the native list of operators is two clicks that the page does not see.
      console.info("clicks to the first green run:", clicks() + 2);
      expect(clicks() + 2).toBeLessThanOrEqual(12);
      expect(sink.received.at(-1)?.path).toBe("/orders");

      // What follows is more than the first run needs, so its clicks do not count.
      await fillAndTest(editor);

      await editor.button("editor.action.publish").click();
      await editor.text("editor.publish.live", { version: 1 }).waitFor();
      const [before, line] = [sink.received.length, await curlLine(editor)];
      const answer = JSON.parse((await runCurlLine(line)).body) as { run: string; status: string };
      expect(answer.status).toBe("accepted");
      await page.locator(`a[href="/runs/${answer.run}"]`).waitFor();
      await editor.shows("http_request", "succeeded");
      const order = await eventually("the order arrives", async () => sink.received[before]);
      expect(JSON.parse(order.body)).toEqual({ order: ORDER.id, to: ORDER.customer.email });

      // The run leads to the history, and to what happens when it fails.
      await editor.button("editor.run.what_if").click();
      await editor.text("editor.run.what_if_retry").waitFor();
      await page.getByRole("button", { name: pattern(editor.say("editor.run.what_if_setting")) }).click();
      await page.getByLabel(editor.say("editor.failing.attempts")).waitFor();
      await page.locator(`a[href="/runs/${answer.run}"]`).click();
      await page.waitForURL(`**/runs/${answer.run}`);
      await page.locator("#steps-title").waitFor();
    });
  });
}

/** Fields of the request are clicked into the body, and the test of the step shows what the other side answered. */
async function fillAndTest(editor: EditorPage): Promise<void> {
  const { page } = editor;
  await editor.choose("http_request");
  await editor.field("method").getByRole("combobox").selectOption("POST");
  await editor.line("body").click();
  await page.keyboard.type('{"order": ');
  await editor.pick("$.trigger.body.id");
  await page.keyboard.type(', "to": ');
  await editor.pick("$.trigger.body.customer.email");
  await page.keyboard.type("}");
  await expect.poll(() => editor.line("body").locator(".chip").count()).toBe(2);
  await editor.button("editor.test.run").click();
  await editor.button("editor.test.ask_yes").click();
  await page.getByTestId("exchange").getByText("201", { exact: true }).waitFor();
  await editor.saved();
}

/** What the trigger's panel offers to paste into a terminal. */
async function curlLine(editor: EditorPage): Promise<string> {
  await editor.choose("webhook");
  return (await editor.page.getByTestId("trigger-curl").textContent()) ?? "";
}
