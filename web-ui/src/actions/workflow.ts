/** Actions on one step and on the workflow as a whole. */
import type { Editor } from "../editor/editor.svelte.ts";
import type { Action } from "./action.ts";
import { toggle } from "./panels.ts";

const canEdit = (editor: Editor) => !editor.readOnly;
const hasOneNode = (editor: Editor) => canEdit(editor) && editor.selectedNode !== undefined;
const hasNodes = (editor: Editor) => editor.definition.nodes.length > 0;

export const workflowActions: readonly Action[] = [
  {
    id: "rename",
    label: "editor.action.rename",
    group: "step",
    icon: "pencil",
    shortcuts: ["F2"],
    enabled: canEdit,
    run: (editor) => {
      if (editor.selectedNode) editor.open(editor.selectedNode.id, "$title");
      else editor.dialog = "name";
    },
  },
  {
    id: "connect",
    label: "editor.action.connect",
    group: "step",
    icon: "spline",
    shortcuts: ["c"],
    enabled: hasOneNode,
    run: (editor) => {
      if (editor.selectedNode) editor.canvas.openConnect(editor.selectedNode.id);
    },
  },
  {
    id: "test_step",
    label: "editor.action.test_step",
    group: "step",
    icon: "flask-conical",
    shortcuts: ["mod+Enter"],
    worksInFields: true,
    enabled: (editor) => hasOneNode(editor) && editor.runner !== null,
    run: (editor) => {
      if (editor.selectedNode) editor.runner?.testStep(editor.selectedNode.id);
    },
  },
  {
    id: "run",
    label: "editor.action.run",
    group: "workflow",
    icon: "play",
    shortcuts: ["mod+shift+Enter"],
    worksInFields: true,
    enabled: (editor) => canEdit(editor) && editor.runner !== null && hasNodes(editor),
    run: (editor) => editor.runner?.run(),
  },
  {
    id: "save",
    label: "editor.action.save",
    group: "workflow",
    shortcuts: ["mod+s"],
    worksInFields: true,
    enabled: canEdit,
    run: async (editor) => {
      await editor.saveNow();
    },
  },
  {
    id: "publish",
    label: "editor.action.publish",
    group: "workflow",
    icon: "rocket",
    enabled: (editor) => canEdit(editor) && editor.publishing.isWorthwhile,
    run: (editor) => editor.publishing.publish(),
  },
  {
    id: "activate",
    label: "editor.action.activate",
    group: "workflow",
    icon: "zap",
    enabled: (editor) => canEdit(editor) && editor.workflow.published_version !== null && !editor.workflow.active,
    run: (editor) => editor.publishing.setActive(true),
  },
  {
    id: "pause",
    label: "editor.action.pause",
    group: "workflow",
    icon: "pause",
    enabled: (editor) => canEdit(editor) && editor.workflow.active,
    run: (editor) => editor.publishing.setActive(false),
  },
  {
    id: "versions",
    label: "editor.action.versions",
    group: "workflow",
    icon: "history",
    enabled: canEdit,
    run: toggle("versions"),
  },
  {
    id: "settings",
    label: "editor.action.settings",
    group: "workflow",
    icon: "settings",
    enabled: canEdit,
    run: toggle("settings"),
  },
  {
    id: "copy_workflow",
    label: "editor.action.copy_workflow",
    group: "workflow",
    icon: "copy-plus",
    enabled: (editor) => canEdit(editor) && hasNodes(editor),
    run: async (editor) => (await import("./files.ts")).copyWorkflow(editor),
  },
  {
    id: "export",
    label: "editor.action.export",
    group: "workflow",
    icon: "download",
    enabled: hasNodes,
    run: async (editor) => (await import("./files.ts")).exportFile(editor),
  },
  {
    id: "import",
    label: "editor.action.import",
    group: "workflow",
    icon: "upload",
    enabled: canEdit,
    run: async (editor) => (await import("./files.ts")).importFile(editor),
  },
];
