/** Sizes on the canvas, all in canvas units; a position is a card's upper left corner. */
import type { Position } from "./definition.ts";

export const CARD_WIDTH = 220;
export const CARD_HEIGHT = 64;
/** Positions snap to multiples of this. */
export const GRID = 20;
/** From one card to the next along an edge, and from one row to the next. */
export const COLUMN = CARD_WIDTH + 80;
export const ROW = CARD_HEIGHT + 56;

export function snap(position: Position): Position {
  return { x: Math.round(position.x / GRID) * GRID, y: Math.round(position.y / GRID) * GRID };
}
