/** All fields of the sample as one list, for search. */
import type { Json, JsonObject } from "../workflow/definition.ts";
import type { Path } from "./path.ts";

export interface Field {
  readonly path: Path;
  readonly value: Json;
}

/** How many fields are listed at most; beyond that a person searches in the tree. */
const MOST = 1000;
const DEEPEST = 8;

/** The fields of the trigger and of the given steps: those that hold a value first, level by level. Of a list its first item. */
export function fieldsOf(context: JsonObject, steps: readonly string[]): readonly Field[] {
  const outputs = (context.steps ?? {}) as JsonObject;
  const turn = ["item", "index"]
    .filter((name) => name in context)
    .map((name) => ({ path: [name], value: context[name] ?? null }));
  const roots: Field[] = [...turn, { path: ["trigger"], value: context.trigger ?? null }];
  for (const id of steps) if (id in outputs) roots.push({ path: ["steps", id], value: outputs[id] ?? null });
  const found = roots.flatMap((root) => below(root));
  for (const [name, members] of [
    ["run", ["id", "started_at"]],
    ["workflow", ["name", "id"]],
  ] as const) {
    const value = (context[name] ?? {}) as JsonObject;
    for (const member of members) found.push({ path: [name, member], value: value[member] ?? null });
  }
  return found.slice(0, MOST);
}

/** The fields whose name has all words of the search; those whose last part begins with it come first. */
export function search<T extends { readonly name: string }>(fields: readonly T[], query: string): readonly T[] {
  const words = query
    .toLocaleLowerCase()
    .split(/[\s.›]+/)
    .filter((word) => word !== "");
  if (words.length === 0) return fields;
  const rank = (name: string) => {
    const last = name.slice(name.lastIndexOf("›") + 1).trim();
    return last.startsWith(words.at(-1) ?? "") ? 0 : 1;
  };
  return fields
    .map((field) => ({ field, name: field.name.toLocaleLowerCase() }))
    .filter(({ name }) => words.every((word) => name.includes(word)))
    .map((match) => ({ ...match, rank: rank(match.name) }))
    .sort((left, right) => left.rank - right.rank)
    .map(({ field }) => field);
}

function below(root: Field, depth = 0): readonly Field[] {
  const { path, value } = root;
  const children = childrenOf(value).map(([step, child]) => ({ path: [...path, step], value: child }));
  if (depth >= DEEPEST || children.length === 0) return [root];
  const isTrigger = path.length === 1 && path[0] === "trigger";
  // The body is what people look for; the rest of a request comes behind it.
  if (isTrigger) children.sort((left, right) => Number(right.path[1] === "body") - Number(left.path[1] === "body"));
  return [...children.flatMap((child) => below(child, depth + 1)), root];
}

function childrenOf(value: Json): readonly (readonly [string | number, Json])[] {
  if (Array.isArray(value)) return value.length > 0 ? [[0, (value as readonly Json[])[0] ?? null]] : [];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value as JsonObject).slice(0, MOST);
}
