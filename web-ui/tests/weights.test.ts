import { beforeAll, expect, test } from "vitest";
import { type Population, populate } from "./harness/population.ts";
import { prepareStage } from "./harness/stage.ts";
import { weigh } from "./harness/weight.ts";

const stage = prepareStage();
let people: Population;

beforeAll(async () => {
  people = await populate(stage.api);
  return () => people.sink.close();
});

/** Kilobytes with gzip, everything that a page loads by itself. */
const BUDGETS: Readonly<Record<string, number>> = {
  "/": 30,
  "/runs": 40,
  "/inbox": 30,
  "/contacts": 30,
  "/outbox": 30,
  "/credentials": 30,
  "/settings": 30,
  "/sign-in": 30,
};

for (const [path, kilobytes] of Object.entries(BUDGETS)) {
  test(`${path} weighs at most ${kilobytes} kB`, async () => {
    const { page } = await stage.visit({ stranger: path === "/sign-in" });
    const { bytesInAll, files } = await weigh(page, path);
    console.info(path, kilo(bytesInAll));
    expect(bytesInAll, JSON.stringify(files)).toBeLessThanOrEqual(kilobytes * 1000);
  });
}

test("the editor weighs at most 110 kB until its canvas can be used", async () => {
  const { page } = await stage.visit();
  const { bytes, bytesInAll, files } = await weigh(page, `/workflows/${people.orders}`, "[data-testid=node-tell]");
  console.info("editor", kilo(bytes), "with what is fetched ahead", kilo(bytesInAll), files);
  expect(bytes, JSON.stringify(files)).toBeLessThanOrEqual(110_000);
});

test("with the settings of a step open the editor weighs at most 175 kB", async () => {
  const { page } = await stage.visit();
  // Who pays for every byte gets nothing in advance, so that only what was asked for counts.
  await page.addInitScript(() => Object.defineProperty(navigator, "connection", { value: { saveData: true } }));
  const { bytesInAll } = await weigh(page, `/workflows/${people.orders}?node=tell`, "[data-testid=field-url]");
  console.info("with a step's settings", kilo(bytesInAll));
  expect(bytesInAll).toBeLessThanOrEqual(175_000);
});

test("a run weighs at most 30 kB more than the editor", async () => {
  const { page } = await stage.visit();
  const { bytes, files } = await weigh(page, `/runs/${people.succeeded}`, "[data-testid=node-tell]");
  console.info("run", kilo(bytes), files);
  expect(bytes, JSON.stringify(files)).toBeLessThanOrEqual(140_000);
});

test("the code editor comes only with the first code field", async () => {
  const { page } = await stage.visit();
  await weigh(page, `/workflows/${people.orders}?node=tell`, "[data-testid=field-url]");
  const loaded = await page.evaluate(() => performance.getEntriesByType("resource").map(({ name }) => name));
  expect(loaded.filter((name) => /CodeEditor/.test(name))).toEqual([]);
});

test("the list is painted within 300 ms", async () => {
  const { page } = await stage.visit();
  const times: number[] = [];
  for (let round = 0; round < 5; round += 1) times.push((await weigh(page, "/")).firstPaintMs);
  console.info("first paint", times.map(Math.round), "ms");
  expect(Math.min(...times)).toBeLessThanOrEqual(300);
});

function kilo(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`;
}
