/** Copies of nodes: duplicate, paste, and a new id for one that is there. */
import type { Definition, EdgeDefinition, NodeDefinition, Position } from "../definition.ts";
import { freePlace, ROW, snap } from "../placing.ts";
import { rewriteReferences } from "../references.ts";
import { freshId, isNodeId } from "./ids.ts";

/** Nodes with the edges between them, cut out of a definition. */
export interface Fragment {
  readonly nodes: readonly NodeDefinition[];
  readonly edges: readonly EdgeDefinition[];
}

/** Nodes and the edges between them. */
export function fragmentOf(definition: Definition, ids: Iterable<string>): Fragment {
  const chosen = new Set(ids);
  return {
    nodes: definition.nodes.filter((node) => chosen.has(node.id)),
    edges: definition.edges.filter((edge) => chosen.has(edge.from) && chosen.has(edge.to)),
  };
}

/** Copies nodes with the edges between them to a free place below. */
export function duplicateNodes(
  definition: Definition,
  ids: Iterable<string>,
): { definition: Definition; ids: string[] } {
  return paste(definition, fragmentOf(definition, ids));
}

/** Adds copies of a fragment's nodes, its upper left corner at `at`; without `at` they lie below the originals. */
export function paste(
  definition: Definition,
  fragment: Fragment,
  at: Position | null = null,
): { definition: Definition; ids: string[] } {
  if (fragment.nodes.length === 0) return { definition, ids: [] };
  const renames = newIds(definition, fragment);
  const move = offset(definition, fragment, at);
  const nodes = fragment.nodes.map((node) => {
    const { parent, ...copy } = rewriteReferences(node, renames);
    const inside = parent === undefined ? undefined : renames.get(parent);
    return {
      ...copy,
      id: renames.get(node.id) ?? node.id,
      position: { x: node.position.x + move.x, y: node.position.y + move.y },
      ...(inside === undefined ? {} : { parent: inside }),
    };
  });
  const edges = fragment.edges.flatMap((edge) => {
    const [from, to] = [renames.get(edge.from), renames.get(edge.to)];
    return from === undefined || to === undefined ? [] : [{ from, port: edge.port, to }];
  });
  return {
    definition: { ...definition, nodes: [...definition.nodes, ...nodes], edges: [...definition.edges, ...edges] },
    ids: nodes.map((node) => node.id),
  };
}

/** Gives a node another id and follows it through edges and expressions. Nothing changes when the id is taken or no id. */
export function renameNodeId(definition: Definition, id: string, newId: string): Definition {
  const taken = definition.nodes.some((node) => node.id === newId);
  if (id === newId || taken || !isNodeId(newId) || !definition.nodes.some((node) => node.id === id)) return definition;
  const renames = new Map([[id, newId]]);
  const follow = (end: string) => (end === id ? newId : end);
  return {
    ...definition,
    nodes: definition.nodes.map((node) => {
      const rewritten = rewriteReferences(node, renames);
      const parent = node.parent === id ? { parent: newId } : {};
      return node.id === id ? { ...rewritten, ...parent, id: newId } : { ...rewritten, ...parent };
    }),
    edges: definition.edges.map((edge) => ({ from: follow(edge.from), port: edge.port, to: follow(edge.to) })),
  };
}

function newIds(definition: Definition, fragment: Fragment): ReadonlyMap<string, string> {
  const taken = new Set(definition.nodes.map((node) => node.id));
  const renames = new Map<string, string>();
  for (const node of fragment.nodes) {
    const id = isNodeId(node.id) && !taken.has(node.id) ? node.id : freshId(taken, node.id);
    taken.add(id);
    renames.set(node.id, id);
  }
  return renames;
}

function offset(definition: Definition, fragment: Fragment, at: Position | null): Position {
  const left = Math.min(...fragment.nodes.map((node) => node.position.x));
  const top = Math.min(...fragment.nodes.map((node) => node.position.y));
  const bottom = Math.max(...fragment.nodes.map((node) => node.position.y));
  const wanted = at ? snap(at) : { x: left, y: bottom + ROW };
  // One card that may not lie on another is enough to move the whole group down.
  let drop = 0;
  for (const node of fragment.nodes) {
    const place = { x: node.position.x - left + wanted.x, y: node.position.y - top + wanted.y + drop };
    drop += Math.max(0, freePlace(definition.nodes, place).y - snap(place).y);
  }
  return { x: wanted.x - left, y: wanted.y - top + drop };
}
