import { describe, expect, test } from "vitest";
import { BOX_ROOM, boxAt, boxesAround, rectOf, rectsOf, refusalOfBox, refusalOfNew, withContents } from "./boxes.ts";
import { type Definition, type NodeDefinition, nodeOf } from "./definition.ts";
import { addNode, duplicateNodes, fragmentOf, moveInto, moveNodes, paste, removeNodes } from "./edits.ts";
import { canConnect, openEnd, stepsBefore } from "./graph.ts";
import { tidy } from "./layout.ts";
import { CARD_HEIGHT, CARD_WIDTH, COLUMN } from "./measures.ts";
import { CATALOGUE, definition, edgesOf, FILTER, FOR_EACH, HTTP, node, RESPOND } from "./samples.ts";

function inside(parent: string, child: NodeDefinition): NodeDefinition {
  return { ...child, parent };
}

/** hook → each [ a → b ] → tell */
const loop = definition(
  [
    node("hook", "webhook", 0),
    node("each", "for_each", 300),
    inside("each", node("a", "filter", 340, 80)),
    inside("each", node("b", "http.request", 640, 80)),
    node("tell", "http.request", 1000),
  ],
  ["hook → each", "a → b", "each → tell"],
);

/** A box in a box in a box, with one step in the innermost. */
const nested = definition([
  node("outer", "for_each", 0, 0),
  inside("outer", node("middle", "for_each", 40, 80)),
  inside("middle", node("inner", "for_each", 80, 160)),
  inside("inner", node("step", "filter", 120, 240)),
]);

const rect = (state: Definition, id: string) => rectOf(state, nodeOf(state, id) as NodeDefinition);
const placeOf = (state: Definition, id: string) => nodeOf(state, id)?.position;

describe("how large a box is", () => {
  test("it covers what lies in it, with room for borders and buttons", () => {
    expect(rect(loop, "each")).toEqual({
      x: 300,
      y: 0,
      width: 640 + CARD_WIDTH + BOX_ROOM.right - 300,
      height: 80 + CARD_HEIGHT + BOX_ROOM.bottom,
    });
  });

  test("an empty one has room for one step", () => {
    const empty = definition([node("each", "for_each", 0, 0)]);
    expect(rect(empty, "each").width).toBe(BOX_ROOM.left + CARD_WIDTH + BOX_ROOM.right);
  });

  test("it grows to the left and up, too", () => {
    const moved = moveNodes(loop, new Map([["a", { x: 200, y: -100 }]]));
    expect(rect(moved, "each")).toMatchObject({ x: 200 - BOX_ROOM.left, y: -100 - BOX_ROOM.top });
  });

  test("a box in a box is covered whole", () => {
    const [outer, inner] = [rect(nested, "outer"), rect(nested, "inner")];
    expect(outer.x + outer.width).toBe(inner.x + inner.width + 2 * BOX_ROOM.right);
  });

  test("a box that lies in itself, in a damaged document, ends the search", () => {
    const damaged = definition([inside("b", node("a", "for_each")), inside("a", node("b", "for_each"))]);
    expect(boxesAround(damaged, "a")).toEqual(["b", "a"]);
    expect(rectsOf(damaged).size).toBe(2);
  });
});

test("the innermost box under a point is found, but not one that is being dragged", () => {
  const point = { x: 130, y: 250 };
  expect(boxAt(nested, point, new Set())).toBe("inner");
  expect(boxAt(nested, point, withContents(nested, ["inner"]))).toBe("middle");
  expect(boxAt(nested, { x: -10, y: 0 }, new Set())).toBeUndefined();
});

describe("moving a box", () => {
  test("takes along what lies in it", () => {
    const moved = moveNodes(loop, new Map([["each", { x: 300, y: 500 }]]));
    expect(placeOf(moved, "a")).toEqual({ x: 340, y: 580 });
    expect(placeOf(moved, "b")).toEqual({ x: 640, y: 580 });
    expect(placeOf(moved, "tell")).toEqual({ x: 1000, y: 0 });
  });

  test("takes along boxes in it with all they hold", () => {
    expect(placeOf(moveNodes(nested, new Map([["outer", { x: 100, y: 0 }]])), "step")).toEqual({ x: 220, y: 240 });
  });
});

