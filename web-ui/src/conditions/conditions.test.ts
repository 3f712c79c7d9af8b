import { expect, test } from "vitest";
import type { Definition } from "../workflow/definition.ts";
import {
  casesOf,
  freeName,
  fromGroup,
  itemPath,
  nameFault,
  removeCase,
  renameCase,
  toGroup,
  withOperator,
} from "./conditions.ts";

const row = { left: "{{ $.trigger.body.a }}", op: "equals", right: 1 };

test("every way to write conditions is one list", () => {
  expect(toGroup(undefined)).toEqual({ mode: "all", items: [] });
  expect(toGroup({})).toEqual({ mode: "all", items: [] });
  expect(toGroup({ any: [row] })).toEqual({ mode: "any", items: [row] });
  expect(toGroup(row)).toEqual({ mode: "all", items: [row] });
  expect(toGroup("{{ $.vars.when }}")).toBeNull();
  expect(fromGroup({ mode: "any", items: [row] })).toEqual({ any: [row] });
});

test("an operator that needs no right side drops it, another one keeps it", () => {
  expect(withOperator(row, "is_empty", false)).toEqual({ left: row.left, op: "is_empty" });
  expect(withOperator(row, "greater_than", true)).toEqual({ ...row, op: "greater_than" });
  expect(withOperator({ left: "x", op: "is_empty" }, "equals", true)).toEqual({ left: "x", op: "equals", right: "" });
});

test("verdicts are found by the path of their row", () => {
  expect(itemPath(row, "", "all", 0)).toBe("");
  expect(itemPath({ all: [row] }, "", "all", 0)).toBe("all[0]");
  expect(itemPath({ all: [{ any: [row] }] }, "all[0]", "any", 0)).toBe("all[0].any[0]");
});

const definition: Definition = {
  nodes: [
    {
      id: "way",
      type: "switch",
      position: { x: 0, y: 0 },
      params: { cases: [{ port: "big", when: row }, { port: "small" }] },
    },
    { id: "a", type: "filter", position: { x: 0, y: 0 }, params: {} },
  ],
  edges: [
    { from: "way", port: "big", to: "a" },
    { from: "way", port: "default", to: "a" },
  ],
  settings: { timezone: "UTC", max_parallel_runs: 1, run_timeout_ms: 1 },
};

test("a case that gets another name stays connected", () => {
  const renamed = renameCase(definition, "way", "cases", 0, "large");
  expect(casesOf(renamed.nodes[0]?.params.cases).map((item) => item.port)).toEqual(["large", "small"]);
  expect(renamed.edges.map((edge) => edge.port)).toEqual(["large", "default"]);
  expect(renameCase(definition, "way", "cases", 0, "big")).toBe(definition);
});

test("a case goes together with its edges", () => {
  const removed = removeCase(definition, "way", "cases", 0);
  expect(casesOf(removed.nodes[0]?.params.cases)).toEqual([{ port: "small" }]);
  expect(removed.edges.map((edge) => edge.port)).toEqual(["default"]);
});

test("a case needs a name of its own that can name a port", () => {
  const cases = casesOf(definition.nodes[0]?.params.cases);
  expect(nameFault(cases, 0, "big")).toBeNull();
  expect(nameFault(cases, 0, "")).toBe("empty");
  expect(nameFault(cases, 0, "two words")).toBe("letters");
  expect(nameFault(cases, 0, "error")).toBe("reserved");
  expect(nameFault(cases, 0, "small")).toBe("twice");
  expect(freeName([{ port: "case_2" }])).toBe("case_3");
});
