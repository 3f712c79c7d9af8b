import type { Page } from "playwright-core";
import { beforeAll, describe, expect, test } from "vitest";
import { clippedWords, seriousFindings, whatDoesNotFit } from "./harness/looks.ts";
import { ERROR_PAGES, type Population, placesOf, populate } from "./harness/population.ts";
import { Server } from "./harness/server.ts";
import { prepareStage, type Seat, signIn } from "./harness/stage.ts";
import { texts } from "./harness/texts.ts";
import { definition, node } from "./harness/workflows.ts";

const stage = prepareStage();
let people: Population;
/** A server that nobody has used: its lists are empty, and it waits for its first account. */
let fresh: Server;
let setUp: string;

beforeAll(async () => {
  [people, fresh] = await Promise.all([
    populate(stage.api),
    Server.start({ STELLWERK_OWNER_EMAIL: "", STELLWERK_OWNER_PASSWORD: "" }),
  ]);
  setUp = /http\S+\/setup\S*/.exec(fresh.output)?.[0] ?? `${fresh.url}/setup`;
  return async () => {
    await people.sink.close();
    await fresh.close();
  };
});

type Judge = (page: Page) => Promise<string[]>;

/** Judges every page and, unless told otherwise, its first menu and its first question as they are open. */
async function onEveryPage(seat: Seat, judge: Judge, opens = true): Promise<Record<string, string[]>> {
  const { page, tolerate } = await stage.visit(seat);
  tolerate(/40[34]/);
  const found: Record<string, string[]> = {};
  const look = async (name: string) => {
    const findings = await judge(page);
    if (findings.length > 0) found[name] = findings;
  };
  const errors = Object.entries(ERROR_PAGES).map(([name, [path]]): [string, string] => [name, path]);
  for (const [name, path] of [...Object.entries(placesOf(people)), ...errors]) {
    await page.goto(path);
    await look(name);
    if (name.startsWith("editor") || !opens) continue;
    const menu = page.locator("main details.menu > summary").first();
    if (await menu.isVisible()) {
      await menu.click();
      await look(`${name}, its menu`);
      await page.keyboard.press("Escape");
    }
    const question = page.locator("main [popovertarget]:not([popovertargetaction=hide])").first();
    if (await question.isVisible()) {
      await question.click();
      await page.locator("main [popover]:popover-open").first().waitFor();
      await look(`${name}, its question`);
    }
  }
  await afterDeleting(page, seat);
  await look("what can be undone");
  return { ...found, ...(await onStrangersPages(seat, judge)) };
}

/** Shows the notice that offers to undo. */
async function afterDeleting(page: Page, { language = "en" }: Seat): Promise<void> {
  const say = texts(language);
  const { id } = await stage.api.createWorkflow("Deleted soon", definition([node("start", "webhook")], []));
  await page.goto("/");
  const row = page.getByRole("row").filter({ has: page.locator(`a[href="/workflows/${id}"]`) });
  await row.locator("summary").click();
  await row.getByRole("button", { name: say("home.delete") }).click();
  await page.getByRole("button", { name: say("notice.undo") }).waitFor();
}

/** The pages of people without an account. */
async function onStrangersPages(seat: Seat, judge: Judge): Promise<Record<string, string[]>> {
  const { page, tolerate } = await stage.visit({ ...seat, stranger: true });
  tolerate(/401/);
  const found: Record<string, string[]> = {};
  const look = async (name: string) => {
    await page.locator("h1").waitFor();
    const findings = await judge(page);
    if (findings.length > 0) found[name] = findings;
  };
  await page.goto("/sign-in");
  await look("sign-in");
  await page.locator("input[name=email]").fill("nobody@example.com");
  await page.locator("input[name=password]").fill("wrong");
  await page.locator("input[name=password]").press("Enter");
  await page.locator("#fault").waitFor();
  await look("sign-in, refused");
  await page.goto(setUp);
  await page.locator("input[name=repeated]").waitFor();
  await look("setup");
  return found;
}

describe("axe finds nothing serious and nothing is cut off", () => {
  for (const [scheme, width] of [
    ["light", 1280],
    ["dark", 1024],
  ] as const) {
    test(`on any page, ${scheme}, in English at ${width} pixels`, { timeout: 150_000 }, async () => {
      const judge: Judge = async (page) => [
        ...(await seriousFindings(page)),
        ...(await whatDoesNotFit(page)),
        ...(await clippedWords(page)),
      ];
      expect(await onEveryPage({ scheme, width }, judge, scheme === "light")).toEqual({});
    });
  }
});

describe("nothing is cut off and nothing scrolls sideways", () => {
  for (const width of [320, 390, 768, 1024, 1440]) {
    test(`at ${width} pixels, in German`, { timeout: 120_000 }, async () => {
      const judge: Judge = async (page) => [...(await whatDoesNotFit(page)), ...(await clippedWords(page))];
      const seat: Seat = { language: "de", width, device: width < 500 ? "phone" : "desktop" };
      expect(await onEveryPage(seat, judge, width === 320 || width === 1440)).toEqual({});
    });
  }
});

test("every page works without a script", async () => {
  const { page, tolerate } = await stage.visit({ withoutScript: true });
  tolerate(/404/);
  const expected = [
    ...Object.values(placesOf(people)).map((path) => [path, 200] as const),
    ...Object.values(ERROR_PAGES),
  ];
  for (const [path, status] of expected) {
    const response = await page.goto(path);
    expect(response?.status(), path).toBe(status);
    expect(await page.locator("h1").count(), `${path} has one heading`).toBe(1);
    expect(await page.locator("main").textContent(), path).not.toBe("");
  }
});

test("empty lists say what would be there, and nothing is wrong with them", async () => {
  const empty = await Server.start();
  try {
    const page = await (await stage.browser.newContext({ baseURL: empty.url, locale: "de-DE" })).newPage();
    await signIn(page);
    const found: Record<string, string[]> = {};
    for (const path of ["/", "/runs", "/inbox", "/contacts", "/outbox", "/credentials", "/tables", "/dead-letters"]) {
      await page.goto(path);
      await page.locator("main section h2").first().waitFor();
      const findings = [
        ...(await seriousFindings(page)),
        ...(await whatDoesNotFit(page)),
        ...(await clippedWords(page)),
      ];
      if (findings.length > 0) found[path] = findings;
    }
    expect(found).toEqual({});
    await page.context().close();
  } finally {
    await empty.close();
  }
});
