/** The steps as a list to read: one after the other where there is one way, nested where there are several. */
import type { PortSpec } from "../catalogue/catalogue.svelte.ts";
import { childrenByBox, isBox } from "../workflow/boxes.ts";
import { type Definition, type EdgeDefinition, ERROR, type NodeDefinition } from "../workflow/definition.ts";

export interface Item {
  readonly node: NodeDefinition;
  /** It stands in the list already, where the ways meet again. */
  readonly isRepeated: boolean;
  readonly branches: readonly Branch[];
  /** Of a box: what lies in it, one list for each beginning. None for every other step. */
  readonly inside: readonly (readonly Item[])[] | null;
}

/** One way on from a step. */
interface Branch {
  readonly port: PortSpec;
  readonly items: readonly Item[];
}

export interface Outline {
  /** One list for each trigger. */
  readonly starts: readonly (readonly Item[])[];
  /** What no trigger leads to. */
  readonly loose: readonly (readonly Item[])[];
}

export function outlineOf(
  definition: Definition,
  isTrigger: (node: NodeDefinition) => boolean,
  portsOf: (node: NodeDefinition) => readonly PortSpec[],
): Outline {
  const nodes = new Map(definition.nodes.map((node) => [node.id, node]));
  const edges = new Map<string, EdgeDefinition[]>();
  const hasWayIn = new Set<string>();
  for (const edge of definition.edges) {
    edges.set(edge.from, [...(edges.get(edge.from) ?? []), edge]);
    if (nodes.has(edge.from)) hasWayIn.add(edge.to);
  }
  const seen = new Set<string>();
  const contents = childrenByBox(definition);

  function walk(start: string): readonly Item[] {
    const items: Item[] = [];
    let node = nodes.get(start);
    while (node) {
      const isRepeated = seen.has(node.id);
      seen.add(node.id);
      const out: readonly EdgeDefinition[] = isRepeated ? [] : (edges.get(node.id) ?? []);
      const ports = isRepeated ? [] : portsOf(node);
      const ways = ports.filter((port) => port.name !== ERROR);
      const only = ways.length <= 1 && out.length === 1 && out[0]?.port !== ERROR ? out[0] : undefined;
      const isPlain = only !== undefined || (ways.length <= 1 && out.length === 0);
      const inside = isRepeated || !isBox(node) ? null : listsOf(contents.get(node.id) ?? []);
      items.push({ node, isRepeated, branches: isPlain ? [] : branchesOf(ports, out), inside });
      node = only ? nodes.get(only.to) : undefined;
    }
    return items;
  }

  /** Every way, also one that leads nowhere yet, so that a step can be added there; the error's only when it is used. */
  function branchesOf(ports: readonly PortSpec[], out: readonly EdgeDefinition[]): readonly Branch[] {
    const lost = out.filter((edge) => !ports.some((port) => port.name === edge.port)).map((edge) => edge.port);
    const all = [...ports, ...[...new Set(lost)].map((name) => ({ name, title: name }))];
    return all.flatMap((port) => {
      const own = out.filter((edge) => edge.port === port.name);
      if (own.length === 0) return port.name === ERROR ? [] : [{ port, items: [] }];
      return own.map((edge) => ({ port, items: walk(edge.to) }));
    });
  }

  /** First what begins a line of its own, then whatever is left of circles. */
  function listsOf(members: readonly NodeDefinition[]): readonly (readonly Item[])[] {
    const lists: (readonly Item[])[] = [];
    for (const isBeginning of [true, false]) {
      for (const node of members) {
        if (!seen.has(node.id) && !(isBeginning && hasWayIn.has(node.id))) lists.push(walk(node.id));
      }
    }
    return lists;
  }

  const starts = definition.nodes.filter(isTrigger).map((node) => walk(node.id));
  return { starts, loose: listsOf(contents.get("") ?? []) };
}
