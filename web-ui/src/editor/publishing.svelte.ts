/** From draft to live: publish, activate, pause. */
import { lazy } from "../loading/lazy.ts";
import { t } from "../texts/texts.ts";
import { toast } from "../toasts/toasts.svelte.ts";
import type { Definition } from "../workflow/definition.ts";
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
  publish(): Promise<void> {
    return this.#do(async () => (await lazy(() => import("./publish.ts"))).publish(this.#editor));
  }

  /** Makes an older version the one that runs again, and leaves the draft as it is. */
  publishAgain(version: number, definition: Definition): Promise<void> {
    return this.#do(async () =>
      (await lazy(() => import("./publish.ts"))).publishAgain(this.#editor, version, definition),
    );
  }

  /** Lets the triggers start runs, or stops them. Requests are kept either way. */
  setActive(active: boolean): Promise<void> {
    return this.#do(async () => (await lazy(() => import("./publish.ts"))).setActive(this.#editor, active));
  }

  async #do(work: () => Promise<void>): Promise<void> {
    if (this.isBusy) return;
    this.isBusy = true;
    try {
      await work();
    } catch (error) {
      toast(error instanceof TypeError ? t("editor.lazy.failed") : String(error), { kind: "bad" });
    } finally {
      this.isBusy = false;
    }
  }
}
