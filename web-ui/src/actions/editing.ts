/** Actions that change the document. */

import ClipboardPaste from "@lucide/svelte/icons/clipboard-paste";
import Copy from "@lucide/svelte/icons/copy";
import CopyPlus from "@lucide/svelte/icons/copy-plus";
import Plus from "@lucide/svelte/icons/plus";
import Redo2 from "@lucide/svelte/icons/redo-2";
import Scissors from "@lucide/svelte/icons/scissors";
import Trash2 from "@lucide/svelte/icons/trash-2";
import Undo2 from "@lucide/svelte/icons/undo-2";
import type { Editor } from "../editor/editor.svelte.ts";
import { afterSelection } from "../palette/adding.ts";
import { duplicateNodes, removeEdges, removeNodes } from "../workflow/edits.ts";
import type { Action } from "./action.ts";
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
  {
    id: "add",
    label: "editor.action.add",
    group: "step",
    icon: Plus,
    shortcuts: ["Tab", "n"],
    enabled: canEdit,
    run: (editor) => editor.canvas.openPalette(afterSelection(editor)),
  },
  {
    id: "undo",
    label: "editor.action.undo",
    group: "edit",
    icon: Undo2,
    shortcuts: ["mod+z"],
    enabled: (editor) => canEdit(editor) && editor.canUndo,
    run: (editor) => editor.undo(),
  },
  {
    id: "redo",
    label: "editor.action.redo",
    group: "edit",
    icon: Redo2,
    shortcuts: ["mod+shift+z", "mod+y"],
    enabled: (editor) => canEdit(editor) && editor.canRedo,
    run: (editor) => editor.redo(),
  },
  {
    id: "cut",
    label: "editor.action.cut",
    group: "edit",
    icon: Scissors,
    shortcuts: ["mod+x"],
    isNative: true,
    enabled: hasNodes,
    run: cutSelection,
  },
  {
    id: "copy",
    label: "editor.action.copy",
    group: "edit",
    icon: Copy,
    shortcuts: ["mod+c"],
    isNative: true,
    enabled: (editor) => editor.selectedNodes.size > 0,
    run: copySelection,
  },
  {
    id: "paste",
    label: "editor.action.paste",
    group: "edit",
    icon: ClipboardPaste,
    shortcuts: ["mod+v"],
    isNative: true,
    enabled: canEdit,
    run: pasteFromClipboard,
  },
  {
    id: "duplicate",
    label: "editor.action.duplicate",
    group: "edit",
    icon: CopyPlus,
    shortcuts: ["mod+d"],
    enabled: hasNodes,
    run: duplicateSelection,
  },
  {
    id: "delete",
    label: "editor.action.delete",
    group: "edit",
    icon: Trash2,
    shortcuts: ["Delete", "Backspace"],
    enabled: (editor) => canEdit(editor) && editor.selectedNodes.size + editor.selectedEdges.size > 0,
    run: removeSelection,
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
