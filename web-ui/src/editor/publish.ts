/** What publishing, activating and pausing do on the server, and what they say about it. */
import { ApiProblem, Unreachable } from "../api/client.ts";
import type { DraftProblem } from "../data.ts";
import { t } from "../texts/texts.ts";
import { toast } from "../toasts/toasts.svelte.ts";
import type { Editor } from "./editor.svelte.ts";

export async function publish(editor: Editor): Promise<void> {
  try {
    if (!(await editor.saveNow())) return toast(t("editor.publish.unsaved"), { kind: "bad" });
    if (editor.problems.length > 0) {
      editor.publishing.refusals++;
      return;
    }
    const isFirst = editor.workflow.published_version === null;
    const { version, ...state } = await editor.api.publish(editor.workflow.revision);
    editor.workflow = { ...editor.workflow, ...state, draft_differs: false };
    if (isFirst) editor.workflow = { ...editor.workflow, ...(await editor.api.setActive(true)) };
    const text = editor.workflow.active ? "editor.publish.live" : "editor.publish.paused";
    toast(t(text, { version }), { kind: "good" });
  } catch (error) {
    await failed(editor, error);
  }
}

export async function setActive(editor: Editor, active: boolean): Promise<void> {
  try {
    const { draft_differs: _, ...state } = await editor.api.setActive(active);
    editor.workflow = { ...editor.workflow, ...state };
    toast(t(active ? "editor.publish.activated" : "editor.publish.stopped"), { kind: "good" });
  } catch (error) {
    await failed(editor, error);
  }
}

async function failed(editor: Editor, error: unknown): Promise<void> {
  const problems = error instanceof ApiProblem ? error.document.problems : undefined;
  if (Array.isArray(problems) && problems.length > 0) {
    editor.problems = problems as DraftProblem[];
    editor.publishing.refusals++;
    return;
  }
  if (error instanceof ApiProblem && error.code === "revision_conflict") {
    await editor.saving.check();
    return toast(t("editor.publish.changed"), { kind: "bad" });
  }
  if (error instanceof ApiProblem && error.status === 401) return toast(t("editor.save.signed_out"), { kind: "bad" });
  if (error instanceof Unreachable) return toast(t("editor.publish.offline"), { kind: "bad" });
  toast(error instanceof ApiProblem ? error.detail : String(error), { kind: "bad" });
}
