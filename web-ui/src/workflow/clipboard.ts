/** Nodes as text, so that they can be copied to another tab, another installation, or a file. */
import {
  type Definition,
  type EdgeDefinition,
  type JsonObject,
  type NodeDefinition,
  OUT,
  type Position,
} from "./definition.ts";
import { type Fragment, fragmentOf } from "./edits/copies.ts";

/** The nodes with these ids and the edges between them. */
export function toText(definition: Definition, ids: Iterable<string>): string {
  return JSON.stringify(fragmentOf(definition, ids), null, 2);
}

/** Reads what {@link toText} wrote, a whole definition, or an exported file; null when a text is none of these. */
export function fromText(text: string): Fragment | null {
  const document = objectOf(parse(text));
  const source = objectOf(document?.definition) ?? document;
  if (!source || !Array.isArray(source.nodes) || source.nodes.length === 0) return null;
  const nodes = source.nodes.map(readNode);
  const edges = (Array.isArray(source.edges) ? source.edges : []).map(readEdge);
  if (nodes.includes(null) || edges.includes(null)) return null;
  return { nodes: nodes as NodeDefinition[], edges: edges as EdgeDefinition[] };
}

/** A file's document: what an exported workflow consists of. */
export interface Export {
  readonly name: string;
  readonly definition: Definition;
}

/** What a file holds. */
interface ReadExport {
  readonly definition: Definition;
  /** Whether it is a whole workflow, not only some nodes of one. */
  readonly isWhole: boolean;
}

/** Reads an exported workflow, a definition, or copied nodes; null when a text is none of these. Missing settings stay as they are. */
export function readExport(text: string, settings: Definition["settings"]): ReadExport | null {
  const fragment = fromText(text);
  const document = objectOf(parse(text));
  if (!fragment || !document) return null;
  const given = objectOf(objectOf(document.definition)?.settings ?? document.settings);
  const known = SETTINGS.filter((name) => given?.[name] !== undefined && given[name] !== null);
  const chosen = Object.fromEntries(known.map((name) => [name, given?.[name]]));
  return {
    definition: { ...fragment, settings: { ...settings, ...chosen } },
    isWhole: given !== null || document.definition !== undefined,
  };
}

const SETTINGS = [
  "timezone",
  "max_parallel_runs",
  "run_timeout_ms",
  "order_by",
  "max_queued_runs",
  "callback",
  "personal",
  "keep_days",
  "keep_runs",
] as const satisfies readonly (keyof Definition["settings"])[];

const NODE_FIELDS = ["title", "credential", "retry", "timeout_ms", "on_error", "safe_to_repeat", "parent"] as const;

/** Takes the known fields only: what the server does not know it would refuse as a whole. */
function readNode(value: unknown): NodeDefinition | null {
  const node = objectOf(value);
  if (!node || typeof node.id !== "string" || typeof node.type !== "string") return null;
  const optional = NODE_FIELDS.filter((field) => node[field] !== undefined && node[field] !== null);
  return {
    id: node.id,
    type: node.type,
    position: readPosition(node.position),
    params: (objectOf(node.params) ?? {}) as JsonObject,
    ...Object.fromEntries(optional.map((field) => [field, node[field]])),
  };
}

function readEdge(value: unknown): EdgeDefinition | null {
  const edge = objectOf(value);
  if (!edge || typeof edge.from !== "string" || typeof edge.to !== "string") return null;
  return { from: edge.from, port: typeof edge.port === "string" ? edge.port : OUT, to: edge.to };
}

function readPosition(value: unknown): Position {
  const position = objectOf(value);
  const number = (coordinate: unknown) => (typeof coordinate === "number" ? coordinate : 0);
  return { x: number(position?.x), y: number(position?.y) };
}

function objectOf(value: unknown): Record<string, unknown> | null {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : null;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
