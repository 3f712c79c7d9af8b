/** Adding a step: it connects itself, is selected, and its settings open. */
import type { PaletteRequest } from "../canvas/canvas.svelte.ts";
import type { NodeType } from "../catalogue/catalogue.svelte.ts";
import type { Editor } from "../editor/editor.svelte.ts";
import { addNode } from "../workflow/edits/nodes.ts";
import { CARD_HEIGHT, CARD_WIDTH } from "../workflow/placing.ts";
import { remember } from "./remembered.ts";

/** Adds a step where the request says. Nothing happens where nothing may be changed. */
export function addStep(editor: Editor, nodeType: NodeType, request: PaletteRequest = {}): void {
  if (editor.readOnly) return;
  const { definition, id } = addNode(editor.definition, nodeType, placeFor(editor, request), request);
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
