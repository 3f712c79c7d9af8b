/** The one line on a card that says what the step does, in words of the person, never as a formula. */
import type { Catalogue, NodeType, Parameter } from "../catalogue/catalogue.svelte.ts";
import { parsePath } from "../expression/path.ts";
import { split } from "../expression/template.ts";
import { type TextKey, t, textFor } from "../texts/texts.ts";
import type { Json, JsonObject, NodeDefinition } from "../workflow/definition.ts";

/** A piece of a line; a field stands for a value that is known only when a run comes by. */
export interface Part {
  readonly text: string;
  readonly isField: boolean;
}

/** What a step does. */
export function summaryOf(node: NodeDefinition, nodeType: NodeType | undefined, catalogue: Catalogue): readonly Part[] {
  if (!nodeType) return [plain(t("editor.node.unknown_type", { type: node.type }))];
  const special = BY_TYPE[node.type];
  const parts = special ? special(node.params, catalogue) : general(node.params, nodeType);
  if (parts.some((part) => part.text.trim() !== "")) return parts.slice(0, LONGEST);
  const isIncomplete = nodeType.parameters.some((parameter) => parameter.required && !(parameter.name in node.params));
  return [plain(isIncomplete ? t("editor.summary.empty") : node.title ? nodeType.title : nodeType.description)];
}

/** The line as one text, for screen readers and search. */
export function summaryText(parts: readonly Part[]): string {
  return parts.map((part) => part.text).join("");
}

/** A text with its expressions shown as the names of the fields. */
function readable(value: Json | undefined): readonly Part[] {
  if (value === undefined || value === null) return [];
  if (typeof value !== "string") return [plain(shortJson(value))];
  return split(value).map((piece) =>
    piece.kind === "text" ? plain(piece.source.replace(/\s+/g, " ")) : field(fieldName(piece.source)),
  );
}

/** How many pieces a line has at most; more would not be seen anyway. */
const LONGEST = 12;

type Describe = (params: JsonObject, catalogue: Catalogue) => readonly Part[];

const BY_TYPE: Readonly<Record<string, Describe>> = {
  webhook: (params) => {
    const methods = Array.isArray(params.methods) ? params.methods.join(", ") : "POST";
    const slug = typeof params.slug === "string" ? params.slug : "";
    return [plain(slug ? `${methods} …/${slug}` : t("editor.summary.webhook", { methods }))];
  },
  for_each: (params) => {
    const items = Array.isArray(params.items)
      ? [plain(t("editor.list.written", { count: params.items.length }))]
      : readable(params.items);
    return items.length > 0 ? around("editor.summary.for_each", items) : [];
  },
  manual: () => [plain(t("editor.summary.manual"))],
  filter: (params, catalogue) => condition(params.when, catalogue),
  if: (params, catalogue) => condition(params.when, catalogue),
  switch: (params) => {
    const names = items(params.cases).map((item) => String((isObject(item) && item.port) || "…"));
    return names.length > 0 ? [plain(names.join(" / "))] : [];
  },
  set_fields: (params) => (isObject(params.fields) ? [plain(Object.keys(params.fields).join(", "))] : []),
  code: (params) => [plain(firstLine(params.script))],
  respond: (params) => [plain(t("editor.summary.respond", { status: shortJson(params.status ?? 200) }))],
  "http.request": (params) => {
    const address = readable(params.url);
    if (address.length === 0) return [];
    const method = typeof params.method === "string" ? params.method : "GET";
    return [plain(`${method} `), ...address.map((part) => (part.isField ? part : plain(bareAddress(part.text))))];
  },
  "email.send": (params) => {
    const receivers = joined(items(params.to).map(readable), ", ");
    const subject = readable(params.subject);
    if (receivers.length === 0) return subject;
    return [...around("editor.summary.to", receivers), ...(subject.length > 0 ? [plain(": "), ...subject] : [])];
  },
};

/** Of a type that nothing special is known about: its first two texts. */
function general(params: JsonObject, nodeType: NodeType): readonly Part[] {
  const shown = nodeType.parameters
    .map((parameter) => shownValue(parameter, params[parameter.name]))
    .filter((parts) => parts.length > 0);
  return joined(shown.slice(0, 2), " · ");
}

function shownValue(parameter: Parameter, value: Json | undefined): readonly Part[] {
  if (SHOWN.has(parameter.kind)) return readable(value);
  if (parameter.kind === "duration" && isObject(value)) {
    const unit = textFor(`editor.unit.${value.unit}`) ?? String(value.unit);
    return [...readable(value.amount), plain(` ${unit}`)];
  }
  const choice = parameter.kind === "choice" ? parameter.choices?.find((known) => known.value === value) : undefined;
  return choice ? [plain(choice.title)] : [];
}

const SHOWN: ReadonlySet<string> = new Set(["text", "long_text", "number", "list", "cron"]);

function condition(value: Json | undefined, catalogue: Catalogue): readonly Part[] {
  if (!isObject(value)) return [];
  for (const [name, word] of [
    ["all", "editor.summary.and"],
    ["any", "editor.summary.or"],
  ] as const) {
    const group = value[name];
    if (!Array.isArray(group)) continue;
    const rows = (group as readonly Json[]).map((item) => nested(item, catalogue)).filter((parts) => parts.length > 0);
    return joined(rows, ` ${t(word)} `);
  }
  if (typeof value.op !== "string") return [];
  const operator = catalogue.operators.find((known) => known.name === value.op);
  const right = operator?.needs_right === false ? [] : [plain(" "), ...readable(value.right)];
  return [...readable(value.left), plain(` ${operator?.title ?? value.op}`), ...right];
}

function nested(item: Json, catalogue: Catalogue): readonly Part[] {
  const parts = condition(item, catalogue);
  const group = isObject(item) ? (item.all ?? item.any) : undefined;
  return items(group).length > 1 ? [plain("("), ...parts, plain(")")] : parts;
}

/** Puts pieces where a text of the catalogue says `{value}`, so that the word order is the language's. */
function around(key: TextKey, parts: readonly Part[]): readonly Part[] {
  const [before = "", after = ""] = t(key, { value: "\0" }).split("\0");
  return [plain(before), ...parts, plain(after)].filter((part) => part.text !== "");
}

function joined(groups: readonly (readonly Part[])[], separator: string): readonly Part[] {
  return groups.flatMap((parts, index) => (index === 0 ? parts : [plain(separator), ...parts]));
}

/** The last name of a path; another expression as it is. */
function fieldName(source: string): string {
  const last = parsePath(source)?.findLast((step) => typeof step === "string");
  return typeof last === "string" ? last : source;
}

function firstLine(script: Json | undefined): string {
  const lines = typeof script === "string" ? script.split("\n").map((line) => line.trim()) : [];
  return (lines.find((line) => line !== "") ?? "").replace(/^\/\/+\s*/, "");
}

/** An address without what all addresses have. */
function bareAddress(text: string): string {
  return text.replace(/^https?:\/\//, "");
}

function shortJson(value: Json): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}

function items(value: Json | undefined): readonly Json[] {
  if (Array.isArray(value)) return value as readonly Json[];
  return value === undefined || value === null || value === "" ? [] : [value];
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function plain(text: string): Part {
  return { text, isField: false };
}

function field(text: string): Part {
  return { text, isField: true };
}
