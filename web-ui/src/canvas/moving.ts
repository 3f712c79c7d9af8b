/** From the canvas to the document: where cards were moved, and into which box. */
import type { Editor } from "../editor/editor.svelte.ts";
import { lazy } from "../loading/lazy.ts";
import { boxAt, boxOf, rectsOf, withContents } from "../workflow/boxes.ts";
import type { Position } from "../workflow/definition.ts";
import { moveNodes } from "../workflow/edits/changes.ts";
import { CARD_HEIGHT, CARD_WIDTH } from "../workflow/measures.ts";
import { type CardNode, placesOf } from "./elements.ts";

/** The cards that do not lie where the document has them, with their places on the whole drawing. */
function movedCards(editor: Editor, cards: readonly CardNode[]): ReadonlyMap<string, Position> {
  const rects = rectsOf(editor.definition);
  const places = placesOf(cards);
  const moved = new Map<string, Position>();
  for (const { id, position, parentId } of cards) {
    const [known, corner] = [rects.get(id), parentId === undefined ? undefined : rects.get(parentId)];
    const place = places.get(id);
    const isStill = known?.x === position.x + (corner?.x ?? 0) && known.y === position.y + (corner?.y ?? 0);
    if (place && !isStill) moved.set(id, { x: Math.round(place.x), y: Math.round(place.y) });
  }
  return moved;
}

/** The document takes over where the cards lie now. */
export function takePlaces(editor: Editor, cards: readonly CardNode[], mergeKey: string | null): void {
  const moved = movedCards(editor, cards);
  if (moved.size === 0) return;
  editor.apply((definition) => moveNodes(definition, moved), mergeKey && `${mergeKey}/${[...moved.keys()]}`);
}

/** The box that dragged cards would come into: the one under the first card. None: they would lie outside of all boxes. */
export function boxUnder(editor: Editor, cards: readonly CardNode[], dragged: readonly string[]): string | undefined {
  const { definition, canvas } = editor;
  const [first] = dragged;
  const place = first === undefined ? undefined : placesOf(cards).get(first);
  if (!place) return undefined;
  const except = new Set([...withContents(definition, dragged), ...canvas.collapsed]);
  return boxAt(definition, { x: place.x + CARD_WIDTH / 2, y: place.y + CARD_HEIGHT / 2 }, except);
}

/** Cards were let go: they stay where they are, and come into the box that lies there. */
export async function dropCards(editor: Editor, cards: readonly CardNode[], dragged: readonly string[]): Promise<void> {
  const box = boxUnder(editor, cards, dragged);
  if (dragged.every((id) => boxOf(editor.definition, id) === box)) return takePlaces(editor, cards, null);
  const { dragInto } = await lazy(() => import("../boxes/boxing.ts"));
  dragInto(editor, movedCards(editor, cards), dragged, box);
}
