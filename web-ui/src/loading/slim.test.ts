/** What is cut out of the canvas library must still be there to be cut, or an update would bring it back unseen. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { oneShape, switchedOff, withoutUnusedRules } from "../../slim.ts";

const library = (path: string) =>
  readFileSync(new URL(`../../node_modules/@xyflow/svelte/dist/lib/${path}`, import.meta.url), "utf8");

test("the library draws its cards in one place, which ours take", () => {
  expect(library("container/NodeRenderer/index.js")).toContain("from './NodeRenderer.svelte'");
  expect(library("container/SvelteFlow/SvelteFlow.svelte")).toContain("from '../NodeRenderer/index.js'");
});

test("a line that is being drawn knows one shape", () => {
  const code = oneShape(library("components/ConnectionLine/ConnectionLine.svelte"));
  expect(code).not.toMatch(/SmoothStepPath|StraightPath/);
  expect(code.match(/getBezierPath\(/g)?.length).toBe(3);
});

test("of the library's own handle its keys want only the deletion", () => {
  const code = library("components/KeyHandler/KeyHandler.svelte");
  expect(code).toContain("let { deleteElements } = useSvelteFlow");
});

test("rules for what is never shown are left out, also from a list of selectors", () => {
  const css = ".flow { a: b } .x__controls { c: d } .flow__node, .flow__node-input.on { e: f }";
  expect(withoutUnusedRules(css).replace(/\s+/g, "")).toBe(".flow{a:b}.flow__node{e:f}");
});

test("what Svelte never does here is off for good", () => {
  const read = (path: string) =>
    readFileSync(new URL(`../../node_modules/svelte/src/internal/${path}`, import.meta.url), "utf8");
  for (const path of ["flags/index.js", "client/dom/hydration.js"]) {
    const code = switchedOff(read(path));
    expect(code).toMatch(/export const \w+ = false;/);
    // A constant that is set after all would be an error when it happens.
    expect(code).not.toMatch(/(?:hydrating|_mode_flag) = (?!false;)/);
  }
});
