/** What the editor knows of Rhai: enough to colour it. */

type TokenKind = "comment" | "text" | "number" | "keyword" | "call" | "name" | "member";

interface Token {
  readonly kind: TokenKind;
  readonly start: number;
  readonly end: number;
}

export const KEYWORDS: readonly string[] =
  "let const if else switch do while until loop for in continue break return throw try catch fn private this true false is_def_var".split(
    " ",
  );

/** The coloured parts of a script, in order. Texts and comments may go over several lines. */
export function tokens(source: string): readonly Token[] {
  const found: Token[] = [];
  for (const match of source.matchAll(TOKEN)) {
    const groups = match.groups ?? {};
    const kind = KINDS.find((name) => groups[name] !== undefined);
    if (kind === undefined) continue;
    const end = match.index + match[0].length;
    const isKeyword = kind === "word" && KEYWORDS.includes(match[0]);
    const isMember = source.charAt(match.index - 1) === "." && source.charAt(match.index - 2) !== ".";
    const isCall = /^\s*\(/.test(source.slice(end, end + 20));
    const shown =
      kind !== "word" ? kind : isKeyword && !isMember ? "keyword" : isCall ? "call" : isMember ? "member" : "name";
    found.push({ kind: shown, start: match.index, end });
  }
  return found;
}

const KINDS = ["comment", "text", "number", "word"] as const;
const TOKEN = new RegExp(
  [
    String.raw`(?<comment>//[^\n]*|/\*[\s\S]*?(?:\*/|$))`,
    String.raw`(?<text>"(?:[^"\\]|\\[\s\S])*(?:"|$)|'(?:[^'\\\n]|\\.)*'|\x60(?:[^\x60\\]|\\[\s\S])*(?:\x60|$))`,
    String.raw`(?<number>\b0[xob][\da-fA-F_]+|\b\d[\d_]*(?:\.\d[\d_]*)?(?:[eE][+-]?\d+)?)`,
    String.raw`(?<word>[A-Za-z_]\w*)`,
  ].join("|"),
  "g",
);