describe("into a box and out of it", () => {
  test("a step that is dragged in stays where it was put and loses the lines that would cross the border", () => {
    const start = moveNodes(loop, new Map([["tell", { x: 340, y: 200 }]]));
    const { definition: next, removed } = moveInto(start, ["tell"], "each", true);
    expect(nodeOf(next, "tell")?.parent).toBe("each");
    expect(placeOf(next, "tell")).toEqual({ x: 340, y: 200 });
    expect(removed).toEqual([{ from: "each", port: "out", to: "tell" }]);
    expect(edgesOf(next)).toEqual(["hook → each", "a → b"]);
  });

  test("a step that is sent in by key finds a free place in it", () => {
    const { definition: next } = moveInto(loop, ["tell"], "each");
    expect(placeOf(next, "tell")).toEqual({ x: 640 + COLUMN, y: 80 });
  });

  test("a step that is sent out lies below the box and is no longer one of its steps", () => {
    const { definition: next, removed } = moveInto(loop, ["b"], undefined);
    const box = rect(next, "each");
    expect(nodeOf(next, "b")).not.toHaveProperty("parent");
    expect(placeOf(next, "b")?.y).toBeGreaterThan(box.y + box.height);
    expect(removed).toHaveLength(1);
  });

  test("lines between steps that move together stay", () => {
    const { definition: next, removed } = moveInto(loop, ["a", "b"], undefined);
    expect(removed).toEqual([]);
    expect(edgesOf(next)).toContain("a → b");
  });

  test("a box takes along what lies in it", () => {
    const { definition: next } = moveInto(nested, ["inner", "step"], undefined);
    expect(nodeOf(next, "inner")).not.toHaveProperty("parent");
    expect(nodeOf(next, "step")?.parent).toBe("inner");
  });

  test("going where it is already changes nothing", () => {
    expect(moveInto(loop, ["a"], "each").definition).toBe(loop);
  });

  test.each([
    ["a trigger", ["hook"], "each", "trigger"],
    ["a box into itself", ["each"], "each", "in_itself"],
    ["into a step that is no box", ["tell"], "hook", "unknown_box"],
    ["a step", ["tell"], "each", null],
    ["out of all boxes", ["a"], undefined, null],
  ])("%s", (_, ids, box, expected) => {
    expect(refusalOfBox(loop, CATALOGUE, ids, box)).toBe(expected);
  });

  test("boxes lie in each other three deep at most", () => {
    const more = { ...nested, nodes: [...nested.nodes, node("other", "for_each", 900, 0)] };
    expect(refusalOfBox(more, CATALOGUE, ["other"], "inner")).toBe("too_deep");
    expect(refusalOfBox(more, CATALOGUE, ["other"], "middle")).toBeNull();
    expect(refusalOfBox(more, CATALOGUE, ["outer"], "other")).toBe("too_deep");
    expect(refusalOfNew(nested, CATALOGUE, FOR_EACH.name, "inner")).toBe("too_deep");
    expect(refusalOfNew(nested, CATALOGUE, FILTER.name, "inner")).toBeNull();
    expect(refusalOfNew(loop, CATALOGUE, RESPOND.name, "each")).toBe("respond");
  });
});

