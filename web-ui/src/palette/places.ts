/** Where a step goes that is added without saying where. */
import type { PaletteRequest } from "../canvas/canvas.svelte.ts";
import type { Editor } from "../editor/editor.svelte.ts";
import { boxOf, childrenByBox, isBox } from "../workflow/boxes.ts";
import { openEnd } from "../workflow/graph.ts";

/** Behind the selected step, or without one at the end; where no way is free it is not connected. An empty box is filled first. */
export function afterSelection(editor: Editor): PaletteRequest {
  const { definition, selectedNode } = editor;
  if (isBox(selectedNode) && selectedNode && !childrenByBox(definition).has(selectedNode.id)) {
    return { box: selectedNode.id };
  }
  const from = openEnd(definition, editor.catalogue, selectedNode?.id);
  if (from) return { from };
  return selectedNode ? { box: boxOf(definition, selectedNode.id) } : {};
}

/** In a box: behind its last step that has a free way, else by itself. */
export function insideBox(editor: Editor, box: string): PaletteRequest {
  const from = openEnd(editor.definition, editor.catalogue, undefined, box);
  return from ? { from } : { box };
}
