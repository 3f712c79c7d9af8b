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
export function nodeOf(definition: Definition, id: string): NodeDefinition | undefined {
  return definition.nodes.find((node) => node.id === id);
}

/** Names an edge: equal ends and port mean the same edge. */
export function edgeKey(edge: EdgeDefinition): string {
  return `${edge.from}/${edge.port}/${edge.to}`;
}
