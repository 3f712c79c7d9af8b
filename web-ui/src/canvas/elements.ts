/**
 * The canvas' own arrays, made from the document. What has not changed keeps its object, so that a change of one step
 * draws one card again and not two hundred.
 */
import { type Edge, MarkerType, type Node, type NodeHandle } from "@xyflow/svelte";
import { boxesAround, boxOf, isBox, rectsOf, type Size } from "../workflow/boxes.ts";
import {
  type Definition,
  type EdgeDefinition,
  edgeKey,
  type NodeDefinition,
  type Position,
} from "../workflow/definition.ts";
import { CARD_WIDTH } from "../workflow/measures.ts";

/** `box`: how large it is drawn; none for a card, and for a box that is folded up. */
interface CardData extends Record<string, unknown> {
  readonly node: NodeDefinition;
  readonly box: Size | null;
  readonly shape: CardShape;
}

export type CardNode = Node<CardData, "step">;
export type LineEdge = Edge<{ readonly edge: EdgeDefinition }, "line">;

/** What the document does not say about a card. */
export interface CardLook {
  readonly isSelected: boolean;
  readonly label: string;
  /** The height of a card, and where its ports are. */
  readonly shape: CardShape;
}

export interface CardShape {
  readonly height: number;
  handles(box: Size | null): NodeHandle[];
}

/** What the document does not say about a line. */
export interface LineLook {
  readonly isSelected: boolean;
  readonly label: string;
  readonly className: string;
}

/** The cards of a definition, boxes before what lies in them. The same array when nothing changed. */
export function cardsOf(
  before: readonly CardNode[],
  definition: Definition,
  look: (node: NodeDefinition) => CardLook,
  collapsed: ReadonlySet<string> = NOTHING,
): CardNode[] {
  const known = new Map(before.map((card) => [card.id, card]));
  const cards = outerFirst(definition).map((node) => {
    return card(known.get(node.id), node, look(node), placeOf(definition, node, collapsed));
  });
  return isSame(before, cards) ? (before as CardNode[]) : cards;
}

/** Where the canvas has its cards, on the whole drawing: within a box it counts from the box's corner. */
export function placesOf(cards: readonly CardNode[]): ReadonlyMap<string, Position> {
  const places = new Map<string, Position>();
  // A box comes before what lies in it.
  for (const { id, position, parentId } of cards) {
    const corner = parentId === undefined ? undefined : places.get(parentId);
    places.set(id, { x: position.x + (corner?.x ?? 0), y: position.y + (corner?.y ?? 0) });
  }
  return places;
}

/** The lines of a definition. The same array when nothing changed. `role`: what a screen reader says instead of "edge". */
export function linesOf(
  before: readonly LineEdge[],
  definition: Definition,
  look: (edge: EdgeDefinition, key: string) => LineLook,
  role: string,
  collapsed: ReadonlySet<string> = NOTHING,
): LineEdge[] {
  const known = new Map(before.map((line) => [line.id, line]));
  // The canvas cannot draw a line that ends nowhere; the problem list names it.
  const ids = new Set(definition.nodes.map((node) => node.id));
  const lines = definition.edges
    .filter((edge) => ids.has(edge.from) && ids.has(edge.to))
    .map((edge) => {
      const isHidden = isFolded(definition, edge.from, collapsed) || isFolded(definition, edge.to, collapsed);
      return line(known.get(edgeKey(edge)), edge, look(edge, edgeKey(edge)), role, isHidden);
    });
  return isSame(before, lines) ? (before as LineEdge[]) : lines;
}

/** Where a card lies in its box, or on the drawing. */
interface Place extends Position {
  readonly parent: string | undefined;
  readonly isHidden: boolean;
  readonly box: Size | null;
}

function placeOf(definition: Definition, node: NodeDefinition, collapsed: ReadonlySet<string>): Place {
  const rects = rectsOf(definition);
  const parent = boxOf(definition, node.id);
  const rect = rects.get(node.id) ?? { ...node.position, width: 0, height: 0 };
  const corner = parent === undefined ? undefined : rects.get(parent);
  const isOpen = isBox(node) && !collapsed.has(node.id);
  return {
    x: rect.x - (corner?.x ?? 0),
    y: rect.y - (corner?.y ?? 0),
    parent,
    isHidden: isFolded(definition, node.id, collapsed),
    box: isOpen ? { width: rect.width, height: rect.height } : null,
  };
}

/** Whether a node lies in a box that is folded up. */
function isFolded(definition: Definition, id: string, collapsed: ReadonlySet<string>): boolean {
  return collapsed.size > 0 && boxesAround(definition, id).some((box) => collapsed.has(box));
}

/** The canvas wants a box before what lies in it. */
function outerFirst(definition: Definition): readonly NodeDefinition[] {
  if (!definition.nodes.some((node) => node.parent !== undefined)) return definition.nodes;
  const depth = (node: NodeDefinition) => boxesAround(definition, node.id).length;
  return definition.nodes.toSorted((one, other) => depth(one) - depth(other));
}

function card(before: CardNode | undefined, node: NodeDefinition, look: CardLook, place: Place): CardNode {
  // While it is being dragged, the canvas knows better where it lies.
  const isDragged = before?.dragging === true && before.parentId === place.parent;
  const isPlaced = isDragged || (before?.position.x === place.x && before?.position.y === place.y);
  const isKnown =
    before?.data.node === node &&
    isSameSize(before.data.box, place.box) &&
    before.data.shape === look.shape &&
    before.parentId === place.parent &&
    (before.hidden ?? false) === place.isHidden &&
    before.selected === look.isSelected &&
    before.ariaLabel === look.label;
  if (before && isPlaced && isKnown) return before;
  const { parentId: _, width: __, height: ___, ...others } = before ?? ({} as Partial<CardNode>);
  const isAsLarge = before !== undefined && isSameSize(before.data.box, place.box) && before.data.shape === look.shape;
  return {
    ...others,
    id: node.id,
    type: "step",
    position: isDragged && before ? before.position : { x: place.x, y: place.y },
    data: before?.data.node === node && isAsLarge ? before.data : { node, box: place.box, shape: look.shape },
    // Sizes and ports are known, so that the canvas need not measure them.
    measured: place.box ?? { width: CARD_WIDTH, height: look.shape.height },
    handles: isAsLarge && others.handles ? others.handles : look.shape.handles(place.box),
    selected: look.isSelected,
    ariaLabel: look.label,
    hidden: place.isHidden,
    ...(place.parent === undefined ? {} : { parentId: place.parent }),
    ...(place.box ?? {}),
  };
}

function isSameSize(one: Size | null, other: Size | null): boolean {
  return one?.width === other?.width && one?.height === other?.height;
}

function line(
  before: LineEdge | undefined,
  edge: EdgeDefinition,
  look: LineLook,
  role: string,
  isHidden: boolean,
): LineEdge {
  const isKnown =
    before?.selected === look.isSelected &&
    before.ariaLabel === look.label &&
    before.class === look.className &&
    (before.hidden ?? false) === isHidden;
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
    hidden: isHidden,
    markerEnd: MARKER,
    domAttributes: {
      "aria-roledescription": role,
      "data-testid": `edge-${edge.from}-${edge.port}-${edge.to}`,
    },
  };
}

const NOTHING: ReadonlySet<string> = new Set();
const MARKER = { type: MarkerType.ArrowClosed, width: 16, height: 16 };

function isSame(before: readonly unknown[], now: readonly unknown[]): boolean {
  return before.length === now.length && now.every((item, index) => item === before[index]);
}
