/** A workflow's definition as the server stores it; see `model::definition` for what each field means. */

/** Any JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [name: string]: Json;
}

export interface Position {
  readonly x: number;
  readonly y: number;
}

export interface RetryPolicy {
  readonly attempts?: number;
  readonly backoff?: "fixed" | "linear" | "exponential";
  readonly first_delay_ms?: number;
  readonly max_delay_ms?: number;
  /** Which failures are tried again: error codes, HTTP statuses (`429`) or classes of them (`5xx`). Empty: all that may pass. */
  readonly retry_on?: readonly string[];
}

/** One box. `title` is left out while the node type's own title is good enough. */
export interface NodeDefinition {
  readonly id: string;
  readonly type: string;
  readonly title?: string;
  readonly position: Position;
  readonly params: JsonObject;
  readonly credential?: string;
  readonly retry?: RetryPolicy;
  readonly timeout_ms?: number;
  readonly on_error?: "stop" | "continue";
  /** Whether the step may simply be done again when it was cut off in the middle. Left out, the step itself knows. */
  readonly safe_to_repeat?: boolean;
  /** The box that it lies in. */
  readonly parent?: string;
}

/** A line from a port of one node to another node. */
export interface EdgeDefinition {
  readonly from: string;
  readonly port: string;
  readonly to: string;
}

export interface Settings {
  readonly timezone: string;
  readonly max_parallel_runs: number;
  readonly run_timeout_ms: number;
  /** A template over `trigger`: runs with an equal value go one at a time. */
  readonly order_by?: string;
  /** How many runs may wait; none or 0: only the server's own limit holds. */
  readonly max_queued_runs?: number;
  /** Who is told when a run has ended. */
  readonly callback?: { readonly url: string; readonly credential?: string };
  /** Names or paths of fields that the history masks. */
  readonly personal?: readonly string[];
  readonly keep_days?: number;
  readonly keep_runs?: number;
}

export interface Definition {
  readonly nodes: readonly NodeDefinition[];
  readonly edges: readonly EdgeDefinition[];
  readonly settings: Settings;
}

/** The port that a node goes on along when it has no choice. */
export const OUT = "out";
/** The port along which a failed action goes on, when an edge starts there. */
export const ERROR = "error";

/** The node with this id. */
export function nodeOf({ nodes }: Definition, id: string): NodeDefinition | undefined {
  let byId = lookups.get(nodes);
  if (!byId) {
    // Of two with the same id, which only a damaged document has, the first one counts.
    byId = new Map(nodes.toReversed().map((node) => [node.id, node]));
    lookups.set(nodes, byId);
  }
  return byId.get(id);
}

// Hundreds of cards and lines ask at once, and a definition is never changed in place.
const lookups = new WeakMap<readonly NodeDefinition[], ReadonlyMap<string, NodeDefinition>>();

/** Names an edge: equal ends and port mean the same edge. */
export function edgeKey(edge: EdgeDefinition): string {
  return `${edge.from}/${edge.port}/${edge.to}`;
}
