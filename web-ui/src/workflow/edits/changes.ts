/** Changes nodes where they are, apart from what adds and removes them: dragging must work at once. */
import type { Definition, Json, NodeDefinition, Position } from "../definition.ts";

export function moveNodes(definition: Definition, positions: ReadonlyMap<string, Position>): Definition {
  return mapNodes(definition, (node) => {
    const position = positions.get(node.id);
    if (!position || (position.x === node.position.x && position.y === node.position.y)) return node;
    return { ...node, position };
  });
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
  readonly [Field in "title" | "credential" | "retry" | "timeout_ms" | "on_error"]?: NodeDefinition[Field] | undefined;
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
