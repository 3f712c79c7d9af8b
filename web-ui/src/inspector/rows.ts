/**
 * Names and values as rows. The server keeps them by name, so their order means nothing. A row may be unfinished (no name
 * yet, a name twice), which an object cannot say.
 */
import type { Json, JsonObject } from "../workflow/definition.ts";

export interface Row {
  /** Tells rows apart while they are moved. */
  readonly key: number;
  readonly name: string;
  readonly value: Json;
}

let lastKey = 0;

export function newRow(name = "", value: Json = ""): Row {
  lastKey += 1;
  return { key: lastKey, name, value };
}

/** The rows of an object; anything else has none. */
export function toRows(value: Json | undefined): readonly Row[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
  return Object.entries(value as JsonObject).map(([name, member]) => newRow(name, member));
}

/** The object that the rows stand for; of equal names the last one counts. Undefined without a finished row. */
export function fromRows(rows: readonly Row[]): JsonObject | undefined {
  const named = rows.filter((row) => row.name !== "");
  return named.length === 0 ? undefined : Object.fromEntries(named.map((row) => [row.name, row.value]));
}

/** Whether the rows still stand for this value, so that unfinished ones may be kept. */
export function standFor(rows: readonly Row[], value: Json | undefined): boolean {
  return JSON.stringify(fromRows(rows) ?? {}) === JSON.stringify(value ?? {});
}

/** The names that occur more than once. */
export function twice(rows: readonly Row[]): ReadonlySet<string> {
  const seen = new Set<string>();
  return new Set(rows.flatMap(({ name }) => (name !== "" && (seen.has(name) || !seen.add(name)) ? [name] : [])));
}

/** The list with one item moved by so many places. */
export function moved<T>(items: readonly T[], index: number, by: number): readonly T[] {
  const item = items[index];
  const to = index + by;
  if (item === undefined || to < 0 || to >= items.length) return items;
  return items.toSpliced(index, 1).toSpliced(to, 0, item);
}
