import { expect, test } from "vitest";
import type { FunctionDoc } from "../catalogue/catalogue.svelte.ts";
import { completionAt, rhaiPath } from "./completion.ts";

const upper: FunctionDoc = {
  name: "upper",
  group: "text",
  signature: "upper(text)",
  description: "In capital letters.",
  example: 'upper("a")',
  result: '"A"',
};
const context = { trigger: { body: { id: 7, "first name": "Anna", items: [{ price: 2 }] } }, steps: {} };
const labels = (before: string) => completionAt(before, context, [upper])?.proposals.map(({ label }) => label);

test("names, functions and keywords are proposed where something begins", () => {
  expect(labels("let x = tr")).toEqual(expect.arrayContaining(["trigger", "steps", "upper", "let"]));
  expect(completionAt("let x = tr", context, [upper])?.from).toBe(8);
});

test("behind a dot the members of the value are proposed, and functions as methods", () => {
  expect(labels("trigger.body.")).toEqual(["id", "first name", "items", "upper"]);
  expect(labels("x + trigger?.body.i")).toEqual(["id", "first name", "items", "upper"]);
  expect(labels('trigger["body"].items[0].')).toEqual(["price", "upper"]);
  expect(labels("unknown.")).toEqual(["upper"]);
  expect(labels("(1 + 2).")).toEqual(["upper"]);
});

test("a member that is no word is written in brackets instead of the dot", () => {
  const proposal = completionAt("trigger.body.", context, [])?.proposals[1];
  expect(proposal).toMatchObject({ label: "first name", apply: '["first name"]', back: 1 });
});

test("nothing is proposed inside texts and comments", () => {
  expect(completionAt('let x = "tr', context, [])).toBeNull();
  expect(completionAt("// tr", context, [])).toBeNull();
  expect(completionAt('let x = "tr" + tr', context, [])).not.toBeNull();
});

test("a path is written as a script writes it", () => {
  expect(rhaiPath(["trigger", "body", "first name", 0, "in"])).toBe('trigger.body["first name"][0]["in"]');
});
