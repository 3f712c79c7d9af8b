/** Expressions name other nodes by id (`$.steps.order`, `steps["order"]`); this rewrites the names when ids change. */
import type { Json, JsonObject, NodeDefinition } from "./definition.ts";

/** Old id → new id. */
type Renames = ReadonlyMap<string, string>;

/** The node with every expression that names a renamed node rewritten; the same object when none does. */
export function rewriteReferences(node: NodeDefinition, renames: Renames): NodeDefinition {
  // A script is one expression as a whole; anywhere else expressions stand in braces.
  const isScript = (name: string) => node.type === "code" && name === "script";
  let changed = false;
  const params: Record<string, Json> = {};
  for (const [name, value] of Object.entries(node.params)) {
    const next = isScript(name) && typeof value === "string" ? inExpression(value, renames) : inValue(value, renames);
    changed ||= next !== value;
    params[name] = next;
  }
  return changed ? { ...node, params } : node;
}

function inValue(value: Json, renames: Renames): Json {
  if (typeof value === "string") {
    if (!value.includes("{{")) return value;
    return value.replace(EXPRESSION, (expression) => inExpression(expression, renames));
  }
  if (Array.isArray(value)) {
    const items = (value as readonly Json[]).map((item) => inValue(item, renames));
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
  if (typeof value !== "object" || value === null) return value;
  const before = Object.entries(value as JsonObject);
  const after = before.map(([name, item]) => [name, inValue(item, renames)] as const);
  return after.some(([, item], index) => item !== before[index]?.[1]) ? Object.fromEntries(after) : value;
}

/** From `{{` to the next `}}`; longer expressions with braces inside are covered piece by piece. */
const EXPRESSION = /\{\{[\s\S]*?\}\}+/g;

/** `steps` as a name of its own (after `$.` or `$[…]` in a path), then a member in one of the ways to write it. */
const REFERENCE =
  /(?<![\w."'`])(\$\s*(?:\.\s*steps|\[\s*(["'])steps\2\s*\])|steps\s*\??)\s*(?:\.\s*([A-Za-z_]\w*)(?!\w|\s*\()|\[\s*(["'`])((?:(?!\4).)*)\4\s*\])/g;

const PLAIN_NAME = /^[A-Za-z_]\w*$/;

function inExpression(text: string, renames: Renames): string {
  return text.replace(REFERENCE, (whole, steps: string, _quote, plain: string, quote: string, quoted: string) => {
    const renamed = renames.get(plain ?? quoted);
    if (renamed === undefined) return whole;
    if (plain !== undefined && PLAIN_NAME.test(renamed)) return `${steps}.${renamed}`;
    return `${steps}[${quote ?? '"'}${renamed}${quote ?? '"'}]`;
  });
}
