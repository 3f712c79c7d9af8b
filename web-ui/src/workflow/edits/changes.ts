/** Changes nodes where they are, apart from what adds and removes them: dragging must work at once. */
import { isBox, rectOf, withContents } from "../boxes.ts";
import { type Definition, type Json, type NodeDefinition, nodeOf, type Position } from "../definition.ts";

/** Moves nodes to where their upper left corners are drawn. What lies in a box goes with it, unless it is named itself. */
export function moveNodes(definition: Definition, positions: ReadonlyMap<string, Position>): Definition {
  const all = withContentsMoved(definition, positions);
  return mapNodes(definition, (node) => {
    const position = all.get(node.id);
    if (!position || (position.x === node.position.x && position.y === node.position.y)) return node;
    return { ...node, position };
  });
}

function withContentsMoved(
  definition: Definition,
  positions: ReadonlyMap<string, Position>,
): ReadonlyMap<string, Position> {
  const all = new Map(positions);
  for (const [id, { x, y }] of positions) {
    const box = nodeOf(definition, id);
    if (!box || !isBox(box)) continue;
    const drawn = rectOf(definition, box);
    if (drawn.x === x && drawn.y === y) continue;
    for (const inner of withContents(definition, [id])) {
      const node = nodeOf(definition, inner);
      if (!node || positions.has(inner)) continue;
      all.set(inner, { x: node.position.x + x - drawn.x, y: node.position.y + y - drawn.y });
    }
  }
  return all;
}

/** Sets a parameter; undefined removes it. */
export function setParam(definition: Definition, id: string, name: string, value: Json | undefined): Definition {
  return mapNodes(definition, (node) => {
    if (node.id !== id || node.params[name] === value) return node;
    const { [name]: _, ...others } = node.params;
    if (value !== undefined) return { ...node, params: { ...node.params, [name]: value } };
    return name in node.params ? { ...node, params: others } : node;
  });
}

/** What {@link setNode} can change; undefined removes, so that the default holds. */
export type NodePatch = {
  readonly [Field in "title" | "credential" | "retry" | "timeout_ms" | "on_error" | "safe_to_repeat"]?:
    | NodeDefinition[Field]
    | undefined;
};

export function setNode(definition: Definition, id: string, patch: NodePatch): Definition {
  return mapNodes(definition, (node) => {
    if (node.id !== id) return node;
    const before: Readonly<Record<string, unknown>> = { ...node };
    const next: Record<string, unknown> = { ...node, ...patch };
    for (const [field, value] of Object.entries(patch)) {
      if (value === undefined || value === "" || (field === "on_error" && value === "stop")) delete next[field];
    }
    const same = Object.keys(patch).every((field) => next[field] === before[field]);
    return same ? node : (next as unknown as NodeDefinition);
  });
}

/** Applies a change to every node; the same definition when none changed. */
export function mapNodes(definition: Definition, change: (node: NodeDefinition) => NodeDefinition): Definition {
  const nodes = definition.nodes.map(change);
  return nodes.some((node, index) => node !== definition.nodes[index]) ? { ...definition, nodes } : definition;
}
