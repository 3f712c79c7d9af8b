/** How a JSON value is laid out to be read: nothing here draws. */
import type { Json, JsonObject } from "../workflow/definition.ts";

/** How many characters of a text, and how many members of a list or object, are shown before somebody asks for more. */
export const SHOWN_CHARACTERS = 240;
export const SHOWN_MEMBERS = 50;

export type Kind = "text" | "number" | "boolean" | "null" | "list" | "object";

export function kindOf(value: Json | undefined): Kind {
  if (value === null || value === undefined) return "null";
  if (Array.isArray(value)) return "list";
  if (typeof value === "object") return "object";
  return typeof value === "string" ? "text" : typeof value === "number" ? "number" : "boolean";
}

/** The names and values of the first members of a list or object. */
export function membersOf(value: Json, count: number): readonly (readonly [string, Json])[] {
  if (Array.isArray(value)) {
    return (value as readonly Json[]).slice(0, count).map((item, index) => [String(index), item] as const);
  }
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value as JsonObject).slice(0, count);
}

/** How many members a list or object has. */
export function sizeOf(value: Json): number {
  if (Array.isArray(value)) return value.length;
  return typeof value === "object" && value !== null ? Object.keys(value).length : 0;
}

/** A closed value in one short line: `{ id, amount, … }`. */
export function gist(value: Json): string {
  if (Array.isArray(value)) return `[ ${value.length} ]`;
  if (typeof value !== "object" || value === null) return "";
  const names = Object.keys(value);
  const shown = names.slice(0, 3).map((name) => (name.length > 20 ? `${name.slice(0, 20)}…` : name));
  if (names.length > shown.length) shown.push("…");
  return shown.length === 0 ? "{ }" : `{ ${shown.join(", ")} }`;
}
