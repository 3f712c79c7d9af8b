import { expect, test } from "vitest";
import { moveNodes } from "./edits.ts";
import { tidy } from "./layout.ts";
import { CARD_HEIGHT, CARD_WIDTH } from "./measures.ts";
import { definition, node } from "./samples.ts";

test("every edge leads to the right, no card covers another, and the upper left corner stays", async () => {
  const draft = definition(
    [node("a", "if", 40, 80), node("b", "filter", 40, 80), node("c", "filter", 40, 80), node("d", "filter", 40, 80)],
    ["a.true → b", "a.false → c", "b → d", "c → d"],
  );
  const positions = await tidy(draft);
  const { nodes } = moveNodes(draft, positions);
  for (const edge of draft.edges) {
    expect(positions.get(edge.to)?.x).toBeGreaterThan((positions.get(edge.from)?.x ?? 0) + CARD_WIDTH);
  }
  for (const one of nodes) {
    for (const other of nodes.filter((each) => each.id > one.id)) {
      const apart =
        Math.abs(one.position.x - other.position.x) >= CARD_WIDTH ||
        Math.abs(one.position.y - other.position.y) >= CARD_HEIGHT;
      expect(apart, `${one.id} and ${other.id}`).toBe(true);
    }
  }
  expect(Math.min(...nodes.map((each) => each.position.x))).toBe(40);
  expect(Math.min(...nodes.map((each) => each.position.y))).toBe(80);
});
