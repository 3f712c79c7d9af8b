/** Where a new card goes, so that it covers no other. All in canvas units; a position is a card's upper left corner. */
import type { Definition, NodeDefinition, Position } from "./definition.ts";

export const CARD_WIDTH = 220;
export const CARD_HEIGHT = 64;
/** Positions snap to multiples of this. */
export const GRID = 20;
/** From one card to the next along an edge, and from one row to the next. */
export const COLUMN = CARD_WIDTH + 80;
export const ROW = CARD_HEIGHT + 56;

/** How much room at least stays between two cards. */
const AIR = GRID;

export function snap(position: Position): Position {
  return { x: Math.round(position.x / GRID) * GRID, y: Math.round(position.y / GRID) * GRID };
}

/** The first free place at or below a position. */
export function freePlace(nodes: readonly NodeDefinition[], wanted: Position): Position {
  let place = snap(wanted);
  // Every step leaves at least one card behind, so this ends.
  for (let left = nodes.length; left > 0 && nodes.some((node) => covers(node.position, place)); left--) {
    const blocking = nodes.filter((node) => covers(node.position, place)).map((node) => node.position.y);
    place = snap({ x: place.x, y: Math.max(...blocking) + ROW });
  }
  return place;
}

/** The place right of a node, in its row if that is free. */
export function placeAfter(definition: Definition, node: NodeDefinition): Position {
  return freePlace(definition.nodes, { x: node.position.x + COLUMN, y: node.position.y });
}

/** A place for a node that belongs to no other: right of everything, in the first row. */
export function placeAtEnd(definition: Definition): Position {
  if (definition.nodes.length === 0) return { x: 0, y: 0 };
  const right = Math.max(...definition.nodes.map((node) => node.position.x));
  const top = Math.min(...definition.nodes.map((node) => node.position.y));
  return freePlace(definition.nodes, { x: right + COLUMN, y: top });
}

function covers(one: Position, other: Position): boolean {
  return Math.abs(one.x - other.x) < CARD_WIDTH + AIR && Math.abs(one.y - other.y) < CARD_HEIGHT + AIR;
}
