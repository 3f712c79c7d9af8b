/** Adds and removes nodes. */
import type { NodeType } from "../../catalogue/catalogue.svelte.ts";
import {
  type Definition,
  type EdgeDefinition,
  ERROR,
  edgeKey,
  type NodeDefinition,
  nodeOf,
  type Position,
} from "../definition.ts";
import { firstPort, stepsAfter } from "../graph.ts";
import { COLUMN, freePlace, placeAfter, placeAtEnd, snap } from "../placing.ts";
import { mapNodes } from "./changes.ts";
import { freshId } from "./ids.ts";

/** What a new node is connected with: it follows a port, or goes between the two ends of an edge. */
export interface Place {
  readonly from?: { readonly node: string; readonly port: string };
  readonly edge?: EdgeDefinition;
}

/** Adds a node and connects it. Without `at` it finds a place of its own; in no case does it cover another. */
export function addNode(
  definition: Definition,
  nodeType: NodeType,
  at: Position | null = null,
  place: Place = {},
): { definition: Definition; id: string } {
  const id = freshId(new Set(definition.nodes.map((node) => node.id)), nodeType.name);
  const node: NodeDefinition = { id, type: nodeType.name, position: { x: 0, y: 0 }, params: {} };
  const connects = nodeType.kind !== "trigger";
  const source = connects && place.from ? nodeOf(definition, place.from.node) : undefined;
  if (connects && place.edge) return { definition: insert(definition, node, nodeType, place.edge), id };
  const position = at
    ? freePlace(definition.nodes, at)
    : source
      ? placeAfter(definition, source)
      : placeAtEnd(definition);
  const edges =
    source && place.from ? [...definition.edges, { from: source.id, port: place.from.port, to: id }] : definition.edges;
  return { definition: { ...definition, nodes: [...definition.nodes, { ...node, position }], edges }, id };
}

/** Removes nodes and their edges. What came before one is connected with what came after it, where that is a single line. */
export function removeNodes(definition: Definition, ids: Iterable<string>): Definition {
  return [...ids].reduce(removeNode, definition);
}

function insert(definition: Definition, node: NodeDefinition, nodeType: NodeType, edge: EdgeDefinition): Definition {
  const from = nodeOf(definition, edge.from);
  const to = nodeOf(definition, edge.to);
  if (!from || !to)
    return { ...definition, nodes: [...definition.nodes, { ...node, position: placeAtEnd(definition) }] };
  const port = firstPort(node, nodeType);
  const { definition: opened, position } = makeRoom(definition, from, to);
  const before = { from: from.id, port: edge.port, to: node.id };
  // A node that nothing can follow does not cut off what was there.
  const edges =
    port === undefined
      ? [...opened.edges, before]
      : opened.edges.flatMap((known) =>
          edgeKey(known) === edgeKey(edge) ? [before, { from: node.id, port, to: to.id }] : [known],
        );
  return { ...opened, nodes: [...opened.nodes, { ...node, position }], edges };
}

/** Finds a place between two nodes; what comes after moves to the right when there is none. */
function makeRoom(
  definition: Definition,
  from: NodeDefinition,
  to: NodeDefinition,
): { definition: Definition; position: Position } {
  const distance = to.position.x - from.position.x;
  if (distance <= 0 || distance >= 2 * COLUMN) {
    const middle = { x: (from.position.x + to.position.x) / 2, y: (from.position.y + to.position.y) / 2 };
    return { definition, position: freePlace(definition.nodes, middle) };
  }
  const position = snap({ x: from.position.x + COLUMN, y: to.position.y });
  const missing = snap({ x: position.x + COLUMN - to.position.x, y: 0 }).x;
  const later = stepsAfter(definition, to.id);
  const opened = mapNodes(definition, (node) =>
    later.has(node.id) && node.position.x >= to.position.x
      ? { ...node, position: { x: node.position.x + missing, y: node.position.y } }
      : node,
  );
  return { definition: opened, position: freePlace(opened.nodes, position) };
}

function removeNode(definition: Definition, id: string): Definition {
  if (!nodeOf(definition, id)) return definition;
  const incoming = definition.edges.filter((edge) => edge.to === id);
  const outgoing = definition.edges.filter((edge) => edge.from === id);
  const edges = definition.edges.filter((edge) => edge.to !== id && edge.from !== id);
  const [before] = incoming;
  const [after] = outgoing;
  if (before && after && incoming.length === 1 && outgoing.length === 1 && after.port !== ERROR) {
    const bridge = { from: before.from, port: before.port, to: after.to };
    if (!edges.some((edge) => edgeKey(edge) === edgeKey(bridge))) edges.push(bridge);
  }
  return { ...definition, nodes: definition.nodes.filter((node) => node.id !== id), edges };
}
