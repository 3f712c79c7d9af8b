/** Edits that have not reached the server, kept in the browser so that not even a closed tab loses them. */
import type { Definition } from "../workflow/definition.ts";

/** A draft as both sides last knew it, or as it is here. */
export interface Draft {
  readonly name: string;
  readonly definition: Definition;
}

export interface KeptEdits {
  /** What the edits started from. */
  readonly base: Draft & { readonly revision: number };
  readonly mine: Draft;
}

/** A place for the edits of one workflow. The browser may refuse to store (private windows, full); that is no reason to stop. */
export class Kept {
  readonly #key: string;

  constructor(workflow: string) {
    this.#key = `stellwerk.draft.${workflow}`;
  }

  read(): KeptEdits | null {
    try {
      const kept = JSON.parse(localStorage.getItem(this.#key) ?? "null") as KeptEdits | null;
      const complete = kept && Array.isArray(kept.base.definition.nodes) && Array.isArray(kept.mine.definition.nodes);
      return complete ? kept : null;
    } catch {
      return null;
    }
  }

  write(edits: KeptEdits): void {
    try {
      localStorage.setItem(this.#key, JSON.stringify(edits));
    } catch {
      // Then the edits live in this tab only, and leaving it asks first.
    }
  }

  drop(): void {
    try {
      localStorage.removeItem(this.#key);
    } catch {
      // Nothing was stored either.
    }
  }
}
