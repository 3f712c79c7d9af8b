/** The settings of a step, field by field, as a person fills them in. */
import { afterAll, beforeAll, expect, test } from "vitest";
import http from "../../crates/nodes/connectors/http/manifest.json" with { type: "json" };
import type { Definition, JsonObject } from "../src/workflow/definition.ts";
import { EditorPage } from "./harness/editor-page.ts";
import { seriousFindings } from "./harness/looks.ts";
import { openSink, type Received, type Sink } from "./harness/sink.ts";
import { prepareStage, type Seat } from "./harness/stage.ts";
import { definition, node, ORDER } from "./harness/workflows.ts";

const stage = prepareStage();
const SECRET = "a-token-nobody-sees";
let sink: Sink;

/** Lets in who knows the secret. */
function guarded({ headers }: Received) {
  return headers.authorization === `Bearer ${SECRET}`
    ? { status: 200, body: "welcome" }
    : { status: 401, body: "who?" };
}

beforeAll(async () => {
  sink = await openSink(guarded);
});
afterAll(() => sink.close());

async function open(draft: Definition, chosen: string, seat: Seat = {}): Promise<[EditorPage, string]> {
  const { page, tolerate } = await stage.visit({ width: 1440, height: 900, ...seat });
  // What is half typed cannot be evaluated yet.
  tolerate(/422/);
  const { id } = await stage.api.createWorkflow("Inspected", draft);
  await stage.api.saveSample(id, "order", { method: "POST", headers: {}, query: {}, body: ORDER });
  const editor = new EditorPage(page, seat.language);
  await editor.open(`/workflows/${id}?node=${chosen}`);
  return [editor, id];
}

function behindOrder(type: string, params: JsonObject): Definition {
  return definition([node("order", "webhook"), node("step", type, params, 1)], ["order -> step"]);
}

async function stepOf(id: string) {
  const found = (await stage.api.workflow(id)).definition.nodes.find((one) => one.id === "step");
  if (!found) throw new Error("The step is gone");
  return found;
}

test("a credential is made in the step, chosen by itself, tested there, and its secret is masked", async () => {
  const [editor, id] = await open(behindOrder("http.request", { method: "GET", url: `${sink.url}/door` }), "step");
  const { page } = editor;
  const picker = editor.field("credential");
  await editor.button("editor.credential.new").click();
  const form = page.getByRole("group", { name: editor.say("editor.credential.new_title") });
  await form.getByLabel(editor.say("editor.credential.name")).fill("The door");
  await form.locator("input[type=password]").fill(SECRET);
  await form.getByRole("button", { name: editor.say("editor.credential.save") }).click();
  await form.waitFor({ state: "detached" });
  const { items } = await stage.api.call<{ items: readonly { id: string; name: string }[] }>("GET", "/credentials");
  const made = items.find(({ name }) => name === "The door")?.id;
  expect(made).toBeTruthy();
  await expect.poll(() => picker.getByRole("combobox").first().inputValue()).toBe(made);
  await expect.poll(async () => (await stepOf(id)).credential).toBe(made);

  await picker.getByLabel(editor.say("editor.credential.test_url")).fill(`${sink.url}/tried`);
  await picker.getByRole("button", { name: editor.say("editor.credential.test"), exact: true }).click();
  await picker.getByText(editor.say("editor.credential.works")).waitFor();
  expect(sink.received.at(-1)?.headers.authorization).toBe(`Bearer ${SECRET}`);

  await editor.button("editor.test.run").click();
  await page.getByTestId("test-state").getByText(/\d/).waitFor();
  expect(sink.received.at(-1)).toMatchObject({ path: "/door", headers: { authorization: `Bearer ${SECRET}` } });
  await page.getByTestId("exchange").first().waitFor();
  expect(await page.content()).not.toContain(SECRET);

  // A credential that does not work says so in the same place.
  const wrong = { name: "Wrong key", kind: "http_bearer", hosts: ["127.0.0.1"], fields: { token: "wrong" } };
  const { id: refused } = await stage.api.call<{ id: string }>("POST", "/credentials", wrong);
  await page.reload();
  await picker.getByRole("combobox").first().selectOption(refused);
  await picker.getByLabel(editor.say("editor.credential.test_url")).fill(`${sink.url}/tried`);
  await picker.getByRole("button", { name: editor.say("editor.credential.test"), exact: true }).click();
  await picker.getByText(editor.say("editor.credential.fails")).waitFor();
});

test("numbers keep to their limits, switches say what they are, and both take a value of the data", async () => {
  const [editor, id] = await open(behindOrder("text.split", { text: "a,b", by: "length" }), "step");
  const { page } = editor;
  const length = editor.field("length").getByRole("spinbutton");
  await length.fill("0");
  await editor.field("length").locator(".problems").waitFor();
  expect(await length.getAttribute("aria-invalid")).toBe("true");
  await length.fill("12");
  await expect.poll(async () => (await stepOf(id)).params.length).toBe(12);
  await expect.poll(() => length.getAttribute("aria-invalid")).toBeNull();
  await length.focus();
  await editor.pick("$.trigger.body.amount");
  await editor.line("length").locator(".chip").waitFor();
  await expect.poll(async () => (await stepOf(id)).params.length).toBe("{{ $.trigger.body.amount }}");

  await editor.field("by").getByRole("combobox").selectOption("line");
  const trim = editor.field("trim").getByRole("switch");
  expect(await trim.isChecked()).toBe(true);
  await trim.click();
  await editor.field("trim").getByText(editor.say("editor.field.no"), { exact: true }).waitFor();
  await expect.poll(async () => (await stepOf(id)).params.trim).toBe(false);
  await page.keyboard.press("Space");
  await expect.poll(async () => (await stepOf(id)).params.trim).toBe(true);
});

