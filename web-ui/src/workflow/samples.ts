/** Small definitions and node types that tests are written with. */
import { Catalogue, type NodeKind, type NodeType, type PortSpec } from "../catalogue/catalogue.svelte.ts";
import type { Definition, JsonObject, NodeDefinition } from "./definition.ts";

function nodeType(name: string, kind: NodeKind, ports: readonly string[], extra: Partial<NodeType> = {}): NodeType {
  return {
    name,
    kind,
    title: name,
    description: "",
    icon: "",
    parameters: [],
    ports: ports.map((port): PortSpec => ({ name: port, title: port })),
    credential_required: false,
    safe_to_repeat: true,
    ...extra,
  };
}

export const WEBHOOK = nodeType("webhook", "trigger", ["out"]);
export const FILTER = nodeType("filter", "flow", ["out"]);
export const IF = nodeType("if", "flow", ["true", "false"]);
export const SWITCH = nodeType("switch", "flow", ["default"], { ports_from: "cases" });
export const STOP = nodeType("stop_with_error", "flow", []);
export const FOR_EACH = nodeType("for_each", "flow", ["out"]);
export const RESPOND = nodeType("respond", "flow", []);
export const HTTP = nodeType("http.request", "action", ["out"]);

export const CATALOGUE = new Catalogue([WEBHOOK, FILTER, IF, SWITCH, STOP, FOR_EACH, RESPOND, HTTP], []);

export function node(id: string, type = "filter", x = 0, y = 0, params: JsonObject = {}): NodeDefinition {
  return { id, type, position: { x, y }, params };
}

/** Edges are written `from → to` or `from.port → to`. */
export function definition(nodes: readonly NodeDefinition[], edges: readonly string[] = []): Definition {
  return {
    nodes,
    edges: edges.map((edge) => {
      const [start = "", to = ""] = edge.split(" → ");
      const [from = "", port = "out"] = start.split(".");
      return { from, port, to };
    }),
    settings: { timezone: "Europe/Berlin", max_parallel_runs: 10, run_timeout_ms: 3_600_000 },
  };
}

/** The edges in the same way of writing. */
export function edgesOf({ edges }: Definition): readonly string[] {
  return edges.map(({ from, port, to }) => `${from}${port === "out" ? "" : `.${port}`} → ${to}`);
}
