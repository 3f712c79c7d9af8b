/** The run that lies over the canvas: started here, or watched as it comes in live. */
import { ApiProblem, call } from "../api/client.ts";
import type { DraftProblem, Run } from "../data.ts";
import type { Editor } from "../editor/editor.svelte.ts";
import type { Runner } from "../editor/runner.ts";
import { liveOf } from "../live/live.svelte.ts";
import { acceptedRun, applyNews, bringsRun, isOver, type News } from "../live/news.ts";
import { t } from "../texts/texts.ts";
import { toast } from "../toasts/toasts.svelte.ts";
import { receivedOf } from "../trigger/request.ts";
import type { NodeDefinition } from "../workflow/definition.ts";
import { exampleOf } from "../workflow/example.ts";
import { faultText } from "./fault.ts";
import { saveSample } from "./samples.ts";
import { trialsOf } from "./trials.svelte.ts";
import { turnsOf } from "./turns.svelte.ts";

/** Details are read at most this often while a run goes on; the news themselves show at once. */
const READ_MS = 250;
/** How often a run is looked at while no news come in. */
const POLL_MS = 2_500;
/** Under many live requests, each run that is shown can at least be seen. */
const SHOWN_MS = 1_500;

interface Fault {
  readonly text: string;
  /** Whether the list of problems says more. */
  readonly hasProblems: boolean;
}

