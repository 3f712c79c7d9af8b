/** Work that can wait until the page has been drawn: a few pieces of it before each frame, so that nothing stands still. */

import type { Definition } from "../workflow/definition.ts";

/** From this many steps on the cards are drawn first, and what can wait follows. */
const MANY_STEPS = 60;

/** A piece draws one card's ports, which takes about a millisecond. */
const PIECES = 12;

const waiting = new Set<() => void>();
let isPlanned = false;

/** Whether a workflow has so many steps that not everything is drawn at once. */
export function isLarge({ nodes }: Definition): boolean {
  return nodes.length >= MANY_STEPS;
}

/** Does something soon. What it returns takes it back. */
export function soon(work: () => void): () => void {
  waiting.add(work);
  plan();
  return () => waiting.delete(work);
}

function plan(): void {
  if (isPlanned) return;
  isPlanned = true;
  // After the frame, not before it.
  requestAnimationFrame(() => setTimeout(slice));
}

function slice(): void {
  isPlanned = false;
  for (const work of [...waiting].slice(0, PIECES)) {
    waiting.delete(work);
    work();
  }
  if (waiting.size > 0) plan();
}
