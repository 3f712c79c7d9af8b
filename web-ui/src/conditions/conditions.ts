/** Condition lists as the form sees them; see `nodes::condition`. */
import type { Definition, Json, JsonObject } from "../workflow/definition.ts";
import { mapNodes } from "../workflow/edits/changes.ts";

export type Mode = "all" | "any";

/** A list of conditions in its one form: a mode and what is in it. */
export interface Group {
  readonly mode: Mode;
  readonly items: readonly JsonObject[];
}

/** Why a case cannot be called so. */
export type NameFault = "empty" | "letters" | "reserved" | "twice";

/** The list that a value stands for; a comparison alone is a list of one. Null when it is no condition at all. */
export function toGroup(value: Json | undefined): Group | null {
  if (value === undefined || value === null || value === "") return { mode: "all", items: [] };
  if (!isObject(value)) return null;
  for (const mode of ["all", "any"] as const) {
    const items = value[mode];
    if (Array.isArray(items)) return { mode, items: (items as readonly Json[]).filter(isObject) };
  }
  return { mode: "all", items: Object.keys(value).length === 0 ? [] : [value] };
}

export function fromGroup({ mode, items }: Group): JsonObject {
  return { [mode]: items };
}

export function isGroup(item: JsonObject): boolean {
  return "all" in item || "any" in item;
}

/** A comparison that only waits for its field. */
export function emptyRow(): JsonObject {
  return { left: "", op: "equals", right: "" };
}

/** The row with another operator; a right side stays only where it is needed. */
export function withOperator(row: JsonObject, op: string, needsRight: boolean): JsonObject {
  const { right, ignore_case, ...rest } = row;
  if (!needsRight) return { ...rest, op };
  return { ...rest, op, right: right ?? "", ...(ignore_case === undefined ? {} : { ignore_case }) };
}

/** Where the verdict on an item stands: a comparison that stands alone has an empty path. */
export function itemPath(value: Json | undefined, groupPath: string, mode: Mode, index: number): string {
  if (groupPath === "" && isObject(value) && !isGroup(value)) return "";
  return `${groupPath === "" ? "" : `${groupPath}.`}${mode}[${index}]`;
}

/** The cases of a switch. */
export function casesOf(value: Json | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? (value as readonly Json[]).filter(isObject) : [];
}

export function portOf(item: JsonObject | undefined): string {
  return typeof item?.port === "string" ? item.port : "";
}

/** Why the case at `index` cannot have this name. */
export function nameFault(cases: readonly JsonObject[], index: number, name: string): NameFault | null {
  if (name === "") return "empty";
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(name)) return "letters";
  if (name === "default" || name === "error") return "reserved";
  return cases.some((other, at) => at !== index && portOf(other) === name) ? "twice" : null;
}

/** A name that no case has yet. */
export function freeName(cases: readonly JsonObject[]): string {
  for (let number = cases.length + 1; ; number++) {
    const name = `case_${number}`;
    if (nameFault(cases, -1, name) === null) return name;
  }
}

/** Gives a case another name; what was connected to it stays connected. */
export function renameCase(
  definition: Definition,
  id: string,
  parameter: string,
  index: number,
  name: string,
): Definition {
  const cases = casesAt(definition, id, parameter);
  const before = portOf(cases[index]);
  if (before === name || !cases[index]) return definition;
  const renamed = withCases(definition, id, parameter, cases.with(index, { ...cases[index], port: name }));
  if (before === "") return renamed;
  const edges = renamed.edges.map((edge) =>
    edge.from === id && edge.port === before ? { ...edge, port: name } : edge,
  );
  return { ...renamed, edges };
}

/** Removes a case together with what is connected to it. */
export function removeCase(definition: Definition, id: string, parameter: string, index: number): Definition {
  const cases = casesAt(definition, id, parameter);
  const port = portOf(cases[index]);
  const next = withCases(definition, id, parameter, cases.toSpliced(index, 1));
  return { ...next, edges: next.edges.filter((edge) => edge.from !== id || edge.port !== port || port === "") };
}

function casesAt(definition: Definition, id: string, parameter: string): readonly JsonObject[] {
  return casesOf(definition.nodes.find((node) => node.id === id)?.params[parameter]);
}

function withCases(definition: Definition, id: string, parameter: string, cases: readonly JsonObject[]): Definition {
  return mapNodes(definition, (node) => {
    return node.id === id ? { ...node, params: { ...node.params, [parameter]: cases } } : node;
  });
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
