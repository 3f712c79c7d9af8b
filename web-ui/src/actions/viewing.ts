/** Actions that change what is seen, and help. */
import Keyboard from "@lucide/svelte/icons/keyboard";
import ListTree from "@lucide/svelte/icons/list-tree";
import Maximize from "@lucide/svelte/icons/maximize";
import Search from "@lucide/svelte/icons/search";
import TriangleAlert from "@lucide/svelte/icons/triangle-alert";
import WandSparkles from "@lucide/svelte/icons/wand-sparkles";
import ZoomIn from "@lucide/svelte/icons/zoom-in";
import ZoomOut from "@lucide/svelte/icons/zoom-out";
import type { Editor, Panel } from "../editor/editor.svelte.ts";
import { moveNodes } from "../workflow/edits.ts";
import type { Action } from "./action.ts";

const always = () => true;
const canEdit = (editor: Editor) => !editor.readOnly;
const toggle = (panel: Panel) => (editor: Editor) => {
  editor.panel = editor.panel === panel ? "none" : panel;
};

async function tidyUp(editor: Editor): Promise<void> {
  const { tidy } = await import("../workflow/layout.ts");
  const positions = await tidy(editor.definition);
  editor.apply((definition) => moveNodes(definition, positions));
  editor.canvas.fit();
}

export const viewingActions: readonly Action[] = [
  {
    id: "commands",
    label: "editor.action.commands",
    group: "help",
    icon: Search,
    shortcuts: ["mod+k"],
    worksInFields: true,
    enabled: always,
    run: (editor) => {
      editor.dialog = "commands";
    },
  },
  {
    id: "tidy",
    label: "editor.action.tidy",
    group: "view",
    icon: WandSparkles,
    shortcuts: ["alt+shift+t"],
    enabled: (editor) => canEdit(editor) && editor.definition.nodes.length > 1,
    run: tidyUp,
  },
  {
    id: "fit",
    label: "editor.action.fit",
    group: "view",
    icon: Maximize,
    shortcuts: ["shift+1"],
    enabled: always,
    run: (editor) => editor.canvas.fit(),
  },
  {
    id: "zoom_in",
    label: "editor.action.zoom_in",
    group: "view",
    icon: ZoomIn,
    shortcuts: ["+"],
    enabled: always,
    run: (editor) => editor.canvas.zoomIn(),
  },
  {
    id: "zoom_out",
    label: "editor.action.zoom_out",
    group: "view",
    icon: ZoomOut,
    shortcuts: ["-"],
    enabled: always,
    run: (editor) => editor.canvas.zoomOut(),
  },
  {
    id: "outline",
    label: "editor.action.outline",
    group: "view",
    icon: ListTree,
    shortcuts: ["o"],
    enabled: always,
    run: toggle("outline"),
  },
  {
    id: "problems",
    label: "editor.action.problems",
    group: "view",
    icon: TriangleAlert,
    shortcuts: ["p"],
    enabled: canEdit,
    run: toggle("problems"),
  },
  {
    id: "help",
    label: "editor.action.help",
    group: "help",
    icon: Keyboard,
    shortcuts: ["?"],
    enabled: always,
    run: (editor) => {
      editor.dialog = "shortcuts";
    },
  },
];
