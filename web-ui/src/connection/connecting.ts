/** One way to connect two steps, for mouse, touch and keyboard, that says why when it cannot. */
import type { Editor } from "../editor/editor.svelte.ts";
import { t } from "../texts/texts.ts";
import { toast } from "../toasts/toasts.svelte.ts";
import { type EdgeDefinition, nodeOf } from "../workflow/definition.ts";
import { connect } from "../workflow/edits/edges.ts";
import { canConnect } from "../workflow/graph.ts";

/** Why the two cannot be connected, in words; null when they can. */
export function refusalText(editor: Editor, edge: EdgeDefinition): string | null {
  const refusal = canConnect(editor.definition, editor.catalogue, edge);
  return refusal === null ? null : t(`editor.connect.refused.${refusal}`);
}

/** Connects, or says why not. */
export function tryToConnect(editor: Editor, edge: EdgeDefinition): boolean {
  const refusal = refusalText(editor, edge);
  editor.canvas.tapped = null;
  if (refusal === null) editor.apply((definition) => connect(definition, edge));
  const title = (id: string) => {
    const node = nodeOf(editor.definition, id);
    return node ? editor.titleOf(node) : id;
  };
  // Who sees the line needs no message about it.
  if (refusal === null) editor.canvas.said = t("editor.connect.done", { from: title(edge.from), to: title(edge.to) });
  else toast(refusal);
  return refusal === null;
}
