/** Brings the draft to the server: soon after each edit, one request at a time, and without ever losing one. */
import { ApiProblem, Unreachable } from "../api/client.ts";
import type { Change } from "../api/workflows.ts";
import type { DraftProblem, Workflow } from "../data.ts";
import { lazy } from "../loading/lazy.ts";
import { t } from "../texts/texts.ts";
import { toast } from "../toasts/toasts.svelte.ts";
import type { Definition } from "../workflow/definition.ts";
import { equal } from "../workflow/equal.ts";
import { bringing, type Conflict, merge } from "../workflow/merge.ts";
import type { SaveState } from "./editor.svelte.ts";
import type { Draft, KeptEdits } from "./kept.ts";

/** The open draft, as far as saving is concerned. */
export interface OpenDraft {
  readonly definition: Definition;
  name: string;
  workflow: Workflow;
  problems: readonly DraftProblem[];
  save: SaveState;
  /** Takes over another document as one step that can be undone. */
  replace(definition: Definition): void;
  /** Takes over what others did, which no undo takes back: `bring` puts it into a state of the history. */
  rebase(definition: Definition, bring: (state: Definition) => Definition): void;
}

/** What saving needs of the server. */
export interface DraftApi {
  read(): Promise<Workflow>;
  save(change: Change, keepalive: boolean): Promise<Workflow>;
  create(name: string, definition: Definition): Promise<string>;
  renewCsrf(): Promise<boolean>;
}

/** Where edits are kept that the server does not have. */
export interface EditStore {
  read(): KeptEdits | null;
  write(edits: KeptEdits): void;
  drop(): void;
}

/** After the last edit. */
const QUIET_MS = 600;
/** Until the next try when the server cannot be reached: doubled from the first to the longest. */
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 30_000;

export class Saving {
  readonly #draft: OpenDraft;
  readonly #api: DraftApi;
  readonly #store: EditStore;
  /** What the server and this tab last agreed on. */
  #base: Draft & { readonly revision: number };
  #timer: ReturnType<typeof setTimeout> | undefined;
  #request: Promise<boolean> | null = null;
  #failures = 0;
  /** Whether the token was fetched anew since the last answer, so that it is not fetched for ever. */
  #isTokenNew = false;

  /** The other draft, while a person has to decide between it and this one. */
  theirs = $state.raw<Workflow | null>(null);
  /** What both sides changed in different ways. */
  conflicts = $state.raw<readonly Conflict[]>([]);

  constructor(draft: OpenDraft, api: DraftApi, store: EditStore) {
    this.#draft = draft;
    this.#api = api;
    this.#store = store;
    const { revision, name, definition } = draft.workflow;
    this.#base = { revision, name, definition };
  }

  /** Whether there is something here that the server does not have. */
  get isDirty(): boolean {
    return this.#draft.definition !== this.#base.definition || this.#draft.name !== this.#base.name;
  }

