/** What the fields of one inspected node share: the data that expressions see, and the field that takes what is chosen. */
import { createContext, untrack } from "svelte";
import { SvelteMap } from "svelte/reactivity";
import { ApiProblem, call } from "../api/client.ts";
import type { NodeType, Parameter } from "../catalogue/catalogue.svelte.ts";
import type { DraftProblem } from "../data.ts";
import type { Editor } from "../editor/editor.svelte.ts";
import { faultText } from "../execution/fault.ts";
import type { ChipLook } from "../expression/chip_line.ts";
import { preview, readableName, type Words } from "../expression/names.ts";
import { follow, type Path, parsePath } from "../expression/path.ts";
import { turnOf, type Unknown } from "../sample/turn.ts";
import { t, textFor } from "../texts/texts.ts";
import { type Json, type JsonObject, type NodeDefinition, nodeOf } from "../workflow/definition.ts";
import { setParam } from "../workflow/edits.ts";
import { stepsBefore } from "../workflow/graph.ts";

/** What an expression gave for the sample, or why it gave nothing. */
export type Result =
  | { readonly kind: "value"; readonly value: Json }
  | { readonly kind: "missing"; readonly reason: string }
  | { readonly kind: "fault"; readonly message: string };

/** A field that a path can be put into. */
export interface Target {
  readonly label: string;
  /** Puts an expression where the caret is, or was. `focus` moves the focus into the field, too. */
  readonly insert: (source: string, focus: boolean) => void;
}

/** What the field of every kind of parameter gets. */
export interface FieldProps {
  readonly parameter: Parameter;
  readonly value: Json | undefined;
  /** Of the element that takes the focus; `{id}-label` names the label. */
  readonly id: string;
  readonly describedby: string | undefined;
  /** Where the value stands: `body`, `cases[0].when`. */
  readonly path: string;
  readonly invalid: boolean;
  /** Undefined means "not given". `path` tells apart what is typed in different places. */
  readonly onchange: (value: Json | undefined, path?: string) => void;
}

const WAIT_MS = 300;
/** After such a pause what is typed next is undone by itself. */
const PAUSE_MS = 1_500;

export class Scope {
  /** The field that was used last, else the first one that was drawn. */
  #target = $state.raw<Target | null>(null);
  #targets = $state.raw<readonly Target[]>([]);
  #results = new SvelteMap<string, Result>();
  #lastBase: JsonObject = {};
  #dataVersion = 0;
  /** The lists that boxes around the node walk, by the data's version and the expression. */
  #items = new SvelteMap<string, Json>();
  #wanted = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asked = "";
  #cancel = new AbortController();
  #lastContext: JsonObject = {};
  #burst = 0;
  #lastEdit_ms = 0;

  readonly editor: Editor;
  readonly nodeId: string;

  constructor(editor: Editor, nodeId: string) {
    this.editor = editor;
    this.nodeId = nodeId;
  }

