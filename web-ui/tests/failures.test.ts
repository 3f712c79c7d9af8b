/** What a person reads when something went wrong: what, in which step and field, why, and what to do. */
import type { Locator } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { JsonObject, NodeDefinition } from "../src/workflow/definition.ts";
import { EditorPage } from "./harness/editor-page.ts";
import { send } from "./harness/population.ts";
import { openSink, type Received, type Reply, type Sink } from "./harness/sink.ts";
import { type Language, prepareStage } from "./harness/stage.ts";
import { type Say, texts } from "./harness/texts.ts";
import { definition, node, ORDER } from "./harness/workflows.ts";

const stage = prepareStage();
const TITLE = "Ask the shop";
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

interface Failure {
  readonly params: (url: string) => JsonObject;
  readonly more?: Partial<NodeDefinition>;
  /** Under which keys the catalogue explains it. */
  readonly key: string;
  /** What else has to be read there: the status, and words of the answer. */
  readonly facts?: readonly string[];
  /** The parameter that is to blame. */
  readonly field?: Readonly<Record<Language, string>>;
}

const FAILURES: Readonly<Record<string, Failure>> = {
  unauthorised: status(401),
  nowhere: status(404),
  unprocessable: status(422),
  impatient: status(429),
  broken: {
    params: (url) => ({ url: `${url}/broken`, response: "json" }),
    key: "failure.response",
    facts: ["200", "not JSON"],
  },
  silent: {
    params: (url) => ({ url: `${url}/silent` }),
    more: { timeout_ms: 300 },
    key: "failure.timeout",
    facts: [" ms"],
  },
  unknown_host: {
    params: () => ({ url: "http://no-such-host.invalid/" }),
    key: "failure.dns",
    facts: ["no-such-host.invalid"],
  },
  tls: { params: (url) => ({ url: url.replace("http:", "https:") }), key: "failure.tls", facts: ["127.0.0.1"] },
  missing: {
    params: () => ({ url: "{{ $.trigger.body.nowhere }}" }),
    key: "failure.parameter",
    facts: ["$.trigger.body.nowhere"],
    field: { en: "Address", de: "Adresse" },
  },
};

function status(number: number): Failure {
  return {
    params: (url) => ({ url: `${url}/${number}` }),
    key: `failure.http_status_${number}`,
    facts: [String(number), `because of /${number}`],
  };
}

function call(name: string, { params, more = {} }: Failure, row = 0): NodeDefinition {
  const made = node(name, "http.request", { method: "GET", ...params(sink.url) }, 1, row);
  return { ...made, title: `${TITLE} ${name}`, retry: { attempts: 1 }, ...more };
}

/** What is not read in the text although it should be. */
async function missingIn(place: Locator, wanted: readonly string[]): Promise<string[]> {
  const text = ((await place.textContent()) ?? "").replace(/\s+/g, " ");
  return wanted.filter((words) => !text.includes(words));
}

function wantedOf(say: Say, { key, facts = [] }: Failure): string[] {
  const text = (part: string) => say(`${key}.${part}` as Parameters<Say>[0]);
  return [text("title"), text("advice"), ...facts];
}

/** Each of them in English; in German those that differ in their parts. */
const READ: Readonly<Record<Language, readonly string[]>> = {
  en: Object.keys(FAILURES),
  de: ["nowhere", "silent", "missing"],
};

for (const language of ["en", "de"] as const) {
  test(`a tested step that fails says what, where, why, and what to do, ${language}`, async () => {
    const { page } = await stage.visit({ language });
    const steps = Object.entries(FAILURES).map(([name, failure], row) => call(name, failure, row));
    const edges = steps.map(({ id }) => `order -> ${id}`);
    const { id } = await stage.api.createWorkflow("Failing", definition([node("order", "webhook"), ...steps], edges));
    const editor = new EditorPage(page, language);
    const found: Record<string, string[]> = {};
    for (const name of READ[language]) {
      const failure = FAILURES[name] as Failure;
      await editor.open(`/workflows/${id}?node=${name}`);
      await editor.button("editor.test.run").click();
      const card = page.getByTestId("failure-card").first();
      await card.waitFor();
      const where = editor.say("editor.failure.where", { node: `${TITLE} ${name}` });
      const missing = await missingIn(card, [...wantedOf(editor.say, failure), where]);
      if (missing.length > 0) found[name] = missing;
      if (failure.field) {
        await card
          .getByRole("button", { name: editor.say("editor.failure.field", { field: failure.field[language] }) })
          .click();
        await expect.poll(() => hasFocus(editor.field("url"))).toBe(true);
      }
    }
    expect(found).toEqual({});
  });
}

test("a run that failed says the same on its page, in both languages, with and without a script", async () => {
  const runs: Record<string, string> = {};
  for (const name of ["unauthorised", "unprocessable", "silent", "missing"]) {
    const draft = definition([node("order", "webhook"), call(name, FAILURES[name] as Failure)], [`order -> ${name}`]);
    const { id } = await stage.api.createWorkflow(`Failing: ${name}`, draft);
    await stage.api.activate(id);
    runs[name] = (await send(stage.api, id, ORDER)).run;
  }
  const found: Record<string, string[]> = {};
  for (const language of ["en", "de"] as const) {
    const say = texts(language);
    const { page } = await stage.visit({ language, withoutScript: true });
    for (const [name, run] of Object.entries(runs)) {
      await page.goto(`/runs/${run}`);
      const failure = FAILURES[name] as Failure;
      // Above all steps, with the step's name; and at the step itself.
      const top = page.locator("main > .callout.bad");
      const missing = await missingIn(top, [...wantedOf(say, failure), `${TITLE} ${name}`]);
      missing.push(...(await missingIn(page.locator(`#step-${name}`), wantedOf(say, failure))));
      if (failure.field && !new RegExp(`(url|${failure.field[language]})`).test((await top.textContent()) ?? ""))
        missing.push("the field");
      if (missing.length > 0) found[`${name}, ${language}`] = missing;
    }
  }
  expect(found).toEqual({});

  const { page } = await stage.visit({ language: "de" });
  const editor = new EditorPage(page, "de");
  await editor.open(`/runs/${runs.unprocessable}?node=unprocessable`);
  const card = page.getByTestId("failure-card").first();
  await card.waitFor();
  const where = editor.say("editor.failure.where", { node: `${TITLE} unprocessable` });
  expect(await missingIn(card, [...wantedOf(editor.say, status(422)), where])).toEqual([]);
  await card.getByRole("link", { name: editor.say("editor.failure.open") }).click();
  await editor.field("url").waitFor();
});

async function hasFocus(place: Locator): Promise<boolean> {
  return place.evaluate((element) => element.contains(document.activeElement));
}
