/**
 * The canvas' own arrays, made from the document. What has not changed keeps its object, so that a change of one step
 * draws one card again and not two hundred.
 */
import { type Edge, MarkerType, type Node } from "@xyflow/svelte";
import { type Definition, type EdgeDefinition, edgeKey, type NodeDefinition } from "../workflow/definition.ts";

export type CardNode = Node<{ readonly node: NodeDefinition }, "step">;
export type LineEdge = Edge<{ readonly edge: EdgeDefinition }, "line">;

/** What the document does not say about a card. */
export interface CardLook {
  readonly isSelected: boolean;
  readonly label: string;
}

/** What the document does not say about a line. */
export interface LineLook {
  readonly isSelected: boolean;
  readonly label: string;
  readonly className: string;
}

/** Words that a screen reader says instead of "node" and "edge". */
export interface Roles {
  readonly node: string;
  readonly edge: string;
}

/** The cards of a definition. The same array when nothing changed. */
export function cardsOf(
  before: readonly CardNode[],
  definition: Definition,
  look: (node: NodeDefinition) => CardLook,
  roles: Roles,
): CardNode[] {
  const known = new Map(before.map((card) => [card.id, card]));
  const cards = definition.nodes.map((node) => card(known.get(node.id), node, look(node), roles));
  return isSame(before, cards) ? (before as CardNode[]) : cards;
}

/** The lines of a definition. The same array when nothing changed. */
export function linesOf(
  before: readonly LineEdge[],
  definition: Definition,
  look: (edge: EdgeDefinition, key: string) => LineLook,
  roles: Roles,
): LineEdge[] {
  const known = new Map(before.map((line) => [line.id, line]));
  // The canvas cannot draw a line that ends nowhere; the problem list names it.
  const ids = new Set(definition.nodes.map((node) => node.id));
  const lines = definition.edges
    .filter((edge) => ids.has(edge.from) && ids.has(edge.to))
    .map((edge) => line(known.get(edgeKey(edge)), edge, look(edge, edgeKey(edge)), roles));
  return isSame(before, lines) ? (before as LineEdge[]) : lines;
}

function card(before: CardNode | undefined, node: NodeDefinition, look: CardLook, roles: Roles): CardNode {
  // While it is being dragged, the canvas knows better where it lies.
  const isPlaced =
    before?.dragging || (before?.position.x === node.position.x && before?.position.y === node.position.y);
  const isKnown = before?.data.node === node && before.selected === look.isSelected && before.ariaLabel === look.label;
  if (before && isPlaced && isKnown) return before;
  return {
    ...before,
    id: node.id,
    type: "step",
    position: before?.dragging ? before.position : { x: node.position.x, y: node.position.y },
    data: before?.data.node === node ? before.data : { node },
    selected: look.isSelected,
    ariaLabel: look.label,
    domAttributes: { "aria-roledescription": roles.node, "data-testid": `node-${node.id}` },
  };
}

function line(before: LineEdge | undefined, edge: EdgeDefinition, look: LineLook, roles: Roles): LineEdge {
  const isKnown =
    before?.selected === look.isSelected && before.ariaLabel === look.label && before.class === look.className;
  if (before && isKnown) return before;
  return {
    ...before,
    id: edgeKey(edge),
    type: "line",
    source: edge.from,
    sourceHandle: edge.port,
    target: edge.to,
    data: before?.data ?? { edge },
    selected: look.isSelected,
    ariaLabel: look.label,
    class: look.className,
    markerEnd: MARKER,
    domAttributes: {
      "aria-roledescription": roles.edge,
      "data-testid": `edge-${edge.from}-${edge.port}-${edge.to}`,
    },
  };
}

const MARKER = { type: MarkerType.ArrowClosed, width: 16, height: 16 };

function isSame(before: readonly unknown[], now: readonly unknown[]): boolean {
  return before.length === now.length && now.every((item, index) => item === before[index]);
}
