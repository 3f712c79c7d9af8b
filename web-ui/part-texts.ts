/**
 * Finds out which texts which part of the editor needs, so that the page carries those of the first picture and no others, and
 * opening a step fetches only what speaks of steps: every key that stands in the code of that part. The server reads the
 * lists from `part-texts.json`; what is in none of them comes with the rest.
 */
import { readFileSync } from "node:fs";
import type { Plugin, Rollup } from "vite";

const CATALOGUE = new URL("../crates/server/messages/en.json", import.meta.url);
/** The module that names the parts which are fetched next. */
const NEAR = "/src/loading/near.ts";

export function partTexts(): Plugin {
  return {
    name: "stellwerk-part-texts",
    apply: "build",
    generateBundle(_, bundle) {
      const all: readonly string[] = Object.keys(JSON.parse(readFileSync(CATALOGUE, "utf8")));
      const chunks = Object.values(bundle).filter((file) => file.type === "chunk");
      const id = [...this.getModuleIds()].find((name) => name.endsWith(NEAR));
      const parts = id ? (this.getModuleInfo(id)?.dynamicallyImportedIds ?? []) : [];
      if (parts.length === 0) this.error(`${NEAR} names no parts`);
      const start = keysIn(
        codeOf(chunks, (chunk) => chunk.isEntry),
        all,
      );
      const near = keysIn(
        codeOf(chunks, (chunk) => parts.some((part) => chunk.moduleIds.includes(part))),
        all.filter((key) => !start.includes(key)),
      );
      this.emitFile({ type: "asset", fileName: "part-texts.json", source: JSON.stringify({ start, near }) });
    },
  };
}

/** Of all keys those that some code names, whole or, when they are put together at run time, by their beginning. */
export function keysIn(code: string, all: readonly string[]): readonly string[] {
  const beginnings = [...code.matchAll(/`((?:[a-z]\w*\.)+)\$\{/g)].map(([, beginning = ""]) => beginning);
  return all.filter(
    (key) =>
      ['"', "'", "`"].some((quote) => code.includes(`${quote}${key}${quote}`)) ||
      beginnings.some((beginning) => key.startsWith(beginning)),
  );
}

/** The code of some chunks, with all that they need before they run. */
function codeOf(chunks: readonly Rollup.OutputChunk[], isWanted: (chunk: Rollup.OutputChunk) => boolean): string {
  const found = new Set(chunks.filter(isWanted));
  // A set is walked in the order of insertion, and what is added meanwhile is walked, too.
  for (const chunk of found) {
    for (const name of chunk.imports) for (const other of chunks) if (other.fileName === name) found.add(other);
  }
  return [...found].map((chunk) => chunk.code).join("\n");
}
