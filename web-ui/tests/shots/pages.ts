/** Photographs of every page, for people to look at. */
import { beforeAll, test } from "vitest";
import { photograph } from "../harness/photograph.ts";
import { ERROR_PAGES, type Population, placesOf, populate } from "../harness/population.ts";
import { prepareStage, type Seat } from "../harness/stage.ts";

const stage = prepareStage();
const SEATS: Readonly<Record<string, Seat>> = {
  "": {},
  dark: { scheme: "dark" },
  de: { language: "de" },
  phone: { device: "phone" },
};
let people: Population;

for (const [name, seat] of Object.entries(SEATS)) {
  test(`empty pages ${name}`, async () => {
    const { page, tolerate } = await stage.visit(seat);
    tolerate(/404/);
    for (const place of ["/", "/runs", "/inbox", "/contacts", "/outbox", "/credentials", "/tables", "/dead-letters"]) {
      await page.goto(place);
      await photograph(page, `empty${place === "/" ? "-workflow-list" : place.replace("/", "-")}`, name);
    }
    for (const [error, [path]] of Object.entries(ERROR_PAGES)) {
      await page.goto(path);
      await photograph(page, `error-${error}`, name);
    }
  });
}

for (const [name, seat] of Object.entries(SEATS)) {
  test(`filled pages ${name}`, { timeout: 180_000 }, async () => {
    people ??= await populate(stage.api);
    const { page } = await stage.visit(seat);
    for (const [place, path] of Object.entries(placesOf(people))) {
      await page.goto(path);
      await photograph(page, place, name);
    }
  });
}

for (const [name, seat] of Object.entries(SEATS)) {
  test(`without an account ${name}`, async () => {
    const { page } = await stage.visit({ ...seat, stranger: true });
    await page.goto("/sign-in");
    await photograph(page, "sign-in", name);
  });
}

beforeAll(() => () => people?.sink.close());
