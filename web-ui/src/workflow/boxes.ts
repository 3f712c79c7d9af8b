/**
 * Boxes: nodes that contain others, whose steps run once for every item. A node names its box as `parent`. Positions in the
 * document are absolute, so that a node keeps its place when it moves in or out and reads the same without its box; how large
 * a box is follows from what lies in it.
 */
import type { Catalogue } from "../catalogue/catalogue.svelte.ts";
import { type Definition, type NodeDefinition, nodeOf, type Position } from "./definition.ts";
import { CARD_HEIGHT, CARD_WIDTH } from "./measures.ts";

/** The type of the node that contains others. */
const BOX_TYPE = "for_each";
/** How deep boxes may lie in boxes. */
const DEEPEST = 3;
/** The box's own line, with title and buttons. */
const BOX_HEAD = CARD_HEIGHT;
/** Room between a box's border and what lies in it. The ports' buttons need some at the right and below. */
export const BOX_ROOM = { left: 40, top: BOX_HEAD + 16, right: 60, bottom: 60 } as const;

/** Only what starts or answers a run, which happens once. */
const NEVER_INSIDE = "respond";

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Rect extends Position, Size {}

/** Why a node may not lie in a box. */
export type BoxRefusal = "trigger" | "respond" | "too_deep" | "in_itself" | "unknown_box";

export function isBox(node: Pick<NodeDefinition, "type"> | undefined): boolean {
  return node?.type === BOX_TYPE;
}

/** The boxes around a node, the innermost first. A circle, which only a damaged document has, ends. */
export function boxesAround(definition: Definition, id: string | undefined): readonly string[] {
  const found = new Set<string>();
  let parent = id === undefined ? undefined : nodeOf(definition, id)?.parent;
  while (parent !== undefined && !found.has(parent)) {
    const box = nodeOf(definition, parent);
    if (!box) break;
    found.add(parent);
    parent = box.parent;
  }
  return [...found];
}

/** The box that a node lies in; none also when it names one that is gone. */
export function boxOf(definition: Definition, id: string): string | undefined {
  return boxesAround(definition, id)[0];
}

/** These nodes and everything that lies in them. */
export function withContents(definition: Definition, ids: Iterable<string>): ReadonlySet<string> {
  const all = new Set(ids);
  const inner = childrenByBox(definition);
  // A set is walked in the order of insertion, and what is added meanwhile is walked, too.
  for (const id of all) for (const child of inner.get(id) ?? []) all.add(child.id);
  return all;
}

/** The nodes that lie directly in each box; those that lie in none under `""`. */
export function childrenByBox(definition: Definition): ReadonlyMap<string, readonly NodeDefinition[]> {
  const known = cacheOf(definition);
  known.children ??= groupByBox(definition);
  return known.children;
}

/** Why these nodes may not go into a box (or, without one, out of all boxes, which is always fine); null when they may. */
export function refusalOfBox(
  definition: Definition,
  catalogue: Catalogue,
  ids: Iterable<string>,
  box: string | undefined,
): BoxRefusal | null {
  if (box === undefined) return null;
  if (!isBox(nodeOf(definition, box))) return "unknown_box";
  const chosen = [...ids];
  const all = withContents(definition, chosen);
  if (all.has(box)) return "in_itself";
  for (const id of all) {
    const node = nodeOf(definition, id);
    const refusal = node && refusalOfType(node.type, catalogue);
    if (refusal) return refusal;
  }
  const below = Math.max(0, ...chosen.map((id) => levelsIn(definition, id)));
  return depthOf(definition, box) + below > DEEPEST ? "too_deep" : null;
}

/** Why a new node of this type may not go into a box; null when it may. */
export function refusalOfNew(
  definition: Definition,
  catalogue: Catalogue,
  type: string,
  box: string | undefined,
): BoxRefusal | null {
  if (box === undefined) return null;
  if (!isBox(nodeOf(definition, box))) return "unknown_box";
  const refusal = refusalOfType(type, catalogue);
  if (refusal) return refusal;
  return isBox({ type }) && depthOf(definition, box) >= DEEPEST ? "too_deep" : null;
}

/** Where every node lies and how large it is drawn. A box covers its contents and is never smaller than one card in it. */
export function rectsOf(definition: Definition): ReadonlyMap<string, Rect> {
  const known = cacheOf(definition);
  known.rects ??= computeRects(definition);
  return known.rects;
}

