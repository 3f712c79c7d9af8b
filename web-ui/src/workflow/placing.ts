/** Where a new card goes, so that it covers no other. A card covers only those that lie in the same box. */
import { BOX_ROOM, boxesAround, childrenByBox, type Rect, rectOf, rectsOf, type Size } from "./boxes.ts";
import { type Definition, type NodeDefinition, nodeOf, type Position } from "./definition.ts";
import { moveNodes } from "./edits/changes.ts";
import { CARD_HEIGHT, CARD_WIDTH, COLUMN, GRID, ROW, snap } from "./measures.ts";

/** How much room at least stays between two cards. */
const AIR = GRID;
const GAP = COLUMN - CARD_WIDTH;

const CARD: Size = { width: CARD_WIDTH, height: CARD_HEIGHT };

/** The first free place in a box (or outside of all) at or below a position. */
export function freePlace(
  definition: Definition,
  wanted: Position,
  box?: string,
  { width, height }: Size = CARD,
): Position {
  const others = level(definition, box).map((node) => rectOf(definition, node));
  let place = snap(wanted);
  // Every step leaves at least one card behind, so this ends.
  for (let left = others.length; left > 0; left--) {
    const blocking = others.filter((rect) => covers(rect, { ...place, width, height }));
    if (blocking.length === 0) break;
    const bottom = Math.max(...blocking.map((rect) => rect.y + rect.height));
    place = snap({ x: place.x, y: bottom + ROW - CARD_HEIGHT });
  }
  return place;
}

/** The place right of a node, in its row if that is free. */
export function placeAfter(definition: Definition, node: NodeDefinition, size: Size = CARD): Position {
  const { x, y, width } = rectOf(definition, node);
  return freePlace(definition, { x: x + width + GAP, y }, boxesAround(definition, node.id)[0], size);
}

/** A place for a node that belongs to no other: right of everything in its box, in the first row. */
export function placeAtEnd(definition: Definition, box?: string, size: Size = CARD): Position {
  const others = level(definition, box).map((node) => rectOf(definition, node));
  const around = box === undefined ? undefined : nodeOf(definition, box);
  if (others.length === 0) {
    if (!around) return { x: 0, y: 0 };
    const { x, y } = rectOf(definition, around);
    return { x: x + BOX_ROOM.left, y: y + BOX_ROOM.top };
  }
  const right = Math.max(...others.map((rect) => rect.x + rect.width));
  return freePlace(definition, { x: right + GAP, y: Math.min(...others.map((rect) => rect.y)) }, box, size);
}

/** A box that grew pushes aside what lies right of it and below, and so do the boxes around it. */
export function spread(before: Definition, after: Definition, box: string | undefined): Definition {
  if (box === undefined) return after;
  let definition = after;
  for (const id of [box, ...boxesAround(after, box)]) {
    const was = rectsOf(before).get(id);
    const node = nodeOf(definition, id);
    if (was && node) definition = pushAside(definition, node, was);
  }
  return definition;
}

function pushAside(definition: Definition, box: NodeDefinition, was: Rect): Definition {
  const now = rectOf(definition, box);
  const [wider, higher] = [now.x + now.width - was.x - was.width, now.y + now.height - was.y - was.height];
  const others = level(definition, boxesAround(definition, box.id)[0]).filter((node) => node.id !== box.id);
  if (!others.some((node) => covers(rectOf(definition, node), now))) return definition;
  const positions = new Map<string, Position>();
  for (const node of others) {
    const rect = rectOf(definition, node);
    const isRight = wider > 0 && rect.x >= was.x + was.width;
    const isBelow = !isRight && higher > 0 && rect.y >= was.y + was.height;
    if (isRight) positions.set(node.id, { x: rect.x + wider, y: rect.y });
    if (isBelow) positions.set(node.id, { x: rect.x, y: rect.y + higher });
  }
  return moveNodes(definition, positions);
}

function level(definition: Definition, box: string | undefined): readonly NodeDefinition[] {
  return childrenByBox(definition).get(box ?? "") ?? [];
}

function covers(one: Rect, other: Rect): boolean {
  return (
    one.x < other.x + other.width + AIR &&
    other.x < one.x + one.width + AIR &&
    one.y < other.y + other.height + AIR &&
    other.y < one.y + one.height + AIR
  );
}
