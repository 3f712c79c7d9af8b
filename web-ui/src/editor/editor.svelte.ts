/** The state of one open editor. Everything else reads it and changes it through these few methods. */
import { createContext } from "svelte";
import { SvelteMap } from "svelte/reactivity";
import { WorkflowApi } from "../api/workflows.ts";
import { CanvasState } from "../canvas/canvas.svelte.ts";
import type { Catalogue, NodeType, PortSpec } from "../catalogue/catalogue.svelte.ts";
import type { Credential, Data, DraftProblem, Run, Sample, Step, Webhook, Workflow } from "../data.ts";
import { boxOf } from "../workflow/boxes.ts";
import { type Definition, type Json, type JsonObject, type NodeDefinition, nodeOf } from "../workflow/definition.ts";
import { equal } from "../workflow/equal.ts";
import { exampleOf } from "../workflow/example.ts";
import { portsOf } from "../workflow/graph.ts";
import { begin, type History, push, rebase, redo, undo } from "../workflow/history.ts";
import { Kept } from "./kept.ts";
import { Publishing } from "./publishing.svelte.ts";
import type { Runner } from "./runner.ts";
import { Saving } from "./saving.svelte.ts";

/** A pure change of a definition. */
export type Edit = (definition: Definition) => Definition;

/** Where the draft stands with the server. `conflict`: somebody else changed the same thing; `refused`: the server said no. */
export type SaveState =
  | { readonly kind: "saved" }
  | { readonly kind: "changed" }
  | { readonly kind: "saving" }
  | { readonly kind: "offline" }
  | { readonly kind: "signed_out" }
  | { readonly kind: "conflict" }
  | { readonly kind: "refused"; readonly message: string };

/** What lies open at the side. */
export type Panel = "none" | "node" | "problems" | "versions" | "outline" | "settings";

/** A turn of a box with its steps by node. */
interface ShownTurn {
  readonly iteration: string;
  readonly steps: ReadonlyMap<string, Step>;
}

export class Editor {
  readonly mode: "edit" | "run";
  readonly catalogue: Catalogue;
  readonly workflowId: string;
  readonly csrf: string;
  readonly api: WorkflowApi;
  readonly saving: Saving;
  readonly publishing: Publishing;
  /** What the canvas has open; actions speak to it. */
  readonly canvas = new CanvasState();

  #history = $state.raw<History<Definition>>(begin({ nodes: [], edges: [], settings: DEFAULT_SETTINGS }));
  name = $state("");
  /** The server's view: revision, state, published version. Its `definition` is outdated as soon as something is edited. */
  workflow = $state.raw<Workflow>() as Workflow;
  save = $state.raw<SaveState>({ kind: "saved" });
  problems = $state.raw<readonly DraftProblem[]>([]);
  webhooks = $state.raw<readonly Webhook[]>([]);
  credentials = $state.raw<readonly Credential[]>([]);
  /** By node id. */
  readonly samples = new SvelteMap<string, Sample>();
  /** The run whose states lie over the canvas. */
  run = $state.raw<Run | null>(null);
  /** Of each box the turn whose states lie over the canvas. */
  turns = $state.raw<ReadonlyMap<string, ShownTurn>>(new Map());
  selectedNodes = $state.raw<ReadonlySet<string>>(new Set());
  /** By {@link edgeKey}. */
  selectedEdges = $state.raw<ReadonlySet<string>>(new Set());
  panel = $state.raw<Panel>("none");
  /** Whether the side panel takes the room for three panes. */
  wide = $state(false);
  /** What lies over the editor: the command palette, the list of keys, the field for the workflow's name. */
  dialog = $state.raw<"none" | "commands" | "shortcuts" | "name">("none");
  /** What can be run; none while that part is not there. */
  runner = $state.raw<Runner | null>(null);
  /** The parameter path that the inspector should bring into view, with a count so that the same one can be asked for twice. */
  focusRequest = $state.raw<{ readonly parameter: string; readonly count: number } | null>(null);

  // Two hundred cards ask for these at once, so they are looked up and not searched for.
  readonly #problemsByNode = $derived(groups(this.problems, (problem) => problem.node ?? ""));
  readonly #stepByNode = $derived(new Map((this.run?.steps ?? []).map((step) => [step.node, step])));
  readonly #usedPorts = $derived(portsInUse(this.definition));

  constructor(data: Data) {
    this.mode = data.mode;
    this.catalogue = data.catalogue;
    this.csrf = data.csrf;
    this.workflowId = data.workflow.id;
    this.name = data.workflow.name;
    this.workflow = data.workflow;
    this.problems = data.workflow.problems;
    this.webhooks = data.webhooks;
    this.credentials = data.credentials;
    for (const sample of data.samples) this.samples.set(sample.node, sample);
    this.run = data.run;
    this.#history = begin(data.workflow.definition);
    this.api = new WorkflowApi(this.workflowId);
    this.saving = new Saving(this, this.api, new Kept(this.workflowId));
    this.publishing = new Publishing(this);
  }

  /** The draft as it is drawn. It is never changed in place. */
  get definition(): Definition {
    return this.#history.present;
  }

  get readOnly(): boolean {
    return this.mode === "run";
  }

  /** Whether what is drawn is something else than what is live. */
  get draftDiffers(): boolean {
    return this.workflow.published_version !== null && (this.workflow.draft_differs || this.saving.isDirty);
  }

