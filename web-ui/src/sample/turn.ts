/** What a step in a box sees besides everything else: the item of its turn, for which the sample's first one stands. */
import { follow, parsePath } from "../expression/path.ts";
import { onlyExpression } from "../expression/template.ts";
import { boxesAround } from "../workflow/boxes.ts";
import { type Definition, type Json, type JsonObject, nodeOf } from "../workflow/definition.ts";

/** An expression that only the server can compute. */
export interface Unknown {
  readonly source: string;
  readonly context: JsonObject;
}

export interface Turn {
  /** The data that expressions of the step see. */
  readonly context: JsonObject;
  /** What has to be computed first for an item to be known. */
  readonly unknown: Unknown | null;
}

/** The data for a step. `computed` holds what the server said before, by expression; outside of boxes nothing is added. */
export function turnOf(
  definition: Definition,
  id: string,
  base: JsonObject,
  computed: { get(source: string): Json | undefined },
): Turn {
  let context = base;
  for (const box of boxesAround(definition, id).toReversed()) {
    const items = listOf(nodeOf(definition, box)?.params.items, context, computed);
    if (items === undefined) {
      const source = soleExpression(nodeOf(definition, box)?.params.items) ?? "";
      return { context: { ...context, item: null, index: 0 }, unknown: { source, context } };
    }
    context = { ...context, item: Array.isArray(items) ? ((items as readonly Json[])[0] ?? null) : null, index: 0 };
  }
  return { context, unknown: null };
}

/** The value of `items`; undefined while it is not known. */
function listOf(
  items: Json | undefined,
  context: JsonObject,
  computed: { get(source: string): Json | undefined },
): Json | undefined {
  const source = soleExpression(items);
  if (source === null) return items ?? null;
  const path = parsePath(source);
  return path ? follow(context, path).value : computed.get(source);
}

function soleExpression(value: Json | undefined): string | null {
  return typeof value === "string" ? onlyExpression(value) : null;
}
