/** What is different between two definitions, told by nodes. */
import { type Definition, edgeKey, type NodeDefinition, nodeOf } from "./definition.ts";
import { equal } from "./equal.ts";

export interface Difference {
  /** In the second, not in the first. */
  readonly added: readonly NodeDefinition[];
  /** In the first, not in the second. */
  readonly removed: readonly NodeDefinition[];
  /** In both, with other settings; where a card lies does not count. */
  readonly changed: readonly NodeDefinition[];
  /** Whether the nodes of both are connected in other ways. */
  readonly isRewired: boolean;
}

export function difference(first: Definition, second: Definition): Difference {
  const added = second.nodes.filter((node) => !nodeOf(first, node.id));
  const removed = first.nodes.filter((node) => !nodeOf(second, node.id));
  const changed = second.nodes.filter((node) => {
    const before = nodeOf(first, node.id);
    return before && !equal({ ...before, position: null }, { ...node, position: null });
  });
  const lines = (definition: Definition) =>
    definition.edges
      .filter((edge) => nodeOf(first, edge.from) && nodeOf(second, edge.from))
      .filter((edge) => nodeOf(first, edge.to) && nodeOf(second, edge.to))
      .map(edgeKey)
      .sort();
  return { added, removed, changed, isRewired: !equal(lines(first), lines(second)) };
}
