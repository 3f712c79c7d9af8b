/** Brings together two drafts that were made from the same one: in two tabs, or by two people. */
import { type Definition, type EdgeDefinition, edgeKey, type Json, type NodeDefinition, nodeOf } from "./definition.ts";
import { renameNodeId } from "./edits/copies.ts";
import { freshId } from "./edits/ids.ts";
import { equal } from "./equal.ts";

/** Something that both sides changed in different ways. `field` is a parameter's name, another field of a node, or `node` for the node as a whole. */
export interface Conflict {
  /** None when it is a setting of the workflow. */
  readonly node: string | null;
  readonly field: string;
}

export interface Merged {
  /** Everything of both sides; where they contradict each other, mine. The very object `mine` when theirs brings nothing. */
  readonly definition: Definition;
  readonly conflicts: readonly Conflict[];
}

/** Three-way merge by node and field. A card's place is never a conflict: mine stands. */
export function merge(base: Definition, mine: Definition, theirs: Definition): Merged {
  const own = keepApart(base, mine, theirs);
  const conflicts: Conflict[] = [];
  const nodes: NodeDefinition[] = [];
  for (const id of idsOf(theirs, own)) {
    const node = mergeNode(nodeOf(base, id), nodeOf(own, id), nodeOf(theirs, id), conflicts);
    if (node) nodes.push(node);
  }
  const settings = mergeFields(base.settings, own.settings, theirs.settings, (field) => {
    conflicts.push({ node: null, field });
  });
  const definition = { nodes, edges: mergeEdges(base, own, theirs, nodes), settings } as Definition;
  return { definition: equal(definition, mine) ? mine : definition, conflicts };
}

/** Two nodes that were added on both sides under the same id are two nodes. */
function keepApart(base: Definition, mine: Definition, theirs: Definition): Definition {
  const taken = new Set([...mine.nodes, ...theirs.nodes].map((node) => node.id));
  let own = mine;
  for (const node of mine.nodes) {
    const other = nodeOf(theirs, node.id);
    if (nodeOf(base, node.id) || !other || equal(node, other)) continue;
    const id = freshId(taken, node.id);
    taken.add(id);
    own = renameNodeId(own, node.id, id);
  }
  return own;
}

function mergeNode(
  base: NodeDefinition | undefined,
  mine: NodeDefinition | undefined,
  theirs: NodeDefinition | undefined,
  conflicts: Conflict[],
): NodeDefinition | undefined {
  if (!base) return mine ?? theirs;
  if (!mine || !theirs) {
    const left = mine ?? theirs;
    if (!left || isOnlyMoved(base, left)) return undefined;
    // One side removed what the other went on working at: the work is kept until a person has decided.
    conflicts.push({ node: base.id, field: "node" });
    return left;
  }
  const report = (field: string) => conflicts.push({ node: base.id, field });
  const { params: baseParams, position: basePosition, ...baseRest } = base;
  const { params: myParams, position: myPosition, ...myRest } = mine;
  const { params: theirParams, position: theirPosition, ...theirRest } = theirs;
  const rest = mergeFields(baseRest, myRest, theirRest, report) as Omit<NodeDefinition, "params" | "position">;
  return {
    ...rest,
    position: equal(myPosition, basePosition) ? theirPosition : myPosition,
    params: mergeFields(baseParams, myParams, theirParams, report) as Readonly<Record<string, Json>>,
  };
}

function mergeFields(base: object, mine: object, theirs: object, report: (field: string) => void): object {
  const [old, own, other] = [base, mine, theirs] as Readonly<Record<string, unknown>>[] as [Fields, Fields, Fields];
  const merged: Record<string, unknown> = {};
  for (const field of new Set([...Object.keys(other), ...Object.keys(own)])) {
    const changedByMe = !equal(own[field], old[field]);
    const changedByThem = !equal(other[field], old[field]);
    if (changedByMe && changedByThem && !equal(own[field], other[field])) report(field);
    const value = changedByMe ? own[field] : other[field];
    if (value !== undefined) merged[field] = value;
  }
  return merged;
}

type Fields = Readonly<Record<string, unknown>>;

function mergeEdges(
  base: Definition,
  mine: Definition,
  theirs: Definition,
  nodes: readonly NodeDefinition[],
): readonly EdgeDefinition[] {
  const ids = new Set(nodes.map((node) => node.id));
  const [old, own, other] = [base, mine, theirs].map((side) => new Set(side.edges.map(edgeKey)));
  const kept = new Map<string, EdgeDefinition>();
  for (const edge of [...theirs.edges, ...mine.edges]) {
    const key = edgeKey(edge);
    const removed = old?.has(key) && !(own?.has(key) && other?.has(key));
    if (!removed && ids.has(edge.from) && ids.has(edge.to)) kept.set(key, edge);
  }
  return [...kept.values()];
}

function isOnlyMoved(base: NodeDefinition, node: NodeDefinition): boolean {
  return equal({ ...base, position: null }, { ...node, position: null });
}

function idsOf(first: Definition, second: Definition): ReadonlySet<string> {
  return new Set([...first.nodes, ...second.nodes].map((node) => node.id));
}
