/** Copies of nodes: duplicate, paste, and a new id for one that is there. */

import { boxOf, rectOf, withContents } from "../boxes.ts";
import type { Definition, EdgeDefinition, NodeDefinition, Position } from "../definition.ts";
import { snap } from "../measures.ts";
import { freePlace, spread } from "../placing.ts";
import { rewriteReferences } from "../references.ts";
import { freshId, isNodeId } from "./ids.ts";

/** Nodes with the edges between them, cut out of a definition. */
export interface Fragment {
  readonly nodes: readonly NodeDefinition[];
  readonly edges: readonly EdgeDefinition[];
}

/** Nodes with what lies in them, and the edges between them. */
export function fragmentOf(definition: Definition, ids: Iterable<string>): Fragment {
  const chosen = withContents(definition, ids);
  return {
    nodes: definition.nodes.filter((node) => chosen.has(node.id)),
    edges: definition.edges.filter((edge) => chosen.has(edge.from) && chosen.has(edge.to)),
  };
}

/** Copies nodes with the edges between them to a free place below, in the box of the first one. */
export function duplicateNodes(
  definition: Definition,
  ids: Iterable<string>,
): { definition: Definition; ids: string[] } {
  const chosen = [...ids];
  const [first] = chosen;
  return paste(
    definition,
    fragmentOf(definition, chosen),
    null,
    first === undefined ? undefined : boxOf(definition, first),
  );
}

/**
 * Adds copies of a fragment's nodes, its upper left corner at `at`; without `at` they lie below the originals. What lies in
 * no box of the fragment comes into `box`.
 */
export function paste(
  definition: Definition,
  fragment: Fragment,
  at: Position | null = null,
  box?: string,
): { definition: Definition; ids: string[] } {
  if (fragment.nodes.length === 0) return { definition, ids: [] };
  const renames = newIds(definition, fragment);
  const move = offset(definition, fragment, at, box);
  const nodes = fragment.nodes.map((node) => {
    const { parent, ...copy } = rewriteReferences(node, renames);
    const inside = (parent === undefined ? undefined : renames.get(parent)) ?? box;
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
  const next = { ...definition, nodes: [...definition.nodes, ...nodes], edges: [...definition.edges, ...edges] };
  return { definition: spread(definition, next, box), ids: nodes.map((node) => node.id) };
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

function offset(definition: Definition, fragment: Fragment, at: Position | null, box: string | undefined): Position {
  const alone = { ...definition, nodes: fragment.nodes, edges: [] };
  const rects = fragment.nodes.map((node) => rectOf(alone, node));
  const left = Math.min(...rects.map((rect) => rect.x));
  const top = Math.min(...rects.map((rect) => rect.y));
  const size = {
    width: Math.max(...rects.map((rect) => rect.x + rect.width)) - left,
    height: Math.max(...rects.map((rect) => rect.y + rect.height)) - top,
  };
  const wanted = at ? snap(at) : snap({ x: left, y: top + size.height + GAP_BELOW });
  const place = freePlace(definition, wanted, box, size);
  return { x: place.x - left, y: place.y - top };
}

const GAP_BELOW = 56;
