/**
 * JSON as a person writes it into a field: expressions stand inside texts, or bare where a value stands
 * (`{"total": {{ $.trigger.body.total }}}`), which means the same as the expression alone in quotes.
 */
import type { Json } from "../workflow/definition.ts";
import { braced, endOfExpression, type Piece, split } from "./template.ts";

/** What is wrong with the text; each has its words in the catalogue. */
type JsonFault = "value" | "comma" | "colon" | "name" | "quote" | "escape" | "more" | "end" | "brace";

type JsonReading =
  | { readonly ok: true; readonly value: Json }
  | { readonly ok: false; readonly fault: JsonFault; readonly line: number; readonly column: number };

/** Reads the text. Lines and columns count from one. */
export function readJson(text: string): JsonReading {
  const reader = new Reader(text);
  try {
    return { ok: true, value: reader.document() };
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault;
    const before = text.slice(0, fault.at).split("\n");
    return { ok: false, fault: fault.kind, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
  }
}

/** Writes a value so that {@link readJson} gives it back. */
export function printJson(value: Json): string {
  return JSON.stringify(value, null, 2);
}

/** The pieces of the text: expressions inside texts and bare ones. */
export function splitJson(text: string): readonly Piece[] {
  const found: Piece[] = [];
  for (let at = 0; at < text.length; at++) {
    if (text.charAt(at) === '"') {
      const end = endOfString(text, at);
      found.push(...insideString(text, at + 1, end));
      at = end;
    } else if (text.startsWith("{{", at)) {
      const end = endOfExpression(text, at + 2);
      if (end === null) break;
      const source = text.slice(at + 2, end).trim();
      if (source !== "")
        found.push({ kind: "expression", raw: text.slice(at, end + 2), source, start: at, end: end + 2 });
      at = end + 1;
    }
  }
  return withTexts(text, found);
}

/** What to write at `offset` so that an expression stands there: in a text as it is, elsewhere in quotes of its own. */
export function jsonInsertion(text: string, offset: number, source: string): string {
  for (let at = 0; at < offset; at++) {
    if (text.charAt(at) !== '"') continue;
    const end = endOfString(text, at);
    if (offset <= end) return escaped(braced(source));
    at = end;
  }
  return `"${escaped(braced(source))}"`;
}

/** A text as it stands between the quotes of JSON. */
function escaped(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

class Fault {
  constructor(
    readonly kind: JsonFault,
    readonly at: number,
  ) {}
}

/** A plain recursive reader; `JSON.parse` says too little about where and why it stopped. */
class Reader {
  #at = 0;

  constructor(readonly text: string) {}

  document(): Json {
    const value = this.#value();
    this.#blanks();
    if (this.#at < this.text.length) throw new Fault("more", this.#at);
    return value;
  }

  #value(): Json {
    this.#blanks();
    if (this.text.startsWith("{{", this.#at)) return this.#expression();
    const letter = this.text.charAt(this.#at);
    if (letter === "{") return this.#object();
    if (letter === "[") return this.#list();
    if (letter === '"') return this.#string();
    const word = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.])/.exec(
      this.text.slice(this.#at, this.#at + 400),
    );
    if (!word) throw new Fault(letter === "" ? "end" : letter === "'" ? "quote" : "value", this.#at);
    this.#at += word[0].length;
    return JSON.parse(word[0]) as Json;
  }

  #expression(): Json {
    const end = endOfExpression(this.text, this.#at + 2);
    if (end === null) throw new Fault("brace", this.#at);
    const source = this.text.slice(this.#at + 2, end).trim();
    if (source === "") throw new Fault("brace", this.#at);
    this.#at = end + 2;
    return braced(source);
  }

  #object(): Json {
    const members: Record<string, Json> = {};
    this.#at++;
    for (let isFirst = true; ; isFirst = false) {
      this.#blanks();
      if (isFirst && this.#take("}")) return members;
      if (this.text.charAt(this.#at) !== '"') throw this.#fault("name");
      const name = this.#string();
      this.#blanks();
      if (!this.#take(":")) throw this.#fault("colon");
      const value = this.#value();
      // A plain assignment would change the prototype instead for this one name.
      Object.defineProperty(members, name, { value, enumerable: true, configurable: true, writable: true });
      this.#blanks();
      if (this.#take("}")) return members;
      if (!this.#take(",")) throw this.#fault("comma");
    }
  }

  #list(): Json {
    const items: Json[] = [];
    this.#at++;
    for (let isFirst = true; ; isFirst = false) {
      this.#blanks();
      if (isFirst && this.#take("]")) return items;
      items.push(this.#value());
      this.#blanks();
      if (this.#take("]")) return items;
      if (!this.#take(",")) throw this.#fault("comma");
    }
  }

  #string(): string {
    const end = endOfString(this.text, this.#at);
    const raw = this.text.slice(this.#at, end + 1);
    if (raw.length < 2 || !raw.endsWith('"') || end >= this.text.length) throw new Fault("quote", this.#at);
    try {
      const value = JSON.parse(raw) as string;
      this.#at = end + 1;
      return value;
    } catch {
      throw new Fault(raw.includes("\n") ? "quote" : "escape", this.#at);
    }
  }

  #take(letter: string): boolean {
    if (this.text.charAt(this.#at) !== letter) return false;
    this.#at++;
    return true;
  }

  #blanks(): void {
    while (" \t\n\r".includes(this.text.charAt(this.#at)) && this.#at < this.text.length) this.#at++;
  }

  #fault(kind: JsonFault): Fault {
    return new Fault(this.#at >= this.text.length ? "end" : kind, this.#at);
  }
}

/** The place of the quote that ends the text which begins at `start`; the text's length when there is none. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text.charAt(at) === "\\") at++;
    else if (text.charAt(at) === '"') return at;
  }
  return text.length;
}

/** The expressions in a text of JSON, whose quotes and backslashes are escaped there. */
function insideString(text: string, start: number, end: number): Piece[] {
  if (!text.slice(start, end).includes("{{")) return [];
  const places: number[] = [];
  let plain = "";
  for (const match of text.slice(start, end).matchAll(/\\u[0-9a-fA-F]{4}|\\.|[^\\]/gs)) {
    places.push(start + match.index);
    plain += decoded(match[0]);
  }
  places.push(end);
  const place = (index: number) => places[index] ?? end;
  return split(plain)
    .filter((piece) => piece.kind === "expression")
    .map(({ source, start: from, end: to }) => {
      return {
        kind: "expression",
        source,
        raw: text.slice(place(from), place(to)),
        start: place(from),
        end: place(to),
      };
    });
}

function decoded(letter: string): string {
  if (!letter.startsWith("\\")) return letter;
  try {
    return JSON.parse(`"${letter}"`) as string;
  } catch {
    return "?";
  }
}

function withTexts(text: string, expressions: readonly Piece[]): readonly Piece[] {
  const pieces: Piece[] = [];
  const add = (start: number, end: number) => {
    const raw = text.slice(start, end);
    if (raw !== "") pieces.push({ kind: "text", raw, source: raw, start, end });
  };
  let at = 0;
  for (const piece of expressions) {
    add(at, piece.start);
    pieces.push(piece);
    at = piece.end;
  }
  add(at, text.length);
  return pieces;
}
