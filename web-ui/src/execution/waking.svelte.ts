/** Stands in for the execution until a run is wanted or comes in, so that a page that only draws does without its code. */
import type { Editor } from "../editor/editor.svelte.ts";
import type { Runner } from "../editor/runner.ts";
import { liveOf } from "../live/live.svelte.ts";
import { bringsRun } from "../live/news.ts";
import { lazy } from "../loading/lazy.ts";
import { near } from "../loading/near.ts";
import type { Execution } from "./execution.svelte.ts";

export class Waking implements Runner {
  readonly #editor: Editor;
  /** What tells of the run is wanted from now on. */
  isAwake = $state(false);
  phase = $state<"idle" | "starting">("idle");

  constructor(editor: Editor) {
    this.#editor = editor;
  }

  run(): void {
    this.phase = "starting";
    void this.#wake((execution) => execution.run());
  }

  testStep(node: string): void {
    void this.#wake((execution) => execution.testStep(node));
  }

  /** Waits for the first live run. Gives back what ends the waiting. */
  listen(): () => void {
    return liveOf(this.#editor).subscribe((news) => {
      const isFirst = this.#editor.runner === this && !this.isAwake;
      if (isFirst && bringsRun(news)) void this.#wake((execution) => execution.hear(news));
    });
  }

  async #wake(first: (execution: Execution) => void): Promise<void> {
    this.isAwake = true;
    try {
      const { executionOf } = await lazy(near.execution);
      first(executionOf(this.#editor));
    } catch {
      // What tells of the run could not be loaded either, and says so in its place.
    }
    this.phase = "idle";
  }
}
