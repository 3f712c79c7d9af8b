/** What publishing, activating and pausing do on the server, and what they say about it. */
import { ApiProblem, Unreachable } from "../api/client.ts";
import type { DraftProblem } from "../data.ts";
import { faultText } from "../execution/fault.ts";
import { wordsFor } from "../panels/problem_text.ts";
import { t } from "../texts/texts.ts";
import { toast } from "../toasts/toasts.svelte.ts";
import type { Definition } from "../workflow/definition.ts";
import { equal } from "../workflow/equal.ts";
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

/** Makes an older version the one that runs again. It becomes a version of its own, and the draft stays what it is. */
export async function publishAgain(editor: Editor, old: number, definition: Definition): Promise<void> {
  try {
    if (!(await editor.saveNow())) return toast(t("editor.publish.unsaved"), { kind: "bad" });
    let version = 0;
    const go = async (revision: number) => {
      const answer = await editor.api.publish(revision);
      ({ version } = answer);
    };
    if (equal(definition, editor.definition)) await go(editor.workflow.revision);
    else await editor.saving.lend(definition, go);
    // What is live and whether the draft differs from it, as the server sees it now. It went live even when that is not heard.
    const seen = await editor.api.read().catch(() => ({ published_version: version }));
    editor.workflow = { ...editor.workflow, ...seen, definition: editor.workflow.definition };
    const text = editor.workflow.active ? "editor.versions.live_again" : "editor.versions.paused_again";
    toast(t(text, { version, old }), { kind: "good" });
  } catch (error) {
    const [problem] = error instanceof ApiProblem ? problemsOf(error) : [];
    if (!problem) return failed(editor, error);
    toast(t("editor.versions.not_live", { version: old, problem: wordsFor(problem).text }), { kind: "bad" });
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
  const problems = error instanceof ApiProblem ? problemsOf(error) : [];
  if (problems.length > 0) {
    editor.problems = problems;
    editor.publishing.refusals++;
    return;
  }
  if (error instanceof ApiProblem && error.code === "revision_conflict") {
    await editor.saving.check();
    return toast(t("editor.publish.changed"), { kind: "bad" });
  }
  if (error instanceof ApiProblem && error.status === 401) return toast(t("editor.save.signed_out"), { kind: "bad" });
  if (error instanceof Unreachable) return toast(t("editor.publish.offline"), { kind: "bad" });
  toast(faultText(error), { kind: "bad" });
}

function problemsOf(error: ApiProblem): readonly DraftProblem[] {
  const { problems } = error.document;
  return Array.isArray(problems) ? (problems as DraftProblem[]) : [];
}
