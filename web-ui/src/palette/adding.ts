/** Adding a step: it connects itself, is selected, and its settings open. */
import type { PaletteRequest } from "../canvas/canvas.svelte.ts";
import type { NodeType } from "../catalogue/catalogue.svelte.ts";
import type { Editor } from "../editor/editor.svelte.ts";
import { t } from "../texts/texts.ts";
import { toast } from "../toasts/toasts.svelte.ts";
import { BOX_ROOM, boxAt, rectOf, refusalOfNew } from "../workflow/boxes.ts";
import { nodeOf, type Position } from "../workflow/definition.ts";
import { addNode, boxOfPlace } from "../workflow/edits/nodes.ts";
import { CARD_HEIGHT, CARD_WIDTH } from "../workflow/measures.ts";
import { remember } from "./remembered.ts";

/** Adds a step where the request says. Nothing happens where nothing may be changed. */
export function addStep(editor: Editor, nodeType: NodeType, request: PaletteRequest = {}): void {
  if (editor.readOnly) return;
  const at = placeFor(editor, request);
  const place = { ...request, box: boxFor(editor, request, at) };
  const box = boxOfPlace(editor.definition, place);
  const refusal = refusalOfNew(editor.definition, editor.catalogue, nodeType.name, box);
  if (refusal !== null) {
    toast(t(`editor.box.refused.${refusal}`));
    return;
  }
  const { definition, id } = addNode(editor.definition, nodeType, within(editor, at, box), place);
  editor.apply(() => definition);
  remember(nodeType.name);
  editor.open(id);
  editor.canvas.reveal(id);
}

/** A step that follows no other comes where the person looks; the first of all at the beginning. */
function placeFor(editor: Editor, request: PaletteRequest) {
  if (request.at) return request.at;
  if (request.from || request.edge || editor.definition.nodes.length === 0) return null;
  const middle = editor.canvas.viewport?.middle();
  return middle ? { x: middle.x - CARD_WIDTH / 2, y: middle.y - CARD_HEIGHT / 2 } : null;
}

/** What is put on the ground of a box comes into it. */
function boxFor(editor: Editor, request: PaletteRequest, at: Position | null): string | undefined {
  if (request.box !== undefined) return request.box;
  if (!request.at || !at || request.from || request.edge) return undefined;
  return boxAt(editor.definition, { x: at.x + CARD_WIDTH / 2, y: at.y + CARD_HEIGHT / 2 }, editor.canvas.collapsed);
}

/** A place that lies far from the box would tear it apart. */
function within(editor: Editor, at: Position | null, box: string | undefined): Position | null {
  const node = box === undefined ? undefined : nodeOf(editor.definition, box);
  if (!at || !node) return at;
  const { x, y, width, height } = rectOf(editor.definition, node);
  const isInside = at.x >= x && at.y >= y && at.x <= x + width && at.y <= y + height;
  return isInside ? { x: Math.max(at.x, x + BOX_ROOM.left), y: Math.max(at.y, y + BOX_ROOM.top) } : null;
}
