/** Orders the cards from left to right, what lies in a box within it. The library that does it is loaded when it is first asked for. */
import { BOX_ROOM, boxesAround, childrenByBox, rectOf } from "./boxes.ts";
import { type Definition, type NodeDefinition, nodeOf, type Position } from "./definition.ts";
import { moveNodes } from "./edits/changes.ts";
import { CARD_WIDTH, COLUMN, snap } from "./measures.ts";

/** Where every node belongs, for `moveNodes`; the upper left one stays where it is. */
export async function tidy(definition: Definition): Promise<ReadonlyMap<string, Position>> {
  const { graphlib, layout } = await import("@dagrejs/dagre");

  /** The places of some nodes to each other. */
  function arrange(nodes: readonly NodeDefinition[], state: Definition): ReadonlyMap<string, Position> {
    const graph = new graphlib.Graph({ multigraph: true });
    graph.setGraph({ rankdir: "LR", nodesep: 44, ranksep: COLUMN - CARD_WIDTH });
    graph.setDefaultEdgeLabel(() => ({}));
    for (const node of nodes) {
      const { width, height } = rectOf(state, node);
      graph.setNode(node.id, { width, height });
    }
    for (const edge of state.edges) {
      if (graph.hasNode(edge.from) && graph.hasNode(edge.to)) graph.setEdge(edge.from, edge.to, {}, edge.port);
    }
    layout(graph);
    return new Map(nodes.map((node) => [node.id, cornerOf(graph.node(node.id) as Placed, rectOf(state, node))]));
  }

  // The innermost first, because a box is as large as what lies in it.
  let state = definition;
  const groups = [...childrenByBox(definition)].sort(
    ([one], [other]) => depth(definition, other) - depth(definition, one),
  );
  for (const [box, nodes] of groups) {
    const placed = arrange(nodes, state);
    const drawn = upperLeft([...placed.values()]);
    const around = nodeOf(state, box);
    const corner = around
      ? { x: around.position.x + BOX_ROOM.left, y: around.position.y + BOX_ROOM.top }
      : upperLeft(nodes.map((node) => rectOf(state, node)));
    const moves = [...placed].map(([id, { x, y }]) => {
      return [id, snap({ x: x - drawn.x + corner.x, y: y - drawn.y + corner.y })] as const;
    });
    state = moveNodes(state, new Map(moves));
  }
  return new Map(state.nodes.map((node) => [node.id, node.position]));
}

interface Placed extends Position {
  readonly width: number;
  readonly height: number;
}

/** The library gives middles. A box is aligned with its own line, where its ports are. */
function cornerOf({ x = 0, y = 0 }: Partial<Placed>, { width, height }: { width: number; height: number }): Position {
  return { x: x - width / 2, y: y - height / 2 };
}

function depth(definition: Definition, box: string): number {
  return box === "" ? -1 : boxesAround(definition, box).length;
}

function upperLeft(positions: readonly Position[]): Position {
  if (positions.length === 0) return { x: 0, y: 0 };
  return { x: Math.min(...positions.map(({ x }) => x)), y: Math.min(...positions.map(({ y }) => y)) };
}
