/** Edges: connect and disconnect. */
import { type Definition, type EdgeDefinition, edgeKey } from "../definition.ts";

/** Adds an edge; whether it may be drawn is asked before, by `canConnect`. */
export function connect(definition: Definition, edge: EdgeDefinition): Definition {
  if (definition.edges.some((known) => edgeKey(known) === edgeKey(edge))) return definition;
  return { ...definition, edges: [...definition.edges, { from: edge.from, port: edge.port, to: edge.to }] };
}

/** Removes the edges with these keys. */
export function removeEdges(definition: Definition, edgeKeys: Iterable<string>): Definition {
  const keys = new Set(edgeKeys);
  const edges = definition.edges.filter((edge) => !keys.has(edgeKey(edge)));
  return edges.length === definition.edges.length ? definition : { ...definition, edges };
}
