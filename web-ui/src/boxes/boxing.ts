/** Moving steps into boxes and out of them, with a word about what that cost. */
import type { Editor } from "../editor/editor.svelte.ts";
import { t } from "../texts/texts.ts";
import { toast } from "../toasts/toasts.svelte.ts";
import { refusalOfBox } from "../workflow/boxes.ts";
import { nodeOf, type Position } from "../workflow/definition.ts";
import { moveInto, moveNodes } from "../workflow/edits.ts";

/** Why these steps may not go there, in words; null when they may. */
export function refusalText(editor: Editor, ids: Iterable<string>, box: string | undefined): string | null {
  const refusal = refusalOfBox(editor.definition, editor.catalogue, ids, box);
  return refusal === null ? null : t(`editor.box.refused.${refusal}`);
}

/** Puts steps into a box, or out of all, and finds a place for them there. Tells whether it could be done. */
export function putInto(editor: Editor, ids: readonly string[], box: string | undefined): boolean {
  return put(editor, ids, box, null);
}

/** The same for steps that were dragged there. What may not lie there goes back. */
export function dragInto(
  editor: Editor,
  places: ReadonlyMap<string, Position>,
  ids: readonly string[],
  box: string | undefined,
): void {
  put(editor, ids, box, places);
}

function put(
  editor: Editor,
  ids: readonly string[],
  box: string | undefined,
  places: ReadonlyMap<string, Position> | null,
): boolean {
  const refusal = refusalText(editor, ids, box);
  if (refusal !== null) {
    toast(refusal);
    editor.canvas.redraw += 1;
    return false;
  }
  const start = places ? moveNodes(editor.definition, places) : editor.definition;
  const { definition, removed } = moveInto(start, ids, box, places !== null);
  editor.apply(() => definition);
  if (box !== undefined) editor.canvas.fold(box, false);
  const node = box === undefined ? undefined : nodeOf(definition, box);
  const said = node ? t("editor.box.moved_in", { box: editor.titleOf(node) }) : t("editor.box.moved_out");
  if (removed.length === 0) editor.canvas.said = said;
  else {
    const cut = t(removed.length === 1 ? "editor.box.cut_one" : "editor.box.cut", { count: removed.length });
    toast(`${said} ${cut}`, { button: { text: t("editor.action.undo"), run: () => editor.undo() } });
  }
  return true;
}
