/** Where a step goes that is added without saying where. */
import type { PaletteRequest } from "../canvas/canvas.svelte.ts";
import type { Editor } from "../editor/editor.svelte.ts";
import { openEnd } from "../workflow/graph.ts";

/** Behind the selected step, or without one at the end; where no way is free it is not connected. */
export function afterSelection(editor: Editor): PaletteRequest {
  const from = openEnd(editor.definition, editor.catalogue, editor.selectedNode?.id);
  return from ? { from } : {};
}
