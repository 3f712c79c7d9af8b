/** Moves nodes into boxes and out of them. */
import { BOX_ROOM, boxesAround, boxOf, childrenByBox, rectOf } from "../boxes.ts";
import { type Definition, type EdgeDefinition, type NodeDefinition, nodeOf, type Position } from "../definition.ts";
import { freePlace, placeAtEnd, spread } from "../placing.ts";
import { mapNodes, moveNodes } from "./changes.ts";

export interface MovedInto {
  readonly definition: Definition;
  /** Lines that would have crossed the box's border. */
  readonly removed: readonly EdgeDefinition[];
}

/**
 * Puts nodes into a box, or out of all boxes. What lies in them goes with them. With `isPlaced` they stay where they are
 * drawn (they were dragged there); else they get a place of their own.
 */
export function moveInto(
  definition: Definition,
  ids: Iterable<string>,
  box: string | undefined,
  isPlaced = false,
): MovedInto {
  const roots = rootsOf(definition, ids).filter((id) => boxOf(definition, id) !== box);
  if (roots.length === 0) return { definition, removed: [] };
  const chosen = new Set(roots);
  const outer = roots.map((id) => boxOf(definition, id));
  let next = mapNodes(definition, (node) => (chosen.has(node.id) ? withParent(node, box) : node));
  const removed = next.edges.filter((edge) => crosses(next, edge) && (chosen.has(edge.from) || chosen.has(edge.to)));
  const lost = new Set(removed);
  if (removed.length > 0) next = { ...next, edges: next.edges.filter((edge) => !lost.has(edge)) };
  if (!isPlaced) {
    for (const [index, id] of roots.entries())
      next = moveNodes(next, new Map([[id, placeFor(next, id, box, outer[index])]]));
  }
  return { definition: spread(definition, next, box), removed };
}

/** The nodes of these that lie in none of the others. */
function rootsOf(definition: Definition, ids: Iterable<string>): readonly string[] {
  const chosen = new Set(ids);
  return [...chosen].filter(
    (id) => nodeOf(definition, id) && !boxesAround(definition, id).some((around) => chosen.has(around)),
  );
}

/** Whether the two ends of a line lie in different boxes. */
function crosses(definition: Definition, edge: EdgeDefinition): boolean {
  return boxOf(definition, edge.from) !== boxOf(definition, edge.to);
}

function withParent(node: NodeDefinition, box: string | undefined): NodeDefinition {
  const { parent: _, ...others } = node;
  return box === undefined ? others : { ...others, parent: box };
}

/** In a box at the end of its first row; out of one below it. */
function placeFor(definition: Definition, id: string, box: string | undefined, was: string | undefined): Position {
  const others = (childrenByBox(definition).get(box ?? "") ?? []).filter((node) => node.id !== id);
  const without = { ...definition, nodes: definition.nodes.filter((node) => node.id !== id) };
  const node = nodeOf(definition, id);
  const size = node && rectOf(definition, node);
  const left = was === undefined ? undefined : nodeOf(definition, was);
  if (left && was !== box && boxesAround(definition, was)[0] === box) {
    const { x, y, height } = rectOf(without, left);
    return freePlace(without, { x, y: y + height + BOX_ROOM.bottom }, box, size);
  }
  return others.length === 0 && box === undefined && node ? node.position : placeAtEnd(without, box, size);
}