test("a body is written as JSON, with fields of the data by a click, and arrives like that", async () => {
  const [editor, id] = await open(behindOrder("http.request", { method: "POST", url: `${sink.url}/body` }), "step");
  const { page } = editor;
  await editor.line("body").click();
  await page.keyboard.type('{"order": ');
  await editor.pick("$.trigger.body.id");
  await editor.line("body").locator(".chip").waitFor();
  await page.keyboard.type(', "big": tru');
  // Half a value is no JSON yet: the place is named, and the last whole value stays.
  await editor.field("body").getByRole("status").waitFor();
  await page.keyboard.type("e}");
  await editor.field("body").getByRole("status").waitFor({ state: "detached" });
  await expect
    .poll(async () => (await stepOf(id)).params.body)
    .toEqual({ order: "{{ $.trigger.body.id }}", big: true });

  await editor.button("editor.test.run").click();
  await editor.button("editor.test.ask_yes").click();
  await expect.poll(() => sink.received.at(-1)?.path).toBe("/body");
  expect(JSON.parse(sink.received.at(-1)?.body ?? "")).toEqual({ order: ORDER.id, big: true });
});

test("conditions are nested in the form, each with its outcome for the sample", async () => {
  const [editor, id] = await open(behindOrder("filter", {}), "step");
  const { page } = editor;
  const field = editor.field("when");
  const part = (key: "editor.condition.left" | "editor.condition.right", index: number) =>
    field.getByRole("textbox", { name: editor.say(key), exact: true }).nth(index);
  const compare = async (index: number, left: string, op: string, right: string) => {
    await part("editor.condition.left", index).click();
    await page.keyboard.type(`{{ $.trigger.body.${left} }}`);
    await field
      .getByRole("combobox", { name: editor.say("editor.condition.operator") })
      .nth(index)
      .selectOption(op);
    await part("editor.condition.right", index).click();
    await page.keyboard.type(right);
  };
  await compare(0, "amount", "greater_than", "100");
  await field.getByRole("button", { name: editor.say("editor.condition.add_group") }).click();
  await compare(1, "id", "equals", "B-1");
  await field
    .locator(".nested")
    .getByRole("button", { name: editor.say("editor.condition.add"), exact: true })
    .click();
  await compare(2, "customer.name", "contains", "Weiß");
  await expect
    .poll(async () => (await stepOf(id)).params.when)
    .toMatchObject({
      all: [
        { left: "{{ $.trigger.body.amount }}", op: "greater_than" },
        {
          any: [
            { left: "{{ $.trigger.body.id }}", op: "equals", right: "B-1" },
            { left: "{{ $.trigger.body.customer.name }}", op: "contains", right: "Weiß" },
          ],
        },
      ],
    });
  const outcomes = field.locator(".compared").getByRole("img");
  const words = () => outcomes.evaluateAll((marks) => marks.map((mark) => mark.getAttribute("aria-label")));
  const [holds, fails] = [editor.say("editor.condition.true"), editor.say("editor.condition.false")];
  await expect.poll(words).toEqual([holds, fails, holds]);
  await field.getByText(editor.say("editor.condition.passes")).first().waitFor();

  // With "all" inside, the second row decides and the sample stops.
  await field.locator(".nested").getByText(editor.say("editor.condition.all"), { exact: true }).click();
  await field.getByText(editor.say("editor.condition.stops")).first().waitFor();
  await expect.poll(async () => JSON.stringify((await stepOf(id)).params.when)).toMatch(/"all":\[.*\{"all":\[/);
  expect(await seriousFindings(page)).toEqual([]);
});

test("what happens on an error is said in one line and set below it", async () => {
  const [editor, id] = await open(behindOrder("http.request", { url: `${sink.url}/x` }), "step");
  const { page } = editor;
  const line = page.locator("#if-it-fails summary");
  await line.getByText(editor.say("editor.failing.times", { attempts: 5 })).waitFor();
  await line.click();
  await page.getByLabel(editor.say("editor.failing.attempts")).fill("3");
  await page.getByLabel(editor.say("editor.failing.backoff")).selectOption("fixed");
  await page.getByLabel(editor.say("editor.failing.then")).selectOption("continue");
  await expect.poll(() => stepOf(id)).toMatchObject({ retry: { attempts: 3, backoff: "fixed" }, on_error: "continue" });
  await line.getByText(editor.say("editor.failing.times", { attempts: 3 })).waitFor();
  await line.getByText(editor.say("editor.failing.then_on")).waitFor();
  await page.getByLabel(editor.say("editor.failing.attempts")).fill("1");
  // Who tries once has nothing to wait for.
  await page.getByLabel(editor.say("editor.failing.backoff")).waitFor({ state: "detached" });
  await line.getByText(editor.say("editor.failing.once")).waitFor();
});

for (const language of ["en", "de"] as const) {
  test(`what a step does is told beside its settings, ${language}`, async () => {
    const [editor] = await open(behindOrder("http.request", { url: `${sink.url}/x` }), "step", { language });
    const docs = editor.page.locator(".docs");
    await docs.getByText(editor.say("editor.inspector.about")).click();
    const [operation] = http.operations;
    if (!operation) throw new Error("The connector has no operation");
    await docs.getByText(operation.description[language]).waitFor();
    const helped = operation.parameters.flatMap((one) => ("help" in one && one.help ? [one] : []));
    expect(helped.length).toBeGreaterThan(0);
    const text = (await docs.textContent()) ?? "";
    for (const { title, help } of helped) {
      expect(text).toContain(title[language]);
      expect(text).toContain((help as Record<string, string>)[language]);
    }
  });
}
