/** Which part of the canvas is seen: everything, or at first the beginning of a workflow that is too large to be read whole. */
import { rectsOf } from "../workflow/boxes.ts";
import type { Definition, Position } from "../workflow/definition.ts";
import { CARD_HEIGHT } from "../workflow/measures.ts";

export interface View extends Position {
  readonly zoom: number;
}

/** How far one can go away. */
export const FARTHEST_ZOOM = 0.1;
/** Below this nobody can read a card. */
const SMALLEST_ZOOM = 0.55;
/** The zoom at which only the beginning is shown. */
const READING_ZOOM = 0.85;
/** Room around everything, which the ports' buttons need, too. */
const MARGIN = 70;

/** The first view of a definition in a frame of this size. */
export function beginning(definition: Definition, width: number, height: number): View {
  const whole = everything(definition, width, height);
  const { nodes } = definition;
  const [first] = nodes;
  if (!first || whole.zoom >= SMALLEST_ZOOM) return whole;
  const { top, bottom } = boundsOf(definition);
  const start = nodes.reduce((leftmost, node) => (node.position.x < leftmost.position.x ? node : leftmost), first);
  const zoom = READING_ZOOM;
  const middle = height / 2 - (start.position.y + CARD_HEIGHT / 2) * zoom;
  // What lies above the beginning is shown, but no empty space above everything.
  const isTall = (bottom - top) * zoom > height / 2;
  return {
    x: Math.min(MARGIN, width / 8) - start.position.x * zoom,
    y: isTall ? Math.min(middle, MARGIN - top * zoom) : middle,
    zoom,
  };
}

/** The view that shows all steps, in their own size at most. */
export function everything(definition: Definition, width: number, height: number): View {
  if (definition.nodes.length === 0 || width === 0 || height === 0) return { x: 0, y: 0, zoom: 1 };
  const { left, top, right, bottom } = boundsOf(definition);
  const fitting = Math.min(1, width / (right - left + 2 * MARGIN), height / (bottom - top + 2 * MARGIN));
  const zoom = Math.max(FARTHEST_ZOOM, fitting);
  return { x: width / 2 - ((left + right) / 2) * zoom, y: height / 2 - ((top + bottom) / 2) * zoom, zoom };
}

function boundsOf(definition: Definition): { left: number; top: number; right: number; bottom: number } {
  const rects = [...rectsOf(definition).values()];
  return {
    left: Math.min(...rects.map(({ x }) => x)),
    top: Math.min(...rects.map(({ y }) => y)),
    right: Math.max(...rects.map(({ x, width }) => x + width)),
    bottom: Math.max(...rects.map(({ y, height }) => y + height)),
  };
}
