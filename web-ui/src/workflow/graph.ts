/** Questions about a definition's edges: which ports there are, what may be connected, what runs before what. */
import type { Catalogue, NodeType, PortSpec } from "../catalogue/catalogue.svelte.ts";
import { isShownAmong } from "../catalogue/visibility.ts";
import { t } from "../texts/texts.ts";
import { boxesAround, boxOf } from "./boxes.ts";
import {
  type Definition,
  type EdgeDefinition,
  ERROR,
  type Json,
  type JsonObject,
  type NodeDefinition,
  nodeOf,
} from "./definition.ts";

/** Why two nodes cannot be connected. */
export type Refusal =
  | "unknown_node"
  | "same_node"
  | "into_trigger"
  | "unknown_port"
  | "duplicate"
  | "circle"
  | "other_box";

/** The ports that edges may start at: a switch's cases in their order, then the manifest's, then `error` where a step can fail. */
export function portsOf(node: NodeDefinition, nodeType: NodeType | undefined): readonly PortSpec[] {
  if (!nodeType) return [];
  const ports: PortSpec[] = [];
  const add = (port: PortSpec) => {
    if (!ports.some((known) => known.name === port.name)) ports.push(port);
  };
  const cases = nodeType.ports_from === undefined ? undefined : node.params[nodeType.ports_from];
  if (Array.isArray(cases)) for (const item of cases as readonly Json[]) addCase(item, add);
  for (const port of nodeType.ports) if (isShownAmong(port, nodeType.parameters, node.params)) add(port);
  if (nodeType.kind === "action" || nodeType.kind === "data") add({ name: ERROR, title: t("editor.port.error") });
  return ports;
}

/** The port along which a new node goes on when nobody says otherwise. */
export function firstPort(node: NodeDefinition, nodeType: NodeType | undefined): string | undefined {
  const first = portsOf(node, nodeType)[0]?.name;
  return first === ERROR ? undefined : first;
}

/**
 * Where a new node goes on when nobody says: behind this node, or without one behind the rightmost in the box that has a free
 * way. None when there is no free way.
 */
export function openEnd(
  definition: Definition,
  catalogue: Catalogue,
  preferred?: string,
  box = preferred === undefined ? undefined : boxOf(definition, preferred),
): { readonly node: string; readonly port: string } | undefined {
  const used = new Set(definition.edges.map((edge) => `${edge.from}/${edge.port}`));
  const freePort = (node: NodeDefinition) =>
    portsOf(node, catalogue.get(node.type)).find(({ name }) => name !== ERROR && !used.has(`${node.id}/${name}`))?.name;
  const chosen = preferred === undefined ? undefined : nodeOf(definition, preferred);
  const inside = definition.nodes.filter((node) => boxOf(definition, node.id) === box);
  const candidates = (chosen ? [chosen] : inside).flatMap((node) => {
    const port = freePort(node);
    return port === undefined ? [] : [{ node: node.id, port, x: node.position.x }];
  });
  const [last] = candidates.sort((one, other) => other.x - one.x);
  return last && { node: last.node, port: last.port };
}

/** Why an edge may not be drawn; null when it may. */
export function canConnect(definition: Definition, catalogue: Catalogue, edge: EdgeDefinition): Refusal | null {
  const from = nodeOf(definition, edge.from);
  const to = nodeOf(definition, edge.to);
  if (!from || !to) return "unknown_node";
  if (edge.from === edge.to) return "same_node";
  if (catalogue.get(to.type)?.kind === "trigger") return "into_trigger";
  if (!portsOf(from, catalogue.get(from.type)).some((port) => port.name === edge.port)) return "unknown_port";
  if (boxOf(definition, edge.from) !== boxOf(definition, edge.to)) return "other_box";
  const exists = definition.edges.some(
    (known) => known.from === edge.from && known.port === edge.port && known.to === edge.to,
  );
  if (exists) return "duplicate";
  return reachable(definition.edges, edge.to, "forward").has(edge.from) ? "circle" : null;
}

/**
 * The nodes that run before a node on some way to it, the nearest first: those whose outputs its expressions may use. In a
 * box also what runs before the box.
 */
export function stepsBefore(definition: Definition, id: string): readonly string[] {
  const found = new Set<string>();
  for (const start of [id, ...boxesAround(definition, id)]) {
    const before = reachable(definition.edges, start, "backward");
    before.delete(start);
    for (const other of before) found.add(other);
  }
  return [...found].filter((other) => nodeOf(definition, other) !== undefined);
}

/** The nodes that can be reached from a node, itself included. */
export function stepsAfter(definition: Definition, id: string): ReadonlySet<string> {
  return reachable(definition.edges, id, "forward");
}

function addCase(item: Json, add: (port: PortSpec) => void): void {
  if (typeof item !== "object" || item === null || Array.isArray(item)) return;
  const name = (item as JsonObject).port;
  if (typeof name === "string" && name !== "") add({ name, title: name });
}

function reachable(edges: readonly EdgeDefinition[], start: string, direction: "forward" | "backward"): Set<string> {
  const next = new Map<string, string[]>();
  for (const { from, to } of edges) {
    const [here, there] = direction === "forward" ? [from, to] : [to, from];
    const known = next.get(here);
    if (known) known.push(there);
    else next.set(here, [there]);
  }
  const seen = new Set([start]);
  // A set is walked in the order of insertion, and what is added meanwhile is walked, too.
  for (const id of seen) for (const other of next.get(id) ?? []) seen.add(other);
  return seen;
}
