/** What opens a panel closes it again. */
import type { Editor, Panel } from "../editor/editor.svelte.ts";

export function toggle(panel: Panel): (editor: Editor) => void {
  return (editor) => {
    editor.panel = editor.panel === panel ? "none" : panel;
  };
}
