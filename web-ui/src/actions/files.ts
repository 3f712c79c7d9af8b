/** A workflow as a whole: as a file to keep or to bring to another installation, and as a copy. */
import type { Editor } from "../editor/editor.svelte.ts";
import { faultText } from "../execution/fault.ts";
import { t } from "../texts/texts.ts";
import { toast } from "../toasts/toasts.svelte.ts";
import { type Export, readExport } from "../workflow/clipboard.ts";
import { pasteText } from "./copying.ts";

/** Nobody draws more than this; a larger file is a mistake. */
const LARGEST_BYTES = 5_000_000;

/** Lets the browser save the draft. Credentials are named by id only, so no secret leaves. */
export function exportFile(editor: Editor): void {
  const content: Export = { name: editor.name, definition: editor.definition };
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(content, null, 2)], { type: "application/json" }));
  link.download = `${fileName(editor.name)}.json`;
  link.click();
  // The browser has begun the download by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** Makes another workflow with the same draft, and addresses of its own. */
export async function copyWorkflow(editor: Editor): Promise<void> {
  try {
    const id = await editor.api.create(t("editor.copy_name", { name: editor.name }), editor.definition);
    const link = { text: t("editor.copy_open"), href: `/workflows/${id}` };
    toast(t("editor.copy_made"), { kind: "good", link });
  } catch (error) {
    toast(faultText(error), { kind: "bad" });
  }
}

/** Asks for a file. A whole workflow takes the draft's place as one step; nodes alone are added. */
export function importFile(editor: Editor): void {
  const input = document.createElement("input");
  input.type = "file";
  input.accept = ".json,application/json";
  input.addEventListener("change", () => {
    const file = input.files?.[0];
    if (file) void takeFile(editor, file);
  });
  input.click();
}

async function takeFile(editor: Editor, file: File): Promise<void> {
  const text = file.size > LARGEST_BYTES ? "" : await file.text();
  const read = readExport(text, editor.definition.settings);
  if (!read) {
    toast(t("editor.import.unreadable", { file: file.name }), { kind: "bad" });
  } else if (read.isWhole) {
    const before = editor.definition;
    editor.replace(read.definition);
    editor.canvas.fit();
    const button = { text: t("editor.action.undo"), run: () => editor.replace(before) };
    toast(t("editor.import.replaced", { file: file.name }), { button });
  } else {
    pasteText(editor, text);
  }
}

function fileName(name: string): string {
  const plain = name.normalize("NFKD").replace(/[^\p{Letter}\p{Number}]+/gu, "-");
  return plain.replace(/^-+|-+$/g, "").toLowerCase() || "workflow";
}
