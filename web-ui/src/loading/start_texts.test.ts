import { expect, test } from "vitest";
import { withoutUnusedRules } from "../../slim.ts";
import { keysIn } from "../../start-texts.ts";

const KEYS = ["editor.close", "editor.closed", "status.failed", "status.paused", "failure.timeout.title"];

test("the texts at the start are those that the code names", () => {
  expect(keysIn('t("editor.close");t(`failure.timeout.title`)', KEYS)).toEqual([
    "editor.close",
    "failure.timeout.title",
  ]);
});

test("of keys that are put together the page gets all that begin so", () => {
  expect(keysIn(`t(\`status.\${state}\`)`, KEYS)).toEqual(["status.failed", "status.paused"]);
});

test("rules for what is never shown are left out, also from a list of selectors", () => {
  const css = ".flow { a: b } .x__controls { c: d } .flow__node, .flow__node-input.on { e: f }";
  expect(withoutUnusedRules(css).replace(/\s+/g, "")).toBe(".flow{a:b}.flow__node{e:f}");
});
