/** Tests of single steps: asked for, made, and remembered while the page is open. */
import { SvelteMap, SvelteSet } from "svelte/reactivity";
import { call } from "../api/client.ts";
import type { NodeError } from "../data.ts";
import type { Editor } from "../editor/editor.svelte.ts";
import { turnOf } from "../sample/turn.ts";
import { type Json, type JsonObject, type NodeDefinition, nodeOf } from "../workflow/definition.ts";
import { type Effect, effectOf } from "./effect.ts";
import { faultText } from "./fault.ts";
import { saveSample } from "./samples.ts";

/** What came of a test. */
export interface TrialResult {
  readonly status: "succeeded" | "failed" | "skipped";
  readonly port: string | null;
  readonly output: Json;
  readonly params: JsonObject | null;
  readonly error: NodeError | null;
  readonly exchanges: readonly JsonObject[];
  readonly duration_ms: number;
}

interface Trial {
  /** The node as it was tested. */
  readonly node: NodeDefinition;
  readonly result: TrialResult;
  /** Whether the next steps see its output now. */
  readonly isKept: boolean;
}

class Trials {
  readonly #editor: Editor;
  readonly #trials = new SvelteMap<string, Trial>();
  readonly #faults = new SvelteMap<string, string>();
  readonly #running = new SvelteSet<string>();
  /** Nodes whose effects the person need not be asked about again. */
  readonly #trusted = new Set<string>();
  /** The test that waits for the person's word. */
  asking = $state.raw<{ readonly node: string; readonly effect: Effect } | null>(null);

  constructor(editor: Editor) {
    this.#editor = editor;
  }

  of(node: string): Trial | undefined {
    return this.#trials.get(node);
  }

  /** Why the latest test could not be made at all; empty when it could. */
  faultOf(node: string): string {
    return this.#faults.get(node) ?? "";
  }

  isRunning(node: string): boolean {
    return this.#running.has(node);
  }

  /** Whether the node's settings are no longer those that were tested. */
  isOutdated(node: NodeDefinition): boolean {
    const tested = this.#trials.get(node.id)?.node;
    return tested !== undefined && (tested.params !== node.params || tested.credential !== node.credential);
  }

  /** Tests a node, after asking where it has an effect outside. */
  request(id: string): void {
    const node = nodeOf(this.#editor.definition, id);
    if (!node || this.isRunning(id) || this.asking) return;
    const { definition, sampleContext } = this.#editor;
    const { context } = turnOf(definition, id, sampleContext, new Map());
    const effect = effectOf(node, this.#editor.nodeType(node), context);
    if (effect && !this.#trusted.has(id)) this.asking = { node: id, effect };
    else void this.#make(node);
  }

  /** The person's yes. */
  confirm(remember: boolean): void {
    const id = this.asking?.node;
    this.asking = null;
    if (id === undefined) return;
    if (remember) this.#trusted.add(id);
    const node = nodeOf(this.#editor.definition, id);
    if (node) void this.#make(node);
  }

  /** The person's no. */
  decline(): void {
    this.asking = null;
  }

  /** The sample as the step would see it, in a box with the first item. */
  async #contextOf({ id }: NodeDefinition): Promise<JsonObject> {
    const { definition, sampleContext } = this.#editor;
    const computed = new Map<string, Json>();
    for (;;) {
      const { context, unknown } = turnOf(definition, id, sampleContext, computed);
      if (!unknown) return context;
      const { source, context: seen } = unknown;
      const body = { expression: source, context: seen, timezone: definition.settings.timezone };
      computed.set(source, (await call<{ value: Json }>("POST", "/expressions/evaluate", body)).value);
    }
  }

  async #make(node: NodeDefinition): Promise<void> {
    const editor = this.#editor;
    this.#running.add(node.id);
    this.#faults.delete(node.id);
    try {
      const context = await this.#contextOf(node);
      const wish = { definition: editor.definition, node: node.id, context };
      const result = await call<TrialResult>("POST", `/workflows/${editor.workflowId}/test-step`, wish);
      const hasData = result.status === "succeeded" && result.output !== null;
      this.#trials.set(node.id, { node, result, isKept: false });
      if (hasData) {
        await saveSample(editor, node.id, { source: "test", value: result.output });
        this.#trials.set(node.id, { node, result, isKept: true });
      }
    } catch (error) {
      this.#faults.set(node.id, faultText(error));
    } finally {
      this.#running.delete(node.id);
    }
  }
}

const all = new WeakMap<Editor, Trials>();

/** The tests of this editor's steps. */
export function trialsOf(editor: Editor): Trials {
  const known = all.get(editor) ?? new Trials(editor);
  all.set(editor, known);
  return known;
}
