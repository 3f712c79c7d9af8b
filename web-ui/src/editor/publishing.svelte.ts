/** From draft to live: publish, activate, pause. */
import { ApiProblem, Unreachable } from "../api/client.ts";
import type { DraftProblem } from "../data.ts";
import { t } from "../texts/texts.ts";
import { toast } from "../toasts/toasts.svelte.ts";
import type { Editor } from "./editor.svelte.ts";

export class Publishing {
  readonly #editor: Editor;
  isBusy = $state(false);
  /** Counts the times that publishing was refused because of problems, so that the list of them can be shown. */
  refusals = $state(0);

  constructor(editor: Editor) {
    this.#editor = editor;
  }

  /** Whether there is anything to publish. */
  get isWorthwhile(): boolean {
    const { workflow, draftDiffers } = this.#editor;
    return !this.isBusy && (workflow.published_version === null || draftDiffers);
  }

  /** Makes the draft the version that runs. The first time the workflow also begins to accept requests. */
  async publish(): Promise<void> {
    const editor = this.#editor;
    await this.#do(async () => {
      if (!(await editor.saveNow())) return toast(t("editor.publish.unsaved"), { kind: "bad" });
      if (editor.problems.length > 0) {
        this.refusals++;
        return;
      }
      const isFirst = editor.workflow.published_version === null;
      const { version, ...state } = await editor.api.publish(editor.workflow.revision);
      editor.workflow = { ...editor.workflow, ...state, draft_differs: false };
      if (isFirst) editor.workflow = { ...editor.workflow, ...(await editor.api.setActive(true)) };
      const text = editor.workflow.active ? "editor.publish.live" : "editor.publish.paused";
      toast(t(text, { version }), { kind: "good" });
    });
  }

  /** Lets the triggers start runs, or stops them. Requests are kept either way. */
  async setActive(active: boolean): Promise<void> {
    const editor = this.#editor;
    await this.#do(async () => {
      const { draft_differs: _, ...state } = await editor.api.setActive(active);
      editor.workflow = { ...editor.workflow, ...state };
      toast(t(active ? "editor.publish.activated" : "editor.publish.stopped"), { kind: "good" });
    });
  }

  async #do(work: () => Promise<void>): Promise<void> {
    if (this.isBusy) return;
    this.isBusy = true;
    try {
      await work();
    } catch (error) {
      await this.#failed(error);
    } finally {
      this.isBusy = false;
    }
  }

  async #failed(error: unknown): Promise<void> {
    const editor = this.#editor;
    const problems = error instanceof ApiProblem ? error.document.problems : undefined;
    if (Array.isArray(problems) && problems.length > 0) {
      editor.problems = problems as DraftProblem[];
      this.refusals++;
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
}
