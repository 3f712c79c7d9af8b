/** Orders the cards from left to right. The library that does it is loaded when it is first asked for. */
import type { Definition, Position } from "./definition.ts";
import { CARD_HEIGHT, CARD_WIDTH, COLUMN, snap } from "./placing.ts";

/** Where every node belongs, for `moveNodes`; the upper left one stays where it is. */
export async function tidy(definition: Definition): Promise<ReadonlyMap<string, Position>> {
  const { graphlib, layout } = await import("@dagrejs/dagre");
  const graph = new graphlib.Graph({ multigraph: true });
  graph.setGraph({ rankdir: "LR", nodesep: 44, ranksep: COLUMN - CARD_WIDTH });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const node of definition.nodes) graph.setNode(node.id, { width: CARD_WIDTH, height: CARD_HEIGHT });
  for (const edge of definition.edges) {
    if (graph.hasNode(edge.from) && graph.hasNode(edge.to)) graph.setEdge(edge.from, edge.to, {}, edge.port);
  }
  layout(graph);
  const corner = upperLeft(definition.nodes.map((node) => node.position));
  const placed = new Map<string, Position>();
  for (const node of definition.nodes) {
    const { x = 0, y = 0 } = graph.node(node.id) as Partial<Position>;
    placed.set(node.id, { x: x - CARD_WIDTH / 2, y: y - CARD_HEIGHT / 2 });
  }
  const drawn = upperLeft([...placed.values()]);
  for (const [id, { x, y }] of placed) placed.set(id, snap({ x: x - drawn.x + corner.x, y: y - drawn.y + corner.y }));
  return placed;
}

function upperLeft(positions: readonly Position[]): Position {
  if (positions.length === 0) return { x: 0, y: 0 };
  return { x: Math.min(...positions.map(({ x }) => x)), y: Math.min(...positions.map(({ y }) => y)) };
}
