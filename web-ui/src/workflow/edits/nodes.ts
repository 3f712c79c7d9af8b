/** Adds and removes nodes. */
import type { NodeType } from "../../catalogue/catalogue.svelte.ts";
import { boxOf, type Rect, rectOf, type Size, sizeOfNew, withContents } from "../boxes.ts";
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
import { CARD_WIDTH, COLUMN, snap } from "../measures.ts";
import { freePlace, placeAfter, placeAtEnd, spread } from "../placing.ts";
import { moveNodes } from "./changes.ts";
import { freshId } from "./ids.ts";

/** What a new node is connected with: it follows a port, or goes between the two ends of an edge. It lies in the same box. */
export interface Place {
  readonly from?: { readonly node: string; readonly port: string };
  readonly edge?: EdgeDefinition;
  /** The box that it lies in when it is connected with nothing. */
  readonly box?: string | undefined;
}

/** The box that a place is in. */
export function boxOfPlace(definition: Definition, { from, edge, box }: Place): string | undefined {
  const neighbour = from?.node ?? edge?.from;
  return neighbour === undefined ? box : boxOf(definition, neighbour);
}

/** Adds a node and connects it. Without `at` it finds a place of its own; in no case does it cover another. */
export function addNode(
  definition: Definition,
  nodeType: NodeType,
  at: Position | null = null,
  place: Place = {},
): { definition: Definition; id: string } {
  const id = freshId(new Set(definition.nodes.map((node) => node.id)), nodeType.name);
  const connects = nodeType.kind !== "trigger";
  const box = connects ? boxOfPlace(definition, place) : undefined;
  const node: NodeDefinition = {
    id,
    type: nodeType.name,
    position: { x: 0, y: 0 },
    params: {},
    ...(box === undefined ? {} : { parent: box }),
  };
  if (connects && place.edge) {
    return { definition: spread(definition, insert(definition, node, nodeType, place.edge), box), id };
  }
  const source = connects && place.from ? nodeOf(definition, place.from.node) : undefined;
  const size = sizeOfNew(node);
  const position = at
    ? freePlace(definition, at, box, size)
    : source
      ? placeAfter(definition, source, size)
      : placeAtEnd(definition, box, size);
  const edges =
    source && place.from ? [...definition.edges, { from: source.id, port: place.from.port, to: id }] : definition.edges;
  const next = { ...definition, nodes: [...definition.nodes, { ...node, position }], edges };
  return { definition: spread(definition, next, box), id };
}

/**
 * Removes nodes and their edges, boxes with what lies in them. What came before one is connected with what came after it,
 * where that is a single line.
 */
export function removeNodes(definition: Definition, ids: Iterable<string>): Definition {
  const chosen = [...ids];
  const inner = new Set(withContents(definition, chosen));
  for (const id of chosen) inner.delete(id);
  return chosen.reduce(removeNode, inner.size === 0 ? definition : without(definition, inner));
}

function without(definition: Definition, ids: ReadonlySet<string>): Definition {
  return {
    ...definition,
    nodes: definition.nodes.filter((node) => !ids.has(node.id)),
    edges: definition.edges.filter((edge) => !ids.has(edge.from) && !ids.has(edge.to)),
  };
}

function insert(definition: Definition, node: NodeDefinition, nodeType: NodeType, edge: EdgeDefinition): Definition {
  const from = nodeOf(definition, edge.from);
  const to = nodeOf(definition, edge.to);
  if (!from || !to)
    return { ...definition, nodes: [...definition.nodes, { ...node, position: placeAtEnd(definition) }] };
  const port = firstPort(node, nodeType);
  const { definition: opened, position } = makeRoom(definition, [from, to], sizeOfNew(node));
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
  [from, to]: readonly [from: NodeDefinition, to: NodeDefinition],
  size: Size,
): { definition: Definition; position: Position } {
  const box = boxOf(definition, from.id);
  const [left, right] = [rectOf(definition, from), rectOf(definition, to)];
  const end = left.x + left.width;
  const distance = right.x - end;
  if (distance <= -CARD_WIDTH || distance >= 2 * COLUMN - CARD_WIDTH) {
    return { definition, position: freePlace(definition, between(left, right), box, size) };
  }
  const position = snap({ x: end + COLUMN - CARD_WIDTH, y: right.y });
  const missing = snap({ x: position.x + size.width + COLUMN - CARD_WIDTH - right.x, y: 0 }).x;
  const later = [...stepsAfter(definition, to.id)].flatMap((id) => nodeOf(definition, id) ?? []);
  const moved = later
    .map((node) => ({ id: node.id, rect: rectOf(definition, node) }))
    .filter(({ rect }) => rect.x >= right.x)
    .map(({ id, rect }) => [id, { x: rect.x + missing, y: rect.y }] as const);
  const opened = moveNodes(definition, new Map(moved));
  return { definition: opened, position: freePlace(opened, position, box, size) };
}

/** The middle between two cards, as a new card's corner. */
function between(one: Rect, other: Rect): Position {
  const middle = (one.x + one.width + other.x) / 2;
  return { x: middle - CARD_WIDTH / 2, y: (one.y + other.y) / 2 };
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
