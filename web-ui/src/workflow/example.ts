import type { NodeType } from "../catalogue/catalogue.svelte.ts";
import type { Json, JsonObject, NodeDefinition } from "./definition.ts";

/** The example data of a node without a sample: its type's, and in it what a trigger has of its own. */
export function exampleOf(node: NodeDefinition, nodeType: NodeType | undefined): Json {
  const example = nodeType?.sample_output ?? null;
  const own = node.params.sample;
  return own === undefined || nodeType?.kind !== "trigger" || !isObject(example) ? example : { ...example, body: own };
}

function isObject(value: Json): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
