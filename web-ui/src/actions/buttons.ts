/** The actions that have a button of their own in header and canvas. They are there from the beginning, all others come later. */
import type { Editor } from "../editor/editor.svelte.ts";
import { lazy } from "../loading/lazy.ts";
import { afterSelection } from "../palette/places.ts";
import { moveNodes } from "../workflow/edits/changes.ts";
import type { Action } from "./action.ts";

const always = () => true;
const canEdit = (editor: Editor) => !editor.readOnly;

export const add: Action = {
  id: "add",
  label: "editor.action.add",
  group: "step",
  icon: "plus",
  shortcuts: ["Tab", "n"],
  enabled: canEdit,
  run: (editor) => editor.canvas.openPalette(afterSelection(editor)),
};

export const undo: Action = {
  id: "undo",
  label: "editor.action.undo",
  group: "edit",
  icon: "undo-2",
  shortcuts: ["mod+z"],
  enabled: (editor) => canEdit(editor) && editor.canUndo,
  run: (editor) => editor.undo(),
};

export const redo: Action = {
  id: "redo",
  label: "editor.action.redo",
  group: "edit",
  icon: "redo-2",
  shortcuts: ["mod+shift+z", "mod+y"],
  enabled: (editor) => canEdit(editor) && editor.canRedo,
  run: (editor) => editor.redo(),
};

export const tidy: Action = {
  id: "tidy",
  label: "editor.action.tidy",
  group: "view",
  icon: "wand-sparkles",
  shortcuts: ["alt+shift+t"],
  enabled: (editor) => canEdit(editor) && editor.definition.nodes.length > 1,
  run: tidyUp,
};

export const fit: Action = {
  id: "fit",
  label: "editor.action.fit",
  group: "view",
  icon: "maximize",
  shortcuts: ["shift+1"],
  enabled: always,
  run: (editor) => editor.canvas.fit(),
};

export const zoomIn: Action = {
  id: "zoom_in",
  label: "editor.action.zoom_in",
  group: "view",
  icon: "zoom-in",
  shortcuts: ["+"],
  enabled: always,
  run: (editor) => editor.canvas.zoomIn(),
};

export const zoomOut: Action = {
  id: "zoom_out",
  label: "editor.action.zoom_out",
  group: "view",
  icon: "zoom-out",
  shortcuts: ["-"],
  enabled: always,
  run: (editor) => editor.canvas.zoomOut(),
};

async function tidyUp(editor: Editor): Promise<void> {
  const { tidy } = await lazy(() => import("../workflow/layout.ts"));
  const positions = await tidy(editor.definition);
  editor.apply((definition) => moveNodes(definition, positions));
  editor.canvas.fit();
}