  /** To be called after every change of document or name. */
  touched(): void {
    const { kind } = this.#draft.save;
    if (kind === "conflict") {
      this.#keep();
      return;
    }
    if (!this.isDirty) {
      clearTimeout(this.#timer);
      if (this.#request === null && kind !== "saved") this.#settle();
      return;
    }
    if (kind === "offline" || kind === "signed_out") {
      this.#keep();
      return;
    }
    if (this.#request !== null) return;
    this.#draft.save = { kind: "changed" };
    this.#schedule(QUIET_MS);
  }

  /** Saves now what is not saved yet. Tells whether the server has everything. */
  async flush(keepalive = false): Promise<boolean> {
    clearTimeout(this.#timer);
    while (this.isDirty || this.#request !== null) {
      if (this.#draft.save.kind === "conflict") return false;
      this.#request ??= this.#put(keepalive).finally(() => {
        this.#request = null;
      });
      if (!(await this.#request)) return false;
    }
    return true;
  }

  /**
   * Lets the server hold another document as its draft while `work` is done with it; `work` gets its revision. Afterwards this
   * draft is saved again, with what was edited meanwhile. Everything must have been saved before.
   */
  async lend(definition: Definition, work: (revision: number) => Promise<void>): Promise<void> {
    const lending = async () => {
      const { revision, name } = this.#base;
      const answer = await this.#api.save({ revision, definition }, false);
      this.#base = { revision: answer.revision, name, definition };
      await work(answer.revision);
    };
    const lent = lending();
    // Nobody else saves in between, and whatever happens, this draft comes back.
    this.#request = lent.then(
      () => true,
      () => true,
    );
    await this.#request;
    this.#request = null;
    await this.flush();
    return lent;
  }

  /** Keeps in the browser what the server does not have yet; for the moment when the page goes away. */
  keep(): void {
    if (this.isDirty) this.#keep();
  }

  /** Takes up edits that an earlier page could not save. */
  async recover(): Promise<void> {
    const kept = this.#store.read();
    if (!kept) return;
    const server = this.#draft.workflow;
    if (kept.mine.name === server.name && equal(kept.mine.definition, server.definition)) {
      this.#store.drop();
      return;
    }
    this.#base = kept.base;
    this.#draft.name = kept.mine.name;
    this.#draft.replace(kept.mine.definition);
    if (this.#reconcile(server, t("editor.save.recovered"))) await this.flush();
  }

  /** Asks whether somebody else changed the draft; called when the tab is looked at again. */
  async check(): Promise<void> {
    if (this.#request !== null) return;
    const theirs = await this.#api.read().catch(() => null);
    if (!theirs || this.#request !== null) return;
    if (this.theirs) {
      if (theirs.revision > this.theirs.revision) this.theirs = theirs;
    } else if (theirs.revision <= this.#base.revision) {
      // Publishing and pausing do not count as changes of the draft.
      this.#draft.workflow = { ...this.#draft.workflow, ...theirs };
    } else if (this.#reconcile(theirs, t(this.isDirty ? "editor.save.merged" : "editor.save.newer"))) {
      await this.flush();
    }
  }

  /** Decides a conflict for the other draft. Mine is one undo away. */
  useTheirs(): void {
    const theirs = this.theirs;
    if (!theirs) return;
    this.#adopt(
      theirs,
      merge(this.#base.definition, this.#draft.definition, theirs.definition).definition,
      theirs.name,
    );
    this.#draft.replace(this.#base.definition);
    this.#settle();
  }

  /** Decides a conflict for this draft. What only the other side changed stays in. */
  async keepMine(): Promise<void> {
    const theirs = this.theirs;
    if (!theirs) return;
    const merged = merge(this.#base.definition, this.#draft.definition, theirs.definition);
    const name = this.#draft.name === this.#base.name ? theirs.name : this.#draft.name;
    this.#adopt(theirs, merged.definition, name);
    await this.flush();
  }

  /** Decides a conflict for both: this draft becomes another workflow, whose id is the answer. */
  async saveCopy(): Promise<string> {
    const id = await this.#api.create(
      t("editor.conflict.copy_name", { name: this.#draft.name }),
      this.#draft.definition,
    );
    this.useTheirs();
    return id;
  }

  /** One request. Tells whether it is worth going on. */
  async #put(keepalive: boolean): Promise<boolean> {
    const { name, definition } = this.#draft;
    const base = this.#base;
    const change: Change = {
      revision: base.revision,
      ...(name === base.name ? {} : { name }),
      ...(definition === base.definition ? {} : { definition }),
    };
    this.#draft.save = { kind: "saving" };
    try {
      const answer = await this.#api.save(change, keepalive);
      this.#base = { revision: answer.revision, name, definition };
      this.#failures = 0;
      this.#isTokenNew = false;
      this.#take(answer);
      if (this.isDirty) this.#draft.save = { kind: "changed" };
      else this.#settle();
      return true;
    } catch (error) {
      return this.#failed(error);
    }
  }

  async #failed(error: unknown): Promise<boolean> {
    this.#keep();
    const problem = error instanceof ApiProblem ? error : null;
    if (problem?.status === 409) {
      const theirs = await this.#api.read().catch(() => null);
      return theirs ? this.#reconcile(theirs, t("editor.save.merged")) : this.#wait("offline");
    }
    // Whoever signed in again in another tab has another token.
    if (problem?.code === "cross_site" && !this.#isTokenNew) {
      this.#isTokenNew = await this.#api.renewCsrf();
      if (this.#isTokenNew) return true;
    }
    if (problem?.status === 401 || problem?.code === "cross_site") return this.#wait("signed_out");
    const passes = error instanceof Unreachable || problem?.status === 429 || (problem?.status ?? 0) >= 500;
    if (passes) return this.#wait("offline");
    const message = problem?.status === 404 ? t("editor.save.deleted") : await wordsOf(error);
    this.#draft.save = { kind: "refused", message };
    return false;
  }

  #wait(kind: "offline" | "signed_out"): false {
    this.#draft.save = { kind };
    this.#isTokenNew = false;
    this.#schedule(Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#failures++));
    return false;
  }

  /** Brings their draft and this one together, or asks the person. Tells whether it went without asking. */
  #reconcile(theirs: Workflow, news: string): boolean {
    const { definition, conflicts } = merge(this.#base.definition, this.#draft.definition, theirs.definition);
    const { name } = this.#draft;
    const isRenamed = name !== this.#base.name;
    const namesDiffer = isRenamed && theirs.name !== this.#base.name && theirs.name !== name;
    if (conflicts.length > 0 || namesDiffer) {
      this.theirs = theirs;
      this.conflicts = namesDiffer ? [...conflicts, { node: null, field: "name" }] : conflicts;
      this.#draft.save = { kind: "conflict" };
      this.#keep();
      return false;
    }
    const bringsNews = definition !== this.#draft.definition || (!isRenamed && theirs.name !== name);
    const isRecovered = theirs === this.#draft.workflow;
    this.#adopt(theirs, definition, isRenamed ? name : theirs.name);
    if (bringsNews || isRecovered) toast(news);
    return true;
  }

  /** Goes on from their draft, with this document and name on top of it. */
  #adopt(theirs: Workflow, definition: Definition, name: string): void {
    this.theirs = null;
    this.conflicts = [];
    const same = equal(definition, theirs.definition);
    // The very object that is drawn counts as saved, so that saving can tell by identity.
    const drawn = same && !equal(definition, this.#draft.definition) ? theirs.definition : definition;
    this.#draft.rebase(drawn, bringing(this.#base.definition, this.#draft.definition, theirs.definition));
    this.#draft.name = name;
    this.#base = { revision: theirs.revision, name: theirs.name, definition: same ? drawn : theirs.definition };
    this.#take(theirs);
    this.#draft.save = { kind: "changed" };
    if (this.isDirty) this.#schedule(QUIET_MS);
    else this.#settle();
  }

  /** Takes over what the server says about the workflow. */
  #take(workflow: Workflow): void {
    this.#draft.workflow = workflow;
    this.#draft.problems = workflow.problems;
  }

  #settle(): void {
    this.#draft.save = { kind: "saved" };
    this.#store.drop();
  }

  #keep(): void {
    const { name, definition } = this.#draft;
    this.#store.write({ base: this.#base, mine: { name, definition } });
  }

  #schedule(delay_ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.flush(), delay_ms);
  }
}

/** Why the server refuses a draft, in the person's words. */
async function wordsOf(error: unknown): Promise<string> {
  try {
    return (await lazy(() => import("../execution/fault.ts"))).faultText(error);
  } catch {
    // Without those words the server's own must do.
    return error instanceof Error ? error.message : String(error);
  }
}