describe("adding in a box", () => {
  test("after a step in it the new one lies in it as well", () => {
    const { definition: next, id } = addNode(loop, HTTP, null, { from: { node: "b", port: "out" } });
    expect(nodeOf(next, id)).toMatchObject({ parent: "each", position: { x: 640 + COLUMN, y: 80 } });
  });

  test("what lies right of the box makes room when it grows", () => {
    const { definition: next } = addNode(loop, HTTP, null, { from: { node: "b", port: "out" } });
    const box = rect(next, "each");
    expect(placeOf(next, "tell")?.x).toBeGreaterThanOrEqual(box.x + box.width);
  });

  test("a line in it takes a step in between", () => {
    const { definition: next, id } = addNode(loop, FILTER, null, { edge: { from: "a", port: "out", to: "b" } });
    expect(nodeOf(next, id)?.parent).toBe("each");
    expect(edgesOf(next)).toContain(`a → ${id}`);
    expect(placeOf(next, "b")?.x).toBe(940);
  });

  test("the first step of an empty box lies at its upper left", () => {
    const empty = definition([node("each", "for_each", 100, 100)]);
    const { definition: next, id } = addNode(empty, FILTER, null, { box: "each" });
    expect(nodeOf(next, id)).toMatchObject({
      parent: "each",
      position: { x: 100 + BOX_ROOM.left, y: 100 + BOX_ROOM.top },
    });
  });

  test("after a box comes a step that lies right of it", () => {
    const { definition: next, id } = addNode({ ...loop, edges: [] }, FILTER, null, {
      from: { node: "each", port: "out" },
    });
    const box = rect(next, "each");
    expect(placeOf(next, id)?.x).toBeGreaterThanOrEqual(box.x + box.width);
    expect(nodeOf(next, id)).not.toHaveProperty("parent");
  });

  test("a new box gets room for itself where a step stood", () => {
    const line = definition([node("a", "filter", 0), node("b", "filter", 300)], ["a → b"]);
    const { definition: next, id } = addNode(line, FOR_EACH, null, { edge: { from: "a", port: "out", to: "b" } });
    const box = rect(next, id);
    expect(placeOf(next, "b")?.x).toBeGreaterThanOrEqual(box.x + box.width);
  });

  test("the open end of a box is one of its own steps", () => {
    expect(openEnd(loop, CATALOGUE, undefined, "each")).toEqual({ node: "b", port: "out" });
    expect(openEnd(loop, CATALOGUE)).toEqual({ node: "tell", port: "out" });
  });
});

describe("copies and removal", () => {
  test("a box is copied with what lies in it, and the copies lie in the copy", () => {
    const { definition: next, ids } = duplicateNodes(loop, ["each"]);
    expect(ids).toEqual(["each_2", "a_2", "b_2"]);
    expect(nodeOf(next, "a_2")?.parent).toBe("each_2");
    expect(edgesOf(next)).toContain("a_2 → b_2");
    expect(rect(next, "each_2").y).toBeGreaterThanOrEqual(rect(next, "each").y + rect(next, "each").height);
  });

  test("a copy of a step in a box stays in the box", () => {
    const { definition: next, ids } = duplicateNodes(loop, ["b"]);
    expect(nodeOf(next, ids[0] ?? "")?.parent).toBe("each");
  });

  test("what is pasted elsewhere lies in no box that is not there", () => {
    const { definition: next } = paste(definition([]), fragmentOf(loop, ["a"]));
    expect(next.nodes[0]).not.toHaveProperty("parent");
  });

  test("a box is removed with what lies in it, and what came before and after is connected", () => {
    const next = removeNodes(loop, ["each"]);
    expect(next.nodes.map(({ id }) => id)).toEqual(["hook", "tell"]);
    expect(edgesOf(next)).toEqual(["hook → tell"]);
  });
});

test("lines stay within one box", () => {
  const refusal = (from: string, to: string) => canConnect(loop, CATALOGUE, { from, port: "out", to });
  expect(refusal("hook", "a")).toBe("other_box");
  expect(refusal("b", "tell")).toBe("other_box");
  expect(refusal("each", "a")).toBe("other_box");
  expect(refusal("hook", "tell")).toBeNull();
});

test("a step in a box sees what ran before it there and before the box, but not the box itself", () => {
  expect(stepsBefore(loop, "b")).toEqual(["a", "hook"]);
  expect(stepsBefore(loop, "tell")).toEqual(["each", "hook"]);
});

test("tidying orders what lies in a box within it and the boxes among the others", async () => {
  const messy = moveNodes(
    loop,
    new Map([
      ["b", { x: 100, y: 900 }],
      ["tell", { x: 320, y: 100 }],
    ]),
  );
  const tidied = moveNodes(messy, await tidy(messy));
  const box = rect(tidied, "each");
  for (const id of ["a", "b"]) {
    const card = rect(tidied, id);
    expect(card.x).toBeGreaterThan(box.x);
    expect(card.y).toBeGreaterThanOrEqual(box.y + CARD_HEIGHT);
    expect(card.x + card.width).toBeLessThan(box.x + box.width);
  }
  expect(rect(tidied, "b").x).toBeGreaterThan(rect(tidied, "a").x);
  expect(rect(tidied, "tell").x).toBeGreaterThanOrEqual(box.x + box.width);
  expect(rect(tidied, "hook").x + CARD_WIDTH).toBeLessThanOrEqual(box.x);
});
