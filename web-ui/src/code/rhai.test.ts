import { expect, test } from "vitest";
import { tokens } from "./rhai.ts";

const shown = (source: string) => tokens(source).map(({ kind, start, end }) => `${kind} ${source.slice(start, end)}`);

test("a script falls into its coloured parts", () => {
  expect(shown('let total = 0; // sum\nfor item in trigger.body.items { total += upper("a b") }')).toEqual([
    "keyword let",
    "name total",
    "number 0",
    "comment // sum",
    "keyword for",
    "name item",
    "keyword in",
    "name trigger",
    "member body",
    "member items",
    "name total",
    "call upper",
    'text "a b"',
  ]);
});

test("texts and comments go over lines and may be open at the end", () => {
  expect(shown("`a\nb` /* c\nd */ 'x'")).toEqual(["text `a\nb`", "comment /* c\nd */", "text 'x'"]);
  expect(shown('"open \\" let')).toEqual(['text "open \\" let']);
  expect(shown("/* open let")).toEqual(["comment /* open let"]);
});

test("a member that is called like a keyword is a member", () => {
  expect(shown("body.in 1.5e3 0xff 1..5")).toEqual([
    "name body",
    "member in",
    "number 1.5e3",
    "number 0xff",
    "number 1",
    "number 5",
  ]);
});
