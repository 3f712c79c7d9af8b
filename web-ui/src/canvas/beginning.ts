/** What is seen first: everything when it can be read, else the beginning of the workflow. */
import type { Definition, Position } from "../workflow/definition.ts";
import { CARD_HEIGHT, CARD_WIDTH } from "../workflow/placing.ts";

export interface View extends Position {
  readonly zoom: number;
}

/** Below this nobody can read a card. */
const SMALLEST_ZOOM = 0.55;
/** The zoom at which only the beginning is shown. */
const READING_ZOOM = 0.85;
/** Room around everything, which the ports' buttons need, too. */
const MARGIN = 70;

/** The first view of a definition in a frame of this size. */
export function beginning(definition: Definition, width: number, height: number): View {
  const nodes = definition.nodes;
  const [first] = nodes;
  if (!first || width === 0 || height === 0) return { x: 0, y: 0, zoom: 1 };
  const left = Math.min(...nodes.map((node) => node.position.x));
  const top = Math.min(...nodes.map((node) => node.position.y));
  const right = Math.max(...nodes.map((node) => node.position.x)) + CARD_WIDTH;
  const bottom = Math.max(...nodes.map((node) => node.position.y)) + CARD_HEIGHT;
  const fitting = Math.min(1, width / (right - left + 2 * MARGIN), height / (bottom - top + 2 * MARGIN));
  if (fitting >= SMALLEST_ZOOM) {
    return {
      x: width / 2 - ((left + right) / 2) * fitting,
      y: height / 2 - ((top + bottom) / 2) * fitting,
      zoom: fitting,
    };
  }
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
