/** What the server writes into the page, so that nothing has to be fetched before the canvas works. */
import { Catalogue, type NodeType, type Operator } from "./catalogue/catalogue.svelte.ts";
import type { Definition, Json, JsonObject } from "./workflow/definition.ts";

/** A workflow with its draft. */
export interface Workflow {
  readonly id: string;
  readonly name: string;
  readonly revision: number;
  readonly state: "draft" | "active" | "paused";
  readonly active: boolean;
  readonly published_version: number | null;
  readonly draft_differs: boolean;
  readonly updated_at: string;
  readonly definition: Definition;
  readonly problems: readonly DraftProblem[];
}

/** Why a draft cannot be published; `message` is English, `code` is what the catalogue of texts explains. */
export interface DraftProblem {
  readonly code: string;
  readonly message: string;
  readonly node: string | null;
  readonly parameter: string | null;
}

export interface Webhook {
  readonly node: string;
  readonly slug: string;
  readonly url: string;
}

export interface Credential {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly hosts: readonly string[];
  readonly fields: JsonObject;
}

/** Example data of a node: of a trigger what it received, of another node its output. */
export interface Sample {
  readonly node: string;
  readonly source: "event" | "edited" | "test";
  readonly event: string | null;
  readonly value: Json;
  readonly updated_at: string;
}

/** Why a step failed; see `model::error`. */
export interface NodeError {
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
  readonly retry_after_ms?: number;
  readonly parameter?: string;
  readonly details?: JsonObject;
}

export type RunStatus = "queued" | "running" | "waiting" | "succeeded" | "failed" | "dead" | "cancelled";
export type StepStatus = "running" | "waiting" | "succeeded" | "failed" | "skipped";

export interface Attempt {
  readonly number: number;
  readonly status: string;
  readonly started_at: string;
  readonly finished_at: string | null;
  readonly error: NodeError | null;
  readonly exchanges: readonly JsonObject[];
}

/** How the turns of a box stand; waiting ones count as running. */
export interface TurnCounts {
  readonly count: number;
  readonly running: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly skipped: number;
}

/** One turn of a box. */
export interface Turn {
  /** From 0. */
  readonly number: number;
  /** With the turns of the boxes around it before: `7/0`. */
  readonly iteration: string;
  readonly status: StepStatus;
  readonly started_at: string | null;
  readonly finished_at: string | null;
  readonly error: NodeError | null;
}

export interface Step {
  readonly node: string;
  readonly status: StepStatus;
  readonly port: string | null;
  readonly attempts: readonly Attempt[];
  readonly output: Json;
  readonly error: NodeError | null;
  readonly started_at: string | null;
  readonly finished_at: string | null;
  readonly retry_at: string | null;
  /** Of a box. */
  readonly turns?: TurnCounts;
}

export interface Run {
  readonly id: string;
  readonly workflow: string;
  readonly version: number | null;
  readonly event: string;
  readonly status: RunStatus;
  readonly mode: "live" | "manual" | "replay" | "call" | "error" | "callback";
  readonly created_at: string;
  readonly started_at: string | null;
  readonly finished_at: string | null;
  readonly error: { readonly node: string | null; readonly error: NodeError } | null;
  readonly trigger: string;
  readonly steps: readonly Step[];
}

interface PageData {
  /** `edit`: the editor of a draft. `run`: a finished or running run, read-only, drawn over its own definition. */
  readonly mode: "edit" | "run";
  readonly language: "en" | "de";
  /** The texts that are seen first. */
  readonly messages: Readonly<Record<string, string>>;
  /** The addresses of what is needed later, see `loading/reference.ts`. */
  readonly texts: string;
  readonly catalogue: string;
  readonly functions: string;
  /** The address of the icons. */
  readonly sprite: string;
  readonly csrf: string;
  readonly workflow: Workflow;
  readonly webhooks: readonly Webhook[];
  /** Of the nodes that are drawn, with what their cards show. */
  readonly node_types: readonly NodeType[];
  readonly operators: readonly Operator[];
  readonly credentials: readonly Credential[];
  readonly samples: readonly Sample[];
  /** In `run` mode always; in `edit` mode when the page was opened from a run. */
  readonly run: Run | null;
}

export interface Data extends Omit<PageData, "node_types" | "operators" | "catalogue"> {
  readonly catalogue: Catalogue;
  readonly addresses: { readonly texts: string; readonly catalogue: string; readonly functions: string };
}

/** Reads what the server wrote into the page's `<script type="application/json" id="editor-data">`. */
export function readData(document: Document): Data {
  const text = document.getElementById("editor-data")?.textContent;
  if (!text) throw new Error("The page holds no editor data");
  const { node_types, operators, catalogue, ...rest } = JSON.parse(text) as PageData;
  const addresses = { texts: rest.texts, catalogue, functions: rest.functions };
  return { ...rest, addresses, catalogue: new Catalogue(node_types, operators) };
}