/** Starts runs, listens to what becomes of them, and keeps the one that is shown; there is one for each editor. */
export class Execution implements Runner {
  readonly #editor: Editor;
  /** The run that the page was opened with. */
  readonly openedRun: string | null;
  phase = $state<"idle" | "saving" | "starting">("idle");
  fault = $state.raw<Fault | null>(null);
  /** Whether live runs of the published version are shown as they come in. */
  followsLive = $state(true);
  /** While somebody reads the details of the run, no other takes its place. */
  isRead = $state(false);
  /** The step whose details in the run are asked for; whoever shows them clears it. */
  wanted = $state<string | null>(null);
  #isReading = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #shownSince_ms = 0;
  /** The newest live run that has not been shown yet. */
  #next: { readonly run: string; readonly event: string } | null = null;
  #nextTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(editor: Editor) {
    this.#editor = editor;
    this.openedRun = editor.run?.id ?? null;
    if (!editor.readOnly) editor.runner = this;
  }

  get isBusy(): boolean {
    return this.phase !== "idle";
  }

  /** Follows the news until the returned function is called. */
  follow(): () => void {
    const live = liveOf(this.#editor);
    const stop = live.subscribe((news) => this.hear(news));
    const poll = setInterval(() => {
      const status = this.#editor.run?.status;
      if (!live.connected && (status === "queued" || status === "running")) void this.#read();
    }, POLL_MS);
    return () => {
      stop();
      clearInterval(poll);
      clearTimeout(this.#timer);
      clearTimeout(this.#nextTimer);
      this.#timer = undefined;
    };
  }

  run(): void {
    void this.start();
  }

  testStep(node: string): void {
    this.#editor.open(node);
    trialsOf(this.#editor).request(node);
  }

  /** Opens a step and what happened there in the run. */
  showStep(node: string): void {
    this.#editor.open(node);
    if (!this.#editor.readOnly) this.wanted = node;
  }

  /** Saves the draft and runs it with the sample of a trigger, the first one when none is named. */
  async start(trigger?: string): Promise<void> {
    if (this.isBusy || this.#editor.readOnly) return;
    this.fault = null;
    try {
      await this.#start(trigger);
    } catch (error) {
      this.#failed(error);
    }
    this.phase = "idle";
  }

  /** Takes the run off the canvas. Live runs stay away, too, until the person wants to see them again. */
  dismiss(): void {
    if (this.#editor.run?.mode === "live") this.followsLive = false;
    this.#editor.run = null;
    this.fault = null;
  }

  /** Makes what the run received and computed the sample of its nodes. Gives back for how many of them. */
  async useData(): Promise<number> {
    const run = this.#editor.run;
    if (!run) return 0;
    const ids = new Set(this.#editor.definition.nodes.map((node) => node.id));
    let count = 0;
    if (ids.has(run.trigger)) {
      await saveSample(this.#editor, run.trigger, { source: "event", event: run.event, value: null });
      count += 1;
    }
    for (const step of run.steps) {
      if (!ids.has(step.node) || step.node === run.trigger) continue;
      if (step.status !== "succeeded" || step.output === null) continue;
      await saveSample(this.#editor, step.node, { source: "test", value: step.output });
      count += 1;
    }
    return count;
  }

  async #start(wanted: string | undefined): Promise<void> {
    const editor = this.#editor;
    const trigger = this.#trigger(wanted);
    if (!trigger) {
      toast(t("editor.run.no_trigger"), { kind: "bad" });
      return;
    }
    this.phase = "saving";
    if (!(await editor.saveNow())) {
      this.fault = { text: t("editor.run.not_saved"), hasProblems: false };
      return;
    }
    this.phase = "starting";
    const { method, headers, query, body } = receivedOf(
      editor.samples.get(trigger.id)?.value ?? exampleOf(trigger, editor.nodeType(trigger)),
    );
    const wish = { version: "draft", node: trigger.id, sample: { method, headers, query, body } };
    const receipt = await call<{ event: string; run: string }>("POST", `/workflows/${editor.workflowId}/run`, wish);
    // News may have been faster than the answer.
    if (editor.run?.id !== receipt.run) this.#show(receipt.run, receipt.event, "manual");
    else editor.run = { ...editor.run, mode: "manual" };
    await this.#read();
  }

  #trigger(wanted: string | undefined): NodeDefinition | undefined {
    const { nodes } = this.#editor.definition;
    const triggers = nodes.filter((node) => this.#editor.nodeType(node)?.kind === "trigger");
    return triggers.find((node) => node.id === wanted) ?? triggers[0];
  }

  #failed(error: unknown): void {
    if (error instanceof ApiProblem && error.code === "invalid_definition") {
      const { problems } = error.document;
      if (Array.isArray(problems)) this.#editor.problems = problems as readonly DraftProblem[];
      this.#editor.panel = "problems";
      this.fault = { text: t("editor.run.has_problems"), hasProblems: true };
      return;
    }
    this.fault = { text: faultText(error), hasProblems: false };
  }

  /** Takes in what the server tells. */
  hear(news: News): void {
    const { run } = this.#editor;
    if (news.type === "refresh") {
      if (run && !isOver(run.status)) this.#readSoon();
    } else if (run && news.run === run.id) {
      this.#editor.run = applyNews(run, news, new Date().toISOString());
      this.#readSoon();
    } else if (bringsRun(news)) {
      this.#next = { run: news.run, event: news.event };
      this.#showNext();
    }
  }

  /** Shows the newest live run as soon as the one before it has been seen. */
  #showNext(): void {
    const { run, readOnly } = this.#editor;
    // A run that the page was opened with is what the person wants to see.
    const isKept = this.isRead || (run !== null && run.id === this.openedRun);
    if (readOnly || !this.followsLive || isKept || this.isBusy) this.#next = null;
    const isStill = run === null || isOver(run.status) || (run.mode === "live" && run.status === "waiting");
    if (this.#next === null || !isStill) return;
    const wait_ms = run === null ? 0 : this.#shownSince_ms + SHOWN_MS - Date.now();
    clearTimeout(this.#nextTimer);
    if (wait_ms > 0) {
      this.#nextTimer = setTimeout(() => this.#showNext(), wait_ms);
      return;
    }
    const next = this.#next;
    this.#next = null;
    this.#show(next.run, next.event, "live");
    this.#readSoon();
  }

  #show(run: string, event: string, mode: Run["mode"]): void {
    this.#shownSince_ms = Date.now();
    this.fault = null;
    this.#editor.turns = new Map();
    this.#editor.run = acceptedRun(run, this.#editor.workflowId, event, mode, new Date().toISOString());
  }

  #readSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#read();
    }, READ_MS);
  }

  async #read(): Promise<void> {
    const id = this.#editor.run?.id;
    if (id === undefined) return;
    if (this.#isReading) {
      this.#readSoon();
      return;
    }
    this.#isReading = true;
    try {
      const run = await call<Run>("GET", `/runs/${id}`);
      // Meanwhile the person may have hidden it.
      if (this.#editor.run?.id === id) this.#editor.run = run;
      if (this.#editor.turns.size > 0) await turnsOf(this.#editor).refresh();
    } catch {
      // The next news, or the next look while there are none, read it again.
    }
    this.#isReading = false;
    this.#showNext();
  }
}

const all = new WeakMap<Editor, Execution>();

/** What runs in this editor. */
export function executionOf(editor: Editor): Execution {
  const known = all.get(editor) ?? new Execution(editor);
  all.set(editor, known);
  return known;
}
