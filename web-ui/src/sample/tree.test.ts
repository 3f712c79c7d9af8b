import { expect, test } from "vitest";
import type { Json } from "../workflow/definition.ts";
import { type Opened, type Root, typedAhead, visibleRows } from "./tree.ts";

const root = (value: Json): Root => ({ path: ["trigger"], name: "Request", value, isExample: false, isOpen: true });
const closed: Opened = { rows: new Map(), shown: new Map() };
const ids = (roots: readonly Root[], opened: Opened = closed, query = "") =>
  visibleRows(roots, opened, query).map((row) => `${"  ".repeat(row.level - 1)}${row.id}`);
const request = root({ method: "POST", body: { id: 7, customer: { "e mail": "a@b" }, items: [{ n: 1 }, { n: 2 }] } });

test("of a request the body lies open at first and comes first", () => {
  expect(ids([request])).toEqual([
    "$.trigger",
    "  $.trigger.body",
    "    $.trigger.body.id",
    "    $.trigger.body.customer",
    "      $.trigger.body.customer['e mail']",
    "    $.trigger.body.items",
    "  $.trigger.method",
  ]);
});

test("a list is closed at first, and opens item by item", () => {
  const opened: Opened = {
    rows: new Map([
      ["$.trigger.body.items", true],
      ["$.trigger.body.items[1]", true],
    ]),
    shown: new Map(),
  };
  expect(ids([request], opened).slice(5, -1)).toEqual([
    "    $.trigger.body.items",
    "      $.trigger.body.items[0]",
    "      $.trigger.body.items[1]",
    "        $.trigger.body.items[1].n",
  ]);
});

test("what the person closed stays closed", () => {
  const opened: Opened = { rows: new Map([["$.trigger.body", false]]), shown: new Map() };
  expect(ids([request], opened)).toEqual(["$.trigger", "  $.trigger.body", "  $.trigger.method"]);
});

test("of a long list only the beginning is shown, and a last row says how many are missing", () => {
  const rows = visibleRows([root({ body: Array.from({ length: 100 }, (_, index) => index) })], closed);
  expect(rows.length).toBe(33);
  expect(rows.at(-2)).toMatchObject({ name: "#30", more: 0 });
  expect(rows.at(-1)).toMatchObject({ id: "$.trigger.body…", path: ["trigger", "body"], more: 70 });
  const more: Opened = { rows: new Map(), shown: new Map([["$.trigger.body", 60]]) };
  expect(visibleRows([root({ body: Array.from({ length: 100 }, (_, index) => index) })], more).length).toBe(63);
});

test("a search shows what has it in name or value, and what is above it", () => {
  expect(ids([request], closed, "MAIL")).toEqual([
    "$.trigger",
    "  $.trigger.body",
    "    $.trigger.body.customer",
    "      $.trigger.body.customer['e mail']",
  ]);
  expect(ids([request], closed, "a@b").at(-1)).toBe("      $.trigger.body.customer['e mail']");
  expect(ids([request], closed, "nothing like it")).toEqual([]);
});

test("a letter leads to the next row that begins with it, round and round", () => {
  const rows = visibleRows([request], closed);
  const to = (from: number, letter: string) => rows[typedAhead(rows, from, letter)]?.id;
  expect(to(0, "c")).toBe("$.trigger.body.customer");
  expect(to(5, "b")).toBe("$.trigger.body");
  expect(to(3, "z")).toBe("$.trigger.body.customer");
});
