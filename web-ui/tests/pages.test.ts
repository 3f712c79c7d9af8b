import { beforeAll, describe, expect, test } from "vitest";
import { clippedWords, seriousFindings, whatDoesNotFit } from "./harness/looks.ts";
import { type Population, placesOf, populate } from "./harness/population.ts";
import { prepareStage } from "./harness/stage.ts";

const stage = prepareStage();
let people: Population;

beforeAll(async () => {
  people = await populate(stage.api);
  return () => people.sink.close();
});

describe("axe finds nothing serious", () => {
  for (const scheme of ["light", "dark"] as const) {
    test(`on any page, ${scheme}`, async () => {
      const { page } = await stage.visit({ scheme });
      const found: Record<string, string[]> = {};
      for (const [name, path] of Object.entries(placesOf(people))) {
        await page.goto(path);
        const findings = await seriousFindings(page);
        if (findings.length > 0) found[name] = findings;
      }
      expect(found).toEqual({});
    });
  }
});

describe("nothing is cut off and nothing scrolls sideways", () => {
  for (const width of [320, 390, 768, 1024, 1280, 1440]) {
    test(`at ${width} pixels, in German`, async () => {
      const { page } = await stage.visit({ language: "de", width, device: width < 500 ? "phone" : "desktop" });
      const found: Record<string, string[]> = {};
      for (const [name, path] of Object.entries(placesOf(people))) {
        await page.goto(path);
        const misfits = [...(await whatDoesNotFit(page)), ...(await clippedWords(page))];
        if (misfits.length > 0) found[name] = misfits;
      }
      expect(found).toEqual({});
    });
  }
});

test("every page works without a script", async () => {
  const { page } = await stage.visit({ withoutScript: true });
  for (const path of Object.values(placesOf(people))) {
    const response = await page.goto(path);
    expect(response?.status(), path).toBe(200);
    expect(await page.locator("h1").count(), `${path} has one heading`).toBe(1);
    expect(await page.locator("main").textContent(), path).not.toBe("");
  }
});
