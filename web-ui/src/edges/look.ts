/** What a line looks like over a run, and how a screen reader names it. */
import type { Editor } from "../editor/editor.svelte.ts";
import { t } from "../texts/texts.ts";
import { type EdgeDefinition, ERROR, nodeOf } from "../workflow/definition.ts";
import { portsOf } from "../workflow/graph.ts";

/** Whether the run went along this line. */
function isTaken(editor: Editor, edge: EdgeDefinition): boolean {
  const step = editor.stepOf(edge.from);
  if (!step) return isFromTrigger(editor, edge);
  if (step.port !== null) return step.port === edge.port;
  return step.status === "failed" ? edge.port === ERROR : step.status === "succeeded" && edge.port !== ERROR;
}

export function lineClass(editor: Editor, edge: EdgeDefinition): string {
  if (!editor.run) return "";
  return isTaken(editor, edge) ? "taken" : "untaken";
}

/** "From Order paid (Yes) to Tell the shop". */
export function lineLabel(editor: Editor, edge: EdgeDefinition): string {
  const title = (id: string) => {
    const node = nodeOf(editor.definition, id);
    return node ? editor.titleOf(node) : id;
  };
  const ports = portsOfNode(editor, edge.from);
  const port = ports.find((known) => known.name === edge.port)?.title ?? edge.port;
  const ends = { from: title(edge.from), to: title(edge.to), port };
  const hasChoice = edge.port === ERROR || ports.filter((known) => known.name !== ERROR).length > 1;
  const text = t(hasChoice ? "editor.edge.label_port" : "editor.edge.label", ends);
  return editor.run && isTaken(editor, edge) ? `${text}, ${t("editor.edge.taken")}` : text;
}

function portsOfNode(editor: Editor, id: string) {
  const node = nodeOf(editor.definition, id);
  return node ? portsOf(node, editor.nodeType(node)) : [];
}

/** The trigger that started the run is no step of it. */
function isFromTrigger(editor: Editor, edge: EdgeDefinition): boolean {
  return editor.run?.trigger === edge.from;
}
