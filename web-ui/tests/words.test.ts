import { expect, test } from "vitest";
import type { Definition } from "../src/workflow/definition.ts";
import { sendJson } from "./harness/curl.ts";
import { EditorPage } from "./harness/editor-page.ts";
import { prepareStage } from "./harness/stage.ts";
import { definition, node, ORDER } from "./harness/workflows.ts";

const stage = prepareStage();
const GERMAN = "de";

test("a request that was turned away is explained in the reader's language, and nothing can be made of it", async () => {
  const { page, tolerate } = await stage.visit({ language: GERMAN });
  tolerate(/405/);
  const { id } = await stage.api.createWorkflow("Abgewiesen", definition([node("order", "webhook")], []));
  const url = await stage.api.webhookOf(id);
  await sendJson(url, ORDER, "-X", "PUT");
  const editor = new EditorPage(page, GERMAN);
  await editor.open(`/workflows/${id}?node=order`);
  const words = editor.say("error.refused.method_not_allowed", { method: "PUT" });
  await page.locator(".requests").getByText(words).click();
  await page.locator(".received").getByText(words).waitFor();

  const { items } = await stage.api.call<{ items: readonly { id: string }[] }>("GET", "/events?status=refused");
  await page.goto(`/events/${items[0]?.id}`);
  await page.getByText(words).waitFor();
  expect(await editor.button("event.run").count()).toBe(0);
  expect(await editor.button("event.use_as_sample").count()).toBe(0);
});

test("an older version is live again at a click, and the draft stays what it is", async () => {
  const { page } = await stage.visit({ language: GERMAN });
  const draft = (number: number) =>
    definition([node("order", "webhook"), node("make", "set_fields", { fields: { number } }, 1)], ["order -> make"]);
  const { id } = await stage.api.createWorkflow("Zurück", draft(1));
  await stage.api.activate(id);
  for (const number of [2, 3]) {
    const { revision } = await stage.api.workflow(id);
    await stage.api.call("PUT", `/workflows/${id}`, { revision, definition: draft(number) });
    if (number === 2) await stage.api.call("POST", `/workflows/${id}/publish`, {});
  }
  const editor = new EditorPage(page, GERMAN);
  await editor.open(`/workflows/${id}`);
  await editor.button("editor.header.menu").click();
  await page.getByRole("button", { name: editor.say("editor.action.versions") }).click();
  const first = page.getByTestId("side-panel").getByRole("listitem").last();
  await first.getByRole("button").first().click();
  await editor.button("editor.versions.make_live", { version: 1 }).click();
  await editor.text("editor.versions.live_again", { version: 3, old: 1 }).waitFor();
  await page
    .getByTestId("live-state")
    .getByText(editor.say("editor.state.differs", { version: 3 }))
    .waitFor();

  const fieldsOf = (of: Definition) => of.nodes.find((one) => one.id === "make")?.params.fields;
  const stored = await stage.api.workflow(id);
  expect([stored.published_version, fieldsOf(stored.definition)]).toEqual([3, { number: 3 }]);
  const live = await stage.api.call<{ definition: Definition }>("GET", `/workflows/${id}/versions/3`);
  expect(fieldsOf(live.definition)).toEqual({ number: 1 });
});

test("what is wrong with a new credential stands at its field, in the reader's language", async () => {
  const { page, tolerate } = await stage.visit({ language: GERMAN });
  tolerate(/422/);
  const call = node("call", "http.request", { url: "" }, 1);
  const { id } = await stage.api.createWorkflow(
    "Zugang",
    definition([node("order", "webhook"), call], ["order -> call"]),
  );
  const editor = new EditorPage(page, GERMAN);
  await editor.open(`/workflows/${id}?node=call`);
  const picker = page.getByTestId("field-credential");
  await picker.getByRole("button", { name: editor.say("editor.credential.new"), exact: true }).click();
  const form = page.getByRole("group", { name: editor.say("editor.credential.new_title") });
  await form.getByRole("button", { name: editor.say("editor.credential.save") }).click();
  const wrong = form.locator('[aria-invalid="true"]');
  await wrong.waitFor();
  const described = (await wrong.getAttribute("aria-describedby")) ?? "";
  const text = await page.locator(`[id="${described.split(" ")[0]}"]`).textContent();
  expect([editor.say("form.hosts_missing"), editor.say("form.missing")]).toContain(text);
});

test("on a low screen the data of the sample stay open once somebody opened them", async () => {
  const { page } = await stage.visit({ width: 1280, height: 650 });
  const steps = [node("order", "webhook"), node("first", "set_fields", {}, 1), node("second", "set_fields", {}, 2)];
  const { id } = await stage.api.createWorkflow("Low", definition(steps, ["order -> first", "first -> second"]));
  const editor = new EditorPage(page);
  await editor.open(`/workflows/${id}?node=first`);
  const opener = page.getByRole("button", { name: editor.say("editor.sample.title"), exact: true });
  await expect.poll(() => opener.getAttribute("aria-expanded")).toBe("false");
  await opener.click();
  await editor.open(`/workflows/${id}?node=second`);
  await expect.poll(() => opener.getAttribute("aria-expanded")).toBe("true");
});

test("an expression that cannot be computed says so in the reader's language", async () => {
  const { page, tolerate } = await stage.visit({ language: GERMAN });
  tolerate(/422/);
  const call = node("call", "http.request", { url: "{{ no_such_function(1) }}" }, 1);
  const { id } = await stage.api.createWorkflow(
    "Ausdruck",
    definition([node("order", "webhook"), call], ["order -> call"]),
  );
  const editor = new EditorPage(page, GERMAN);
  await editor.open(`/workflows/${id}?node=call`);
  await editor.line("url").locator(".chip").click();
  await page
    .getByRole("group", { name: editor.say("editor.chip.edit") })
    .getByText(editor.say("failure.expression.title"))
    .waitFor();
});
