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

type Report = (node: string | null, field: string) => void;
type MaybeNode = NodeDefinition | undefined;

/** Three-way merge by node and field. A card's place is never a conflict: mine stands. */
export function merge(base: Definition, mine: Definition, theirs: Definition): Merged {
  const conflicts: Conflict[] = [];
  const report: Report = (node, field) => conflicts.push({ node, field });
  const own = renamed(mine, clashes(base, mine, theirs));
  const definition = combine([base, own, theirs], report, (old, left) => {
    if (isOnlyMoved(old, left)) return undefined;
    // One side removed what the other went on working at: the work is kept until a person has decided.
    report(old.id, "node");
    return left;
  });
  return { definition: equal(definition, mine) ? mine : definition, conflicts };
}

/**
 * Gives a function that puts into an earlier or undone state of mine what such a merge brought. Where that state and the
 * others contradict each other, theirs stands: whoever goes back takes back only what was their own.
 */
export function bringing(base: Definition, mine: Definition, theirs: Definition): (state: Definition) => Definition {
  const known = clashes(base, mine, theirs);
  const old = byId(base);
  // Sharing what is equal turns most of the many comparisons to come into a glance.
  const others = {
    ...theirs,
    nodes: theirs.nodes.map((node) => (equal(old.get(node.id), node) ? (old.get(node.id) ?? node) : node)),
  };
  const kept = byId(others);
  return (state) => {
    const own = renamed(state, clashes(base, state, others, known));
    const definition = combine(
      [base, others, own],
      () => {},
      (before, left) => {
        if (!kept.has(before.id)) return undefined;
        return isOnlyMoved(before, left) ? undefined : left;
      },
    );
    return equal(definition, state) ? state : definition;
  };
}

/** The first side stands where both contradict each other. `decide` says what becomes of a node that one side removed. */
function combine(
  [base, first, second]: readonly [base: Definition, first: Definition, second: Definition],
  report: Report,
  decide: (old: NodeDefinition, left: NodeDefinition) => MaybeNode,
): Definition {
  const [olds, ones, others] = [byId(base), byId(first), byId(second)];
  const nodes: NodeDefinition[] = [];
  for (const id of new Set([...others.keys(), ...ones.keys()])) {
    const [old, one, other] = [olds.get(id), ones.get(id), others.get(id)];
    const left = one ?? other;
    const node = old && one && other ? mergeNode(old, one, other, report) : old && left ? decide(old, left) : left;
    if (node) nodes.push(node);
  }
  const settings = mergeFields(base.settings, first.settings, second.settings, (field) => report(null, field));
  return { nodes, edges: mergeEdges([base, first, second], nodes), settings } as Definition;
}

/** New ids for the nodes that were added on both sides under the same one: they are two nodes. `known` are chosen already. */
function clashes(
  base: Definition,
  mine: Definition,
  theirs: Definition,
  known: ReadonlyMap<string, string> = new Map(),
): ReadonlyMap<string, string> {
  const taken = new Set([...mine.nodes, ...theirs.nodes].map((node) => node.id));
  const others = byId(theirs);
  const found = new Map<string, string>();
  for (const node of mine.nodes) {
    const other = others.get(node.id);
    if (!other || nodeOf(base, node.id) || equal(node, other)) continue;
    const wish = known.get(node.id);
    const id = wish !== undefined && !taken.has(wish) ? wish : freshId(taken, node.id);
    taken.add(id);
    found.set(node.id, id);
  }
  return found;
}

function renamed(definition: Definition, ids: ReadonlyMap<string, string>): Definition {
  return [...ids].reduce((before, [id, newId]) => renameNodeId(before, id, newId), definition);
}

function mergeNode(
  base: NodeDefinition,
  first: NodeDefinition,
  second: NodeDefinition,
  report: Report,
): NodeDefinition {
  if (first === base) return second;
  if (second === base) return first;
  const reportField = (field: string) => report(base.id, field);
  const { params: baseParams, position: basePosition, ...baseRest } = base;
  const { params, position, ...rest } = first;
  const { params: otherParams, position: otherPosition, ...otherRest } = second;
  return {
    ...(mergeFields(baseRest, rest, otherRest, reportField) as Omit<NodeDefinition, "params" | "position">),
    position: equal(position, basePosition) ? otherPosition : position,
    params: mergeFields(baseParams, params, otherParams, reportField) as Readonly<Record<string, Json>>,
  };
}

function mergeFields(base: object, first: object, second: object, report: (field: string) => void): object {
  const [old, one, other] = [base, first, second] as [Fields, Fields, Fields];
  const merged: Record<string, unknown> = {};
  for (const field of new Set([...Object.keys(other), ...Object.keys(one)])) {
    const changedByFirst = !equal(one[field], old[field]);
    const changedBySecond = !equal(other[field], old[field]);
    if (changedByFirst && changedBySecond && !equal(one[field], other[field])) report(field);
    const value = changedByFirst ? one[field] : other[field];
    if (value !== undefined) merged[field] = value;
  }
  return merged;
}

type Fields = Readonly<Record<string, unknown>>;

function mergeEdges(
  [base, first, second]: readonly [Definition, Definition, Definition],
  nodes: readonly NodeDefinition[],
): readonly EdgeDefinition[] {
  const ids = new Set(nodes.map((node) => node.id));
  const keysOf = (side: Definition) => new Set(side.edges.map(edgeKey));
  const [old, one, other] = [keysOf(base), keysOf(first), keysOf(second)];
  const kept = new Map<string, EdgeDefinition>();
  for (const edge of [...second.edges, ...first.edges]) {
    const key = edgeKey(edge);
    const isRemoved = old.has(key) && !(one.has(key) && other.has(key));
    if (!isRemoved && ids.has(edge.from) && ids.has(edge.to)) kept.set(key, edge);
  }
  return [...kept.values()];
}

function isOnlyMoved(base: NodeDefinition, node: NodeDefinition): boolean {
  return equal({ ...base, position: null }, { ...node, position: null });
}

function byId(definition: Definition): ReadonlyMap<string, NodeDefinition> {
  return new Map(definition.nodes.map((node) => [node.id, node]));
}
