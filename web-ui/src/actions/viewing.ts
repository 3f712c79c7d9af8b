/** Actions that change what is seen, and help. */
import type { Editor } from "../editor/editor.svelte.ts";
import type { Action } from "./action.ts";
import { fit, tidy, zoomIn, zoomOut } from "./buttons.ts";
import { toggle } from "./panels.ts";

const always = () => true;
const canEdit = (editor: Editor) => !editor.readOnly;

export const viewingActions: readonly Action[] = [
  {
    id: "commands",
    label: "editor.action.commands",
    group: "help",
    icon: "search",
    shortcuts: ["mod+k"],
    worksInFields: true,
    enabled: always,
    run: (editor) => {
      editor.dialog = "commands";
    },
  },
  tidy,
  fit,
  zoomIn,
  zoomOut,
  {
    id: "outline",
    label: "editor.action.outline",
    group: "view",
    icon: "list-tree",
    shortcuts: ["o"],
    enabled: always,
    run: toggle("outline"),
  },
  {
    id: "problems",
    label: "editor.action.problems",
    group: "view",
    icon: "triangle-alert",
    shortcuts: ["p"],
    enabled: canEdit,
    run: toggle("problems"),
  },
  {
    id: "help",
    label: "editor.action.help",
    group: "help",
    icon: "keyboard",
    shortcuts: ["?"],
    enabled: always,
    run: (editor) => {
      editor.dialog = "shortcuts";
    },
  },
];
