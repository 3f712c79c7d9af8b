/** Actions that make sense where something is drawn. */

import type { Action } from "../actions/action.ts";
import type { Editor } from "../editor/editor.svelte.ts";
import { edgeKey } from "../workflow/definition.ts";

export const drawingActions: readonly Action[] = [
  {
    id: "open",
    label: "editor.action.open",
    group: "step",
    icon: "square-pen",
    shortcuts: ["Enter"],
    // On a card the canvas itself hears the key; elsewhere it belongs to whatever has the focus.
    isNative: true,
    enabled: (editor) => editor.selectedNode !== undefined,
    run: (editor) => {
      if (editor.selectedNode) editor.open(editor.selectedNode.id);
    },
  },
  {
    id: "insert",
    label: "editor.action.insert",
    group: "step",
    icon: "plus",
    enabled: (editor) => !editor.readOnly && selectedEdge(editor) !== undefined,
    run: (editor) => {
      const edge = selectedEdge(editor);
      const anchor = editor.canvas.menu?.anchor;
      if (edge) editor.canvas.openPalette(anchor ? { edge, anchor } : { edge });
    },
  },
];

function selectedEdge(editor: Editor) {
  if (editor.selectedEdges.size !== 1) return undefined;
  return editor.definition.edges.find((edge) => editor.selectedEdges.has(edgeKey(edge)));
}