/** The rectangle of a node. */
export function rectOf(definition: Definition, node: NodeDefinition): Rect {
  return rectsOf(definition).get(node.id) ?? cardRect(node);
}

/** The innermost box under a point that is not one of `except`. */
export function boxAt(definition: Definition, point: Position, except: ReadonlySet<string>): string | undefined {
  const rects = rectsOf(definition);
  const under = definition.nodes.filter((node) => {
    const rect = rects.get(node.id);
    return isBox(node) && !except.has(node.id) && rect !== undefined && contains(rect, point);
  });
  return under.sort((one, other) => depthOf(definition, other.id) - depthOf(definition, one.id))[0]?.id;
}

/** How large a node is drawn that has neither contents nor parameters yet. */
export function sizeOfNew(node: NodeDefinition): Size {
  return isBox(node) ? boxRect(node, []) : cardRect(node);
}

/** A card without contents. */
function cardRect(node: NodeDefinition): Rect {
  const cases = node.params.cases;
  const ways = Array.isArray(cases) ? cases.length + 1 : 1;
  return { ...node.position, width: CARD_WIDTH, height: Math.max(CARD_HEIGHT, ways * 28 + 8) };
}

/** How many boxes a node lies in, itself counted when it is one. */
function depthOf(definition: Definition, id: string): number {
  return boxesAround(definition, id).length + (isBox(nodeOf(definition, id)) ? 1 : 0);
}

/** How many boxes lie in each other from this node on. */
function levelsIn(definition: Definition, id: string): number {
  const around = boxesAround(definition, id).length;
  const depths = [...withContents(definition, [id])].map((inner) => depthOf(definition, inner) - around);
  return Math.max(0, ...depths);
}

function refusalOfType(type: string, catalogue: Catalogue): BoxRefusal | null {
  if (catalogue.get(type)?.kind === "trigger") return "trigger";
  return type === NEVER_INSIDE ? "respond" : null;
}

function contains(rect: Rect, { x, y }: Position): boolean {
  return x >= rect.x && y >= rect.y && x <= rect.x + rect.width && y <= rect.y + rect.height;
}

function computeRects(definition: Definition): ReadonlyMap<string, Rect> {
  const inner = childrenByBox(definition);
  const rects = new Map<string, Rect>();
  const visit = (node: NodeDefinition): Rect => {
    const known = rects.get(node.id);
    if (known) return known;
    // A box that lies in itself is drawn as a card.
    rects.set(node.id, cardRect(node));
    const rect = isBox(node) ? boxRect(node, (inner.get(node.id) ?? []).map(visit)) : cardRect(node);
    rects.set(node.id, rect);
    return rect;
  };
  definition.nodes.forEach(visit);
  return rects;
}

function boxRect({ position }: NodeDefinition, contents: readonly Rect[]): Rect {
  const { left, top, right, bottom } = BOX_ROOM;
  const x = Math.min(position.x, ...contents.map((rect) => rect.x - left));
  const y = Math.min(position.y, ...contents.map((rect) => rect.y - top));
  const first = { x: position.x + left + CARD_WIDTH, y: position.y + top + CARD_HEIGHT };
  const end = {
    x: Math.max(first.x, ...contents.map((rect) => rect.x + rect.width)) + right,
    y: Math.max(first.y, ...contents.map((rect) => rect.y + rect.height)) + bottom,
  };
  return { x, y, width: end.x - x, height: end.y - y };
}

function groupByBox(definition: Definition): ReadonlyMap<string, readonly NodeDefinition[]> {
  const boxes = new Set(definition.nodes.filter(isBox).map((node) => node.id));
  const groups = new Map<string, NodeDefinition[]>();
  for (const node of definition.nodes) {
    const box = node.parent !== undefined && boxes.has(node.parent) ? node.parent : "";
    const group = groups.get(box);
    if (group) group.push(node);
    else groups.set(box, [node]);
  }
  return groups;
}

interface Cache {
  children?: ReadonlyMap<string, readonly NodeDefinition[]>;
  rects?: ReadonlyMap<string, Rect>;
}

// A definition is never changed in place, so what follows from it is computed once.
const caches = new WeakMap<Definition, Cache>();

function cacheOf(definition: Definition): Cache {
  const known = caches.get(definition);
  if (known) return known;
  const cache: Cache = {};
  caches.set(definition, cache);
  return cache;
}
