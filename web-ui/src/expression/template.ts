/**
 * Splits a text into what stands as it is and its expressions, exactly as the server does (`nodes::expression::template`).
 * Nothing is lost: the pieces' `raw` put together give the text again.
 */

export interface Piece {
  readonly kind: "text" | "expression";
  /** The piece as it stands in the text. */
  readonly raw: string;
  /** Of an expression what stands between the braces, trimmed; of a text the same as `raw`. */
  readonly source: string;
  readonly start: number;
  readonly end: number;
}

/** Splits a text. Braces that do not make an expression stay part of the text around them. */
export function split(template: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let textStart = 0;
  let at = template.indexOf("{{");
  while (at >= 0) {
    const end = isEscaped(template, at, textStart) ? null : endOfExpression(template, at + 2);
    const source = end === null ? "" : template.slice(at + 2, end).trim();
    if (end === null || source === "") {
      at = template.indexOf("{{", end === null ? at + 2 : end + 2);
      continue;
    }
    pushText(pieces, template, textStart, at);
    pieces.push({ kind: "expression", raw: template.slice(at, end + 2), source, start: at, end: end + 2 });
    textStart = end + 2;
    at = template.indexOf("{{", textStart);
  }
  pushText(pieces, template, textStart, template.length);
  return pieces;
}

/** The expression that a text consists of, so that its value keeps its type; null when there is anything else in it. */
export function onlyExpression(template: string): string | null {
  const pieces = split(template).filter((piece) => piece.kind === "expression" || piece.raw.trim() !== "");
  const [piece] = pieces;
  return pieces.length === 1 && piece?.kind === "expression" ? piece.source : null;
}

/** An expression as it is written into a text. */
export function braced(source: string): string {
  return `{{ ${source} }}`;
}

/** Whether a value is a text with an expression in it. */
export function isTemplate(value: unknown): value is string {
  return typeof value === "string" && split(value).some((piece) => piece.kind === "expression");
}

/** The place of the `}}` that belongs to the braces which open before `start`; null when there is none. */
export function endOfExpression(text: string, start: number): number | null {
  let openBraces = 0;
  let quote = "";
  for (let at = start; at < text.length; at++) {
    const letter = text.charAt(at);
    if (quote !== "") {
      if (letter === "\\") at++;
      else if (letter === quote) quote = "";
    } else if (letter === '"' || letter === "'" || letter === "`") quote = letter;
    else if (letter === "{") openBraces++;
    else if (letter === "}" && openBraces > 0) openBraces--;
    else if (letter === "}" && text.charAt(at + 1) === "}") return at;
  }
  return null;
}

/** Whether the caret stands right behind braces that were just opened and have no end: somebody is about to name a field. */
export function opensHere(pieces: readonly Piece[], caret: number): boolean {
  const piece = pieces.find(({ start, end }) => start < caret && caret <= end);
  if (piece?.kind !== "text") return false;
  const before = piece.raw.slice(0, caret - piece.start);
  return before.endsWith("{{") && !isEscaped(before, before.length - 2, 0);
}

function isEscaped(template: string, at: number, from: number): boolean {
  let backslashes = 0;
  while (at - backslashes > from && template.charAt(at - backslashes - 1) === "\\") backslashes++;
  return backslashes % 2 === 1;
}

function pushText(pieces: Piece[], template: string, start: number, end: number): void {
  if (start === end) return;
  const raw = template.slice(start, end);
  pieces.push({ kind: "text", raw, source: raw, start, end });
}