  /** Saves at once. Tells whether the server has the draft as it is drawn. */
  saveNow(): Promise<boolean> {
    return this.saving.flush();
  }

  get canUndo(): boolean {
    return this.#history.past.length > 0;
  }

  get canRedo(): boolean {
    return this.#history.future.length > 0;
  }

  /** Applies a pure edit as one step of the history. Edits with the same `mergeKey` right after each other are one step. */
  apply(edit: Edit, mergeKey: string | null = null): void {
    if (this.readOnly) return;
    this.#move(push(this.#history, edit(this.definition), mergeKey));
  }

  undo(): void {
    this.#move(undo(this.#history));
  }

  redo(): void {
    this.#move(redo(this.#history));
  }

  /** Takes over another document as one step that can be undone (restored version, the other tab's draft). */
  replace(definition: Definition): void {
    this.#move(push(this.#history, definition));
  }

  /** Takes over what others did. No undo takes it back, because `bring` puts it into every state of the history. */
  rebase(definition: Definition, bring: Edit): void {
    this.#move(rebase(this.#history, definition, bring, equal));
  }

  /** The one selected node, whose settings the inspector shows. */
  get selectedNode(): NodeDefinition | undefined {
    if (this.selectedNodes.size !== 1) return undefined;
    const [id] = this.selectedNodes;
    return id === undefined ? undefined : nodeOf(this.definition, id);
  }

  select(nodes: Iterable<string>, edges: Iterable<string> = []): void {
    this.selectedNodes = new Set(nodes);
    this.selectedEdges = new Set(edges);
  }

  /** Shows the settings of a node, and one of its parameters when named. */
  open(node: string, parameter?: string): void {
    this.select([node]);
    this.panel = "node";
    this.focusRequest = parameter === undefined ? null : { parameter, count: (this.focusRequest?.count ?? 0) + 1 };
  }

  nodeType(node: NodeDefinition): NodeType | undefined {
    return this.catalogue.get(node.type);
  }

  /** What the person sees as the node's name. */
  titleOf(node: NodeDefinition): string {
    return node.title || this.nodeType(node)?.title || node.type;
  }

  problemsOf(node: string): readonly DraftProblem[] {
    return this.#problemsByNode.get(node) ?? [];
  }

  /** How the node fared in the run that lies over the canvas; in a box, in the turn that is shown. */
  stepOf(node: string): Step | undefined {
    const box = boxOf(this.definition, node);
    return box === undefined ? this.#stepByNode.get(node) : this.turns.get(box)?.steps.get(node);
  }

  /** The ports of a node; one that is used although it is not there any more is kept, so that its line has a beginning. */
  portsOf(node: NodeDefinition): readonly PortSpec[] {
    const known = portsOf(node, this.nodeType(node));
    const used = this.#usedPorts.get(node.id);
    if (!used) return known;
    const lost = [...used].filter((name) => !known.some((port) => port.name === name));
    return lost.length === 0 ? known : [...known, ...lost.map((name) => ({ name, title: name }))];
  }

  /** The ports of a node at which an edge starts. */
  usedPorts(node: string): ReadonlySet<string> {
    return this.#usedPorts.get(node) ?? NO_PORTS;
  }

  /** What expressions of this draft would see, put together from the samples and the node types' own examples. */
  get sampleContext(): JsonObject {
    const steps: Record<string, Json> = {};
    let trigger: Json = null;
    for (const node of this.definition.nodes) {
      const nodeType = this.nodeType(node);
      const value = this.samples.get(node.id)?.value ?? exampleOf(node, nodeType);
      if (nodeType?.kind === "trigger") trigger ??= value;
      else steps[node.id] = value;
    }
    return {
      trigger,
      steps,
      vars: {},
      run: { id: "00000000-0000-7000-8000-000000000000", started_at: new Date().toISOString() },
      workflow: { id: this.workflowId, name: this.name },
    };
  }

  #move(history: History<Definition>): void {
    const isSame = history.present === this.definition;
    this.#history = history;
    if (isSame) return;
    // Other states stay until the server has answered or the person has decided; meanwhile edits go on.
    if (this.save.kind === "saved") this.save = { kind: "changed" };
    const ids = new Set(this.definition.nodes.map((node) => node.id));
    if ([...this.selectedNodes].some((id) => !ids.has(id))) {
      this.selectedNodes = new Set([...this.selectedNodes].filter((id) => ids.has(id)));
    }
  }
}

function portsInUse(definition: Definition): ReadonlyMap<string, ReadonlySet<string>> {
  const byNode = groups(definition.edges, (edge) => edge.from);
  return new Map([...byNode].map(([node, edges]) => [node, new Set(edges.map((edge) => edge.port))]));
}

function groups<T>(items: readonly T[], keyOf: (item: T) => string): ReadonlyMap<string, readonly T[]> {
  const found = new Map<string, T[]>();
  for (const item of items) {
    const group = found.get(keyOf(item));
    if (group) group.push(item);
    else found.set(keyOf(item), [item]);
  }
  return found;
}

const NO_PORTS: ReadonlySet<string> = new Set();
const DEFAULT_SETTINGS = { timezone: "Europe/Berlin", max_parallel_runs: 10, run_timeout_ms: 3_600_000 };

export const [getEditor, setEditor] = createContext<Editor>();
