import { expect, test } from "vitest";
import { difference } from "./difference.ts";
import { addNode, moveNodes, removeNodes, setParam } from "./edits.ts";
import { definition, HTTP, node } from "./samples.ts";

const first = definition([node("a"), node("b", "filter", 300), node("c", "filter", 600)], ["a → b", "b → c"]);
const ids = (nodes: readonly { id: string }[]) => nodes.map((each) => each.id);

test("a moved card is no difference", () => {
  const second = moveNodes(first, new Map([["a", { x: 40, y: 40 }]]));
  expect(difference(first, second)).toEqual({ added: [], removed: [], changed: [], isRewired: false });
});

test("added, removed and changed nodes are told apart", () => {
  const second = setParam(addNode(removeNodes(first, ["c"]), HTTP).definition, "a", "when", 1);
  const { added, removed, changed, isRewired } = difference(first, second);
  expect([ids(added), ids(removed), ids(changed), isRewired]).toEqual([["http_request"], ["c"], ["a"], false]);
});

test("other edges between the same nodes are a difference", () => {
  expect(difference(first, { ...first, edges: [] }).isRewired).toBe(true);
});
