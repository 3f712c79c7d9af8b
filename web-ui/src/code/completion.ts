/** What may come next in a script: the context's names, the members of a value, the engine's own functions. */
import type { FunctionDoc } from "../catalogue/catalogue.svelte.ts";
import { preview } from "../expression/names.ts";
import { child, type Path } from "../expression/path.ts";
import type { Json, JsonObject } from "../workflow/definition.ts";
import { KEYWORDS, tokens } from "./rhai.ts";

interface Proposal {
  readonly label: string;
  readonly kind: "keyword" | "function" | "variable" | "property";
  /** Beside the label. */
  readonly detail: string;
  /** Below the list when it is chosen. */
  readonly info: string;
  /** What is written; a name that is no word needs brackets. */
  readonly apply: string;
  /** How many letters before the caret are replaced, beyond the typed word: the dot before a bracket. */
  readonly back: number;
}

interface Completion {
  /** Where the typed word begins. */
  readonly from: number;
  readonly proposals: readonly Proposal[];
}

/** The names that a script sees. */
const NAMES: readonly string[] = ["trigger", "steps", "vars", "run", "workflow", "item", "index"];

/** What can be written at the end of `before`; null inside texts and comments. */
export function completionAt(
  before: string,
  context: JsonObject,
  functions: readonly FunctionDoc[],
): Completion | null {
  const last = tokens(before).at(-1);
  if (last && last.end === before.length && isQuiet(before, last)) return null;
  const word = /[A-Za-z_]\w*$/.exec(before)?.[0] ?? "";
  const from = before.length - word.length;
  const chain = chainBefore(before.slice(0, from));
  if (chain === null)
    return { from, proposals: [...names(context), ...functions.map(asFunction), ...KEYWORDS.map(asKeyword)] };
  return { from, proposals: [...members(chain, context), ...functions.map(asFunction)] };
}

/** A path as a script writes it. */
export function rhaiPath(path: Path): string {
  return path.reduce<string>((source, step, index) => {
    if (typeof step === "number") return `${source}[${step}]`;
    if (!isWord(step)) return `${source}[${JSON.stringify(step)}]`;
    return index === 0 ? step : `${source}.${step}`;
  }, "");
}

/** An open text or any comment; behind a closed text something may follow. */
function isQuiet(source: string, { kind, start, end }: { kind: string; start: number; end: number }): boolean {
  if (kind === "comment") return !source.slice(start, end).endsWith("*/");
  if (kind !== "text") return false;
  const quote = source.charAt(start);
  return end - start < 2 || source.charAt(end - 1) !== quote;
}

/** The path before a dot (`trigger.body.` → trigger, body); an empty one for a value that cannot be looked up; null without a dot. */
function chainBefore(before: string): Path | null {
  const dot = /\?\.$|(?<!\.)\.$/.exec(before);
  if (!dot) return null;
  const chain = /(?:^|[^\w.\])])([A-Za-z_]\w*(?:(?:\??\.[A-Za-z_]\w*)|\[\d+\]|\["(?:[^"\\]|\\.)*"\])*)$/.exec(
    before.slice(0, dot.index),
  )?.[1];
  if (!chain) return [];
  return [...chain.matchAll(/([A-Za-z_]\w*)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/g)].map(([, name, index, quoted]) => {
    if (name !== undefined) return name;
    return index !== undefined ? Number(index) : textOf(quoted ?? '""');
  });
}

function textOf(quoted: string): string {
  try {
    return JSON.parse(quoted) as string;
  } catch {
    return quoted.slice(1, -1);
  }
}

function members(chain: Path, context: JsonObject): readonly Proposal[] {
  let value: Json | undefined = context;
  for (const step of chain) value = value === undefined ? undefined : child(value, step);
  if (chain.length === 0 || typeof value !== "object" || value === null || Array.isArray(value)) return [];
  return Object.entries(value as JsonObject).map(([label, member]) => {
    const isPlain = isWord(label);
    const apply = isPlain ? label : `[${JSON.stringify(label)}]`;
    return { label, kind: "property", detail: preview(member, 20), info: "", apply, back: isPlain ? 0 : 1 };
  });
}

function names(context: JsonObject): readonly Proposal[] {
  return NAMES.map((label) => {
    const value = context[label];
    const detail = value === undefined ? "" : preview(value, 30);
    return { label, kind: "variable", detail, info: "", apply: label, back: 0 };
  });
}

function asFunction(doc: FunctionDoc): Proposal {
  const { name, signature, description, example, result } = doc;
  return {
    label: name,
    kind: "function",
    detail: signature.slice(name.length),
    info: `${description}\n${example} → ${result}`,
    apply: `${name}(`,
    back: 0,
  };
}

function asKeyword(label: string): Proposal {
  return { label, kind: "keyword", detail: "", info: "", apply: label, back: 0 };
}

function isWord(name: string): boolean {
  return /^[A-Za-z_]\w*$/.test(name) && !KEYWORDS.includes(name);
}
