import { beforeAll, expect, test } from "vitest";
import german from "../../crates/server/messages/de.json" with { type: "json" };
import english from "../../crates/server/messages/en.json" with { type: "json" };
import { type Population, placesOf, populate, send } from "./harness/population.ts";
import { prepareStage } from "./harness/stage.ts";
import { texts } from "./harness/texts.ts";
import { ORDER } from "./harness/workflows.ts";

const stage = prepareStage();
let people: Population;

beforeAll(async () => {
  people = await populate(stage.api);
  return () => people.sink.close();
});

/** English texts that would not be said in German, long enough not to be a part of something else. */
const ENGLISH = Object.entries(english)
  .filter(([key, text]) => text !== (german as Record<string, string>)[key] && text.length > 11 && !text.includes("{"))
  .map(([, text]) => text);

test("in German no English text is left on any page", async () => {
  const { page } = await stage.visit({ language: "de" });
  const found: Record<string, string[]> = {};
  for (const [name, path] of Object.entries(placesOf(people))) {
    await page.goto(path);
    if (name.startsWith("editor") || name.startsWith("run-")) await page.getByTestId("canvas").waitFor();
    const shown = await page.evaluate(() => {
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      const texts: string[] = [];
      while (walker.nextNode()) {
        if (!walker.currentNode.parentElement?.closest("script, style")) texts.push(walker.currentNode.nodeValue ?? "");
      }
      for (const element of document.querySelectorAll("[aria-label], [title], [placeholder]")) {
        for (const name of ["aria-label", "title", "placeholder"]) texts.push(element.getAttribute(name) ?? "");
      }
      return texts.map((text) => text.trim()).filter((text) => text !== "");
    });
    const left = shown.filter((text) => ENGLISH.includes(text));
    const keys = shown.filter((text) => /^(editor|failure|draft|status|nav|run|home)\.[a-z_.]+$/.test(text));
    if (left.length + keys.length > 0) found[name] = [...new Set([...left, ...keys])];
  }
  expect(found).toEqual({});
});

test("a chosen language stays, on pages and in the editor", async () => {
  const { page } = await stage.visit({ language: "en" });
  await page.goto("/");
  await page.getByRole("link", { name: "Deutsch" }).click();
  const say = texts("de");
  await page.getByRole("heading", { name: say("home.title"), exact: true }).waitFor();
  expect(await page.locator("html").getAttribute("lang")).toBe("de");
  await page.goto(`/workflows/${people.orders}`);
  await page.getByRole("button", { name: say("editor.action.publish"), exact: true }).waitFor();
  await page.goto("/");
  await page.getByRole("link", { name: "English" }).click();
  await page.getByRole("heading", { name: texts("en")("home.title"), exact: true }).waitFor();
});

for (const [language, title, date, size] of [
  ["de", "HTTP-Aufruf", /\d{2}\.\d{2}\.\d{4}/, /1,5\s?kB/],
  ["en", "HTTP request", /\d{1,2} [A-Z][a-z]{2} \d{4}/, /1\.5\s?kB/],
] as const) {
  test(`node types, dates and numbers speak the person's language, ${language}`, async () => {
    const { page } = await stage.visit({ language });
    await page.goto(`/workflows/${people.orders}`);
    await page.getByTestId("node-tell").getByText(title).waitFor();
    await page.goto(`/runs/${people.succeeded}`);
    expect(await page.locator("main").textContent()).toMatch(date);
    // One and a half kilobytes, on a page and in the editor.
    await send(stage.api, people.orders, { ...ORDER, note: "n".repeat(1_500 - JSON.stringify(ORDER).length - 10) });
    await page.goto("/inbox");
    expect(await page.locator("#requests").textContent()).toMatch(size);
    await page.goto(`/workflows/${people.orders}?node=order`);
    const requests = page.getByRole("region", { name: texts(language)("editor.trigger.requests") });
    await expect.poll(() => requests.textContent()).toMatch(size);
  });
}
