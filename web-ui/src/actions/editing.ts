/** Actions that change the document. */

import type { Editor } from "../editor/editor.svelte.ts";
import { isBox } from "../workflow/boxes.ts";
import { duplicateNodes, removeEdges, removeNodes } from "../workflow/edits.ts";
import type { Action } from "./action.ts";
import { add, redo, undo } from "./buttons.ts";
import { copySelection, cutSelection, pasteFromClipboard } from "./copying.ts";

const canEdit = (editor: Editor) => !editor.readOnly;
const hasNodes = (editor: Editor) => canEdit(editor) && editor.selectedNodes.size > 0;

/** Removes what is selected, as one step. */
function removeSelection(editor: Editor): void {
  const { selectedNodes, selectedEdges } = editor;
  editor.apply((definition) => removeNodes(removeEdges(definition, selectedEdges), selectedNodes));
  editor.select([]);
  if (editor.panel === "node") editor.panel = "none";
}

function duplicateSelection(editor: Editor): void {
  let ids: readonly string[] = [];
  editor.apply((definition) => {
    const copy = duplicateNodes(definition, editor.selectedNodes);
    ids = copy.ids;
    return copy.definition;
  });
  editor.select(ids);
}

export const editingActions: readonly Action[] = [
  add,
  undo,
  redo,
  {
    id: "cut",
    label: "editor.action.cut",
    group: "edit",
    icon: "scissors",
    shortcuts: ["mod+x"],
    isNative: true,
    enabled: hasNodes,
    run: cutSelection,
  },
  {
    id: "copy",
    label: "editor.action.copy",
    group: "edit",
    icon: "copy",
    shortcuts: ["mod+c"],
    isNative: true,
    enabled: (editor) => editor.selectedNodes.size > 0,
    run: copySelection,
  },
  {
    id: "paste",
    label: "editor.action.paste",
    group: "edit",
    icon: "clipboard-paste",
    shortcuts: ["mod+v"],
    isNative: true,
    enabled: canEdit,
    run: pasteFromClipboard,
  },
  {
    id: "duplicate",
    label: "editor.action.duplicate",
    group: "edit",
    icon: "copy-plus",
    shortcuts: ["mod+d"],
    enabled: hasNodes,
    run: duplicateSelection,
  },
  {
    id: "delete",
    label: "editor.action.delete",
    group: "edit",
    icon: "trash-2",
    shortcuts: ["Delete", "Backspace"],
    enabled: (editor) => canEdit(editor) && editor.selectedNodes.size + editor.selectedEdges.size > 0,
    run: removeSelection,
  },
  {
    id: "into_box",
    label: "editor.action.into_box",
    group: "step",
    icon: "group",
    shortcuts: ["b"],
    enabled: (editor) => hasNodes(editor) && editor.definition.nodes.some(isBox),
    run: (editor) => {
      editor.canvas.boxing = [...editor.selectedNodes];
    },
  },
  {
    id: "select_all",
    label: "editor.action.select_all",
    group: "edit",
    shortcuts: ["mod+a"],
    enabled: (editor) => editor.definition.nodes.length > 0,
    run: (editor) => editor.select(editor.definition.nodes.map((node) => node.id)),
  },
];
