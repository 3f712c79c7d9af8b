/** How a screen reader names a step: title, type, what it does, state, problems. */
import type { Editor } from "../editor/editor.svelte.ts";
import { t } from "../texts/texts.ts";
import { boxOf } from "../workflow/boxes.ts";
import { type NodeDefinition, nodeOf } from "../workflow/definition.ts";
import { type CardState, stateOf, stateText } from "./state.ts";
import { summaryOf, summaryText } from "./summary.ts";

export function cardLabel(editor: Editor, node: NodeDefinition): string {
  const nodeType = editor.nodeType(node);
  const title = editor.titleOf(node);
  const parts = [title];
  if (nodeType && nodeType.title !== title) parts.push(nodeType.title);
  parts.push(summaryText(summaryOf(node, nodeType, editor.catalogue)));
  const box = boxOf(editor.definition, node.id);
  const around = box === undefined ? undefined : nodeOf(editor.definition, box);
  if (around) parts.push(t("editor.box.inside", { box: editor.titleOf(around) }));
  const state = runStateOf(editor, node.id);
  if (state) parts.push(stateText(state));
  const count = editor.problemsOf(node.id).length;
  if (count > 0) parts.push(problemsText(count));
  return parts.join(", ");
}

/** How a node fared in the run that lies over the canvas; null without one. */
export function runStateOf(editor: Editor, id: string): CardState | null {
  if (!editor.run) return null;
  const step = editor.stepOf(id);
  const box = boxOf(editor.definition, id);
  // Which turn is meant is not known yet.
  if (box !== undefined && !editor.turns.has(box) && editor.stepOf(box)?.turns) return null;
  // What started the run is no step of it, and has done its part.
  return !step && editor.run.trigger === id ? "succeeded" : stateOf(step);
}

export function problemsText(count: number): string {
  return count === 1 ? t("editor.node.problems_one") : t("editor.node.problems", { count });
}
