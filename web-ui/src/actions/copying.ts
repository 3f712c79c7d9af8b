/** Copy, cut and paste of nodes, as text that other tabs and installations can read. */
import type { Editor } from "../editor/editor.svelte.ts";
import { t } from "../texts/texts.ts";
import { toast } from "../toasts/toasts.svelte.ts";
import { fromText, toText } from "../workflow/clipboard.ts";
import { paste, removeNodes } from "../workflow/edits.ts";
import { isTyping } from "./typing.ts";

export async function copySelection(editor: Editor): Promise<void> {
  try {
    await navigator.clipboard.writeText(toText(editor.definition, editor.selectedNodes));
    toast(t("editor.copied", { count: editor.selectedNodes.size }));
  } catch {
    toast(t("editor.clipboard.refused"), { kind: "bad" });
  }
}

export async function cutSelection(editor: Editor): Promise<void> {
  await copySelection(editor);
  removeCopied(editor);
}

export async function pasteFromClipboard(editor: Editor): Promise<void> {
  let text: string;
  try {
    text = await navigator.clipboard.readText();
  } catch {
    // The browser may forbid reading; the keys are always allowed.
    toast(t("editor.clipboard.use_keys"), { kind: "bad" });
    return;
  }
  if (!pasteText(editor, text)) toast(t("editor.clipboard.no_steps"), { kind: "bad" });
}

/** Adds the nodes that a text holds to the middle of the view. Tells whether there are any. */
export function pasteText(editor: Editor, text: string): boolean {
  const fragment = fromText(text);
  if (!fragment || editor.readOnly) return false;
  let ids: readonly string[] = [];
  editor.apply((definition) => {
    const pasted = paste(definition, fragment, editor.canvas.viewport?.middle() ?? null);
    ids = pasted.ids;
    return pasted.definition;
  });
  editor.select(ids);
  return true;
}

/** Listens to the browser's own copy, cut and paste, which need no permission. Ends with the signal. */
export function listenToClipboard(editor: Editor, signal: AbortSignal): void {
  const take = (event: ClipboardEvent): boolean => {
    const hasText = (window.getSelection()?.toString() ?? "") !== "";
    if (isTyping(event.target) || hasText || editor.selectedNodes.size === 0) return false;
    event.clipboardData?.setData("text/plain", toText(editor.definition, editor.selectedNodes));
    event.preventDefault();
    return true;
  };
  window.addEventListener(
    "copy",
    (event) => {
      if (take(event)) toast(t("editor.copied", { count: editor.selectedNodes.size }));
    },
    { signal },
  );
  window.addEventListener(
    "cut",
    (event) => {
      if (!editor.readOnly && take(event)) removeCopied(editor);
    },
    { signal },
  );
  window.addEventListener(
    "paste",
    (event) => {
      if (isTyping(event.target)) return;
      const text = event.clipboardData?.getData("text/plain") ?? "";
      if (text !== "" && pasteText(editor, text)) event.preventDefault();
    },
    { signal },
  );
}

function removeCopied(editor: Editor): void {
  const ids = editor.selectedNodes;
  editor.apply((definition) => removeNodes(definition, ids));
  editor.select([]);
  if (editor.panel === "node") editor.panel = "none";
}
