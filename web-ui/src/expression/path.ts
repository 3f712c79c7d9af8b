/** Paths that lead to one value (RFC 9535, singular queries): `$.trigger.body['first name'][0]`. */
import type { Json, JsonObject } from "../workflow/definition.ts";

/** A member's name, or an index into a list (negative ones count from its end). */
export type Step = string | number;
export type Path = readonly Step[];

/** Reads a path. Null when it is no JSONPath or may lead to several values; the server understands those, too. */
export function parsePath(source: string): Path | null {
  if (!source.startsWith("$")) return null;
  const steps: Step[] = [];
  let rest = source.slice(1);
  while (rest !== "") {
    const match = SEGMENT.exec(rest);
    if (!match) return null;
    const [whole, name, index, single, double] = match;
    if (name !== undefined) steps.push(name);
    else if (index !== undefined) steps.push(Number(index));
    else {
      const text = unquoted(single ?? double ?? "");
      if (text === null) return null;
      steps.push(text);
    }
    rest = rest.slice(whole.length);
  }
  return steps;
}

/** Writes a path. Only plain names stand after a dot, everything else in quotes, so that no name can be misread. */
export function printPath(path: Path): string {
  const segment = (step: Step) => {
    if (typeof step === "number") return `[${step}]`;
    return PLAIN.test(step) ? `.${step}` : `['${quoted(step)}']`;
  };
  return `$${path.map(segment).join("")}`;
}

/** What a path leads to. `found` is false when something on the way is not there. */
export function follow(context: Json, path: Path): { readonly found: boolean; readonly value: Json } {
  let value: Json = context;
  for (const step of path) {
    const next = child(value, step);
    if (next === undefined) return { found: false, value: null };
    value = next;
  }
  return { found: true, value };
}

/** A member or an item of a value. */
export function child(value: Json, step: Step): Json | undefined {
  if (typeof step === "number") {
    return Array.isArray(value) ? (value as readonly Json[]).at(step) : undefined;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  return Object.hasOwn(value, step) ? (value as JsonObject)[step] : undefined;
}

const PLAIN = /^[A-Za-z_][A-Za-z0-9_]*$/;
const SEGMENT =
  /^\s*(?:\.([A-Za-z_\u0080-\u{10ffff}][\w\u0080-\u{10ffff}]*)|\[\s*(?:(0|-?[1-9]\d*)|'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\s*\])/u;
const ESCAPES: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

/** JSON writes backslashes and control characters just as a path does; only the quotes differ. */
function quoted(name: string): string {
  return JSON.stringify(name).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'");
}

function unquoted(text: string): string | null {
  let isWrong = false;
  const plain = text.replace(/\\(?:u([0-9a-fA-F]{4})|(.))/gs, (_, code: string | undefined, letter: string) => {
    if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16));
    if ("\\/'\"".includes(letter)) return letter;
    const meaning = ESCAPES[letter];
    if (meaning === undefined) isWrong = true;
    return meaning ?? "";
  });
  return isWrong ? null : plain;
}
