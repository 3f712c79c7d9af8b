import { describe, expect, it } from "vitest";
import type { Definition, NodeDefinition } from "../workflow/definition.ts";
import { moveInto, moveNodes, setParam } from "../workflow/edits.ts";
import { beginning, everything } from "./beginning.ts";
import { type CardNode, type CardShape, cardsOf, linesOf, placesOf } from "./elements.ts";

const ROLE = "connection";
const shapes = new Map<string, CardShape>();
const plain = ({ id }: { readonly id: string }) => {
  const shape = shapes.get(id) ?? { height: 64, handles: () => [] };
  shapes.set(id, shape);
  return { isSelected: false, label: "", shape };
};
const line = () => ({ isSelected: false, label: "", className: "" });

function chain(count: number): Definition {
  const ids = Array.from({ length: count }, (_, index) => `n${index}`);
  return {
    nodes: ids.map((id, index) => ({ id, type: "set", params: {}, position: { x: index * 300, y: 0 } })),
    edges: ids.slice(1).map((to, index) => ({ from: `n${index}`, port: "out", to })),
    settings: { timezone: "UTC", max_parallel_runs: 1, run_timeout_ms: 1000 },
  };
}

describe("the canvas' arrays", () => {
  it("stay the same objects when nothing changed", () => {
    const definition = chain(3);
    const cards = cardsOf([], definition, plain);
    const lines = linesOf([], definition, line, ROLE);
    expect(cardsOf(cards, { ...definition }, plain)).toBe(cards);
    expect(linesOf(lines, { ...definition }, line, ROLE)).toBe(lines);
  });

  it("make only the changed card anew, and say how large it is", () => {
    const definition = chain(3);
    const cards = cardsOf([], definition, plain);
    const next = cardsOf(cards, setParam(definition, "n1", "a", 1), plain);
    expect(next[0]).toBe(cards[0]);
    expect(next[1]).not.toBe(cards[1]);
    expect(next[1]?.measured).toEqual({ width: 220, height: 64 });
    expect(next[1]?.data.node.params).toEqual({ a: 1 });
  });

  it("follow a move in the document, but not against a drag under way", () => {
    const definition = chain(2);
    const dragged = cardsOf([], definition, plain).map(
      (card): CardNode => (card.id === "n0" ? { ...card, position: { x: 7, y: 7 }, dragging: true } : card),
    );
    const moved = moveNodes(definition, new Map(["n0", "n1"].map((id) => [id, { x: 40, y: 40 }])));
    const next = cardsOf(dragged, moved, plain);
    expect(next.map((card) => card.position)).toEqual([
      { x: 7, y: 7 },
      { x: 40, y: 40 },
    ]);
  });

  it("leave out lines that end nowhere", () => {
    const definition = { ...chain(2), edges: [{ from: "n0", port: "out", to: "gone" }] };
    expect(linesOf([], definition, line, ROLE)).toEqual([]);
  });
});

describe("boxes", () => {
  const boxed: Definition = {
    ...chain(1),
    nodes: [
      { id: "inner", type: "set", params: {}, position: { x: 140, y: 180 }, parent: "box" },
      { id: "box", type: "for_each", params: {}, position: { x: 100, y: 100 } },
      { id: "after", type: "set", params: {}, position: { x: 600, y: 100 } },
    ],
    edges: [{ from: "box", port: "out", to: "after" }],
  };

  it("come before what lies in them, and are as large as that needs", () => {
    const cards = cardsOf([], boxed, plain);
    expect(cards.map((card) => card.id)).toEqual(["box", "after", "inner"]);
    expect(cards[0]).toMatchObject({ width: 320, height: 204, measured: { width: 320, height: 204 } });
  });

  it("count the places of their cards from their own corner, and back again", () => {
    const cards = cardsOf([], boxed, plain);
    expect(cards[2]).toMatchObject({ parentId: "box", position: { x: 40, y: 80 } });
    expect(placesOf(cards).get("inner")).toEqual({ x: 140, y: 180 });
  });

  it("hide what lies in them when they are folded up", () => {
    const folded = new Set(["box"]);
    const cards = cardsOf([], boxed, plain, folded);
    expect(cards.map((card) => card.hidden)).toEqual([false, false, true]);
    expect(cards[0]?.measured).toEqual({ width: 220, height: 64 });
    const inner = { ...boxed, edges: [{ from: "inner", port: "out", to: "inner2" }] };
    const more = { ...inner, nodes: [...inner.nodes, { ...(boxed.nodes[0] as NodeDefinition), id: "inner2" }] };
    expect(linesOf([], more, line, ROLE, folded)[0]?.hidden).toBe(true);
  });

  it("keep a card where the canvas drags it only while it stays in its box", () => {
    const dragged = cardsOf([], boxed, plain).map(
      (card): CardNode => (card.id === "inner" ? { ...card, position: { x: 7, y: 7 }, dragging: true } : card),
    );
    const { definition: out } = moveInto(boxed, ["inner"], undefined, true);
    const card = cardsOf(dragged, out, plain).find(({ id }) => id === "inner");
    expect(card).toMatchObject({ position: { x: 140, y: 180 } });
    expect(card).not.toHaveProperty("parentId");
  });
});

describe("the first view", () => {
  it("shows everything when it can be read", () => {
    const view = beginning(chain(3), 1200, 800);
    expect(view.zoom).toBe(1);
    // The middle of the three cards lies in the middle of the frame.
    expect(view.x + (820 / 2) * view.zoom).toBe(600);
  });

  it("shows the beginning of a long workflow at a size that can be read", () => {
    const view = beginning(chain(40), 390, 700);
    expect(view.zoom).toBeGreaterThan(0.8);
    expect(view.x).toBeGreaterThan(0);
    expect(view.x).toBeLessThan(100);
  });

  it("shows no empty space above a tall workflow", () => {
    const definition = chain(60);
    const tall = {
      ...definition,
      nodes: definition.nodes.map((node, index) => ({ ...node, position: { x: (index % 3) * 300, y: index * 100 } })),
    };
    const view = beginning(tall, 1200, 800);
    expect(view.y).toBeLessThan(100);
    expect(view.y).toBeGreaterThanOrEqual(0);
  });

  it("can show everything, however far away", () => {
    const view = everything(chain(200), 1200, 800);
    expect(view.zoom).toBe(0.1);
    expect(everything(chain(6), 1200, 800).zoom).toBeLessThan(1);
  });

  it("copes with nothing", () => {
    expect(beginning(chain(0), 1200, 800)).toEqual({ x: 0, y: 0, zoom: 1 });
  });
});
