import { expect, test } from "vitest";
import type { JsonObject, NodeDefinition } from "../workflow/definition.ts";
import { definition, node } from "../workflow/samples.ts";
import { turnOf } from "./turn.ts";

const base: JsonObject = {
  trigger: {
    body: {
      lines: [
        { sku: "a", tags: ["x", "y"] },
        { sku: "b", tags: [] },
      ],
    },
  },
  steps: {},
};

function inside(parent: string, child: NodeDefinition): NodeDefinition {
  return { ...child, parent };
}

const box = (id: string, items: unknown) => node(id, "for_each", 0, 0, { items } as JsonObject);

test("a step outside of boxes sees nothing more", () => {
  expect(turnOf(definition([node("a")]), "a", base, new Map()).context).toBe(base);
});

test("a step in a box sees the first item of the sample", () => {
  const draft = definition([box("each", "{{ $.trigger.body.lines }}"), inside("each", node("a"))]);
  expect(turnOf(draft, "a", base, new Map()).context).toMatchObject({ item: { sku: "a" }, index: 0 });
  // The box itself sees no item.
  expect(turnOf(draft, "each", base, new Map()).context).toBe(base);
});

test("in a box in a box the inner item is seen, and the inner list may come from the outer item", () => {
  const draft = definition([
    box("lines", "{{ $.trigger.body.lines }}"),
    inside("lines", box("tags", "{{ $.item.tags }}")),
    inside("tags", node("a")),
  ]);
  expect(turnOf(draft, "a", base, new Map()).context.item).toBe("x");
});

test("a written list gives its first entry, and what is no list gives nothing", () => {
  const first = (items: unknown) =>
    turnOf(definition([box("each", items), inside("each", node("a"))]), "a", base, new Map()).context.item;
  expect(first(["p", "q"])).toBe("p");
  expect(first([])).toBeNull();
  expect(first("{{ $.trigger.body }}")).toBeNull();
  expect(first(undefined)).toBeNull();
});

test("what only the server can compute is asked for with the data that it sees", () => {
  const draft = definition([box("each", "{{ trigger.body.lines.filter(|l| l.sku != 0) }}"), inside("each", node("a"))]);
  const { context, unknown } = turnOf(draft, "a", base, new Map());
  expect(unknown).toEqual({ source: "trigger.body.lines.filter(|l| l.sku != 0)", context: base });
  expect(context.item).toBeNull();
  const known = new Map([["trigger.body.lines.filter(|l| l.sku != 0)", [7]]]);
  expect(turnOf(draft, "a", base, known)).toMatchObject({ unknown: null, context: { item: 7 } });
});