  readonly node: NodeDefinition | undefined = $derived.by(() => nodeOf(this.editor.definition, this.nodeId));
  readonly nodeType: NodeType | undefined = $derived.by(() => this.node && this.editor.nodeType(this.node));
  readonly problems: readonly DraftProblem[] = $derived.by(() => this.editor.problemsOf(this.nodeId));
  /** The steps whose output the node may use, the nearest first. */
  readonly before: readonly string[] = $derived.by(() => stepsBefore(this.editor.definition, this.nodeId));
  /** What expressions see. The same object until data changes, so that typing does not compute everything anew. */
  readonly context: JsonObject = $derived.by(() => {
    const base = this.editor.sampleContext;
    if (!isSameData(this.#lastBase, base)) this.#dataVersion += 1;
    this.#lastBase = base;
    const known = { get: (source: string) => this.#items.get(`${this.#dataVersion} ${source}`) };
    const { context: next, unknown } = turnOf(this.editor.definition, this.nodeId, base, known);
    if (unknown) this.#askForItems(unknown);
    if (!isSameData(this.#lastContext, next)) this.#lastContext = next;
    return this.#lastContext;
  });

  get target(): Target | null {
    return this.#target ?? this.#targets[0] ?? null;
  }

  isTarget(target: Target): boolean {
    return this.target === target;
  }

  register(target: Target): () => void {
    // Fields call this from effects, which must not run again because of it.
    untrack(() => {
      this.#targets = [...this.#targets, target];
    });
    return () => {
      this.#targets = this.#targets.filter((other) => other !== target);
      if (this.#target === target) this.#target = null;
    };
  }

  focused(target: Target): void {
    this.#target = target;
  }

  /** Changes a parameter. Typing in the same place is one step of the history until it pauses. */
  set(name: string, value: Json | undefined, path = name): void {
    const now_ms = performance.now();
    if (now_ms - this.#lastEdit_ms > PAUSE_MS) this.seal();
    this.#lastEdit_ms = now_ms;
    const key = `param/${this.nodeId}/${path}/${this.#burst}`;
    this.editor.apply((definition) => setParam(definition, this.nodeId, name, value), key);
  }

  /** The next change is a step of its own. */
  seal(): void {
    this.#burst += 1;
  }

  /** The problems of exactly this place. */
  problemsAt(path: string): readonly DraftProblem[] {
    return this.problems.filter((problem) => problem.parameter === path);
  }

  /** The problems of this place and everything in it. */
  problemsIn(path: string): readonly DraftProblem[] {
    const inside = (parameter: string) => parameter.startsWith(`${path}.`) || parameter.startsWith(`${path}[`);
    return this.problems.filter(({ parameter }) => parameter !== null && (parameter === path || inside(parameter)));
  }

  /** What an expression gives for the sample; undefined while the server is asked. */
  resultOf(source: string): Result | undefined {
    const path = parsePath(source);
    if (path) return this.#follow(path);
    const known = this.#results.get(source);
    if (!known) this.#ask(source);
    return known;
  }

  /** How an expression's chip looks. */
  look(source: string): ChipLook {
    const path = parsePath(source);
    const label = path ? readableName(path, this.words) : preview(source, 40);
    const result = this.resultOf(source);
    if (!result) return { label, value: null, state: "plain", title: source };
    if (result.kind === "value") {
      const value = result.value === null ? t("editor.chip.nothing") : preview(result.value);
      return { label, value, state: "plain", title: `${source}\n= ${preview(result.value, 300)}` };
    }
    const why = result.kind === "missing" ? result.reason : result.message;
    const value = result.kind === "missing" ? result.reason : t("editor.chip.fault");
    return { label, value, state: result.kind, title: `${source}\n${why}` };
  }

  readonly words: Words = {
    trigger: t("editor.path.trigger"),
    run: t("editor.path.run"),
    workflow: t("editor.path.workflow"),
    variables: t("editor.path.vars"),
    item: t("editor.path.item"),
    index: t("editor.path.index"),
    part: (name) => textFor(`editor.path.${name}`),
    stepTitle: (id) => {
      const node = nodeOf(this.editor.definition, id);
      return node && this.editor.titleOf(node);
    },
  };

  /** Whether the values of a step are only the node type's example. */
  isExample(id: string): boolean {
    return !this.editor.samples.has(id);
  }

  /** Forgets what was computed; the data changed. */
  forget(): void {
    this.#cancel.abort();
    this.#cancel = new AbortController();
    this.#results.clear();
  }

  /** The list of a box is asked for once; a fault in it is shown where it is written. */
  #askForItems({ source, context }: Unknown): void {
    const key = `${this.#dataVersion} ${source}`;
    if (key === this.#asked) return;
    this.#asked = key;
    const body = { expression: source, context, timezone: this.editor.definition.settings.timezone };
    setTimeout(async () => {
      const answer = await call<{ value: Json }>("POST", "/expressions/evaluate", body).catch(() => ({ value: null }));
      this.#items.set(key, answer.value);
    });
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#cancel.abort();
  }

  #follow(path: Path): Result {
    if (path[0] === "steps" && typeof path[1] === "string" && !this.before.includes(path[1])) {
      const isThere = nodeOf(this.editor.definition, path[1]) !== undefined;
      return { kind: "missing", reason: t(isThere ? "editor.chip.later" : "editor.chip.gone") };
    }
    const { found, value } = follow(this.context, path);
    return found ? { kind: "value", value } : { kind: "missing", reason: t("editor.chip.missing") };
  }

  /** Waits until typing pauses, then asks for everything that is wanted. */
  #ask(source: string): void {
    this.#wanted.add(source);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const sources = [...this.#wanted];
      this.#wanted.clear();
      for (const wanted of sources) void this.#compute(wanted);
    }, WAIT_MS);
  }

  async #compute(source: string): Promise<void> {
    const { signal } = this.#cancel;
    try {
      this.#results.set(source, { kind: "value", value: await evaluate({ expression: source }, this, signal) });
    } catch (error) {
      if (signal.aborted) return;
      const message = error instanceof ApiProblem ? faultText(error) : t("editor.chip.unreachable");
      this.#results.set(source, { kind: "fault", message });
    }
  }
}

export const [getScope, setScope] = createContext<Scope>();

/** Has the server compute an expression against the sample. */
async function evaluate(what: { expression: string }, scope: Scope, signal: AbortSignal): Promise<Json> {
  const { context, editor } = scope;
  const body = { ...what, context, timezone: editor.definition.settings.timezone };
  const { value } = await call<{ value: Json }>("POST", "/expressions/evaluate", body, signal);
  return value;
}

/** Whether two contexts hold the very same values; times and ids of the made-up run aside. */
function isSameData(left: JsonObject, right: JsonObject): boolean {
  const [steps, others] = [left.steps as JsonObject | undefined, right.steps as JsonObject];
  if (!steps || left.trigger !== right.trigger || !isEqualName(left, right)) return false;
  if (JSON.stringify(left.item) !== JSON.stringify(right.item)) return false;
  const names = Object.keys(others);
  return names.length === Object.keys(steps).length && names.every((name) => steps[name] === others[name]);
}

function isEqualName(left: JsonObject, right: JsonObject): boolean {
  return (left.workflow as JsonObject).name === (right.workflow as JsonObject).name;
}
