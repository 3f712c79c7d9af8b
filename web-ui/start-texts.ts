/**
 * Finds the texts that the first picture needs, so that the page carries those and no others: every key that stands in the code
 * which is loaded at once. The server reads the list from `start-texts.json`.
 */
import { readFileSync } from "node:fs";
import type { Plugin, Rollup } from "vite";

const CATALOGUE = new URL("../crates/server/messages/en.json", import.meta.url);

export function startTexts(): Plugin {
  return {
    name: "stellwerk-start-texts",
    apply: "build",
    generateBundle(_, bundle) {
      const all = Object.keys(JSON.parse(readFileSync(CATALOGUE, "utf8")));
      this.emitFile({
        type: "asset",
        fileName: "start-texts.json",
        source: JSON.stringify(keysIn(codeAtStart(bundle), all)),
      });
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

function codeAtStart(bundle: Rollup.OutputBundle): string {
  const chunks = Object.values(bundle).filter((file) => file.type === "chunk");
  const found = new Set(chunks.filter((chunk) => chunk.isEntry));
  // A set is walked in the order of insertion, and what is added meanwhile is walked, too.
  for (const chunk of found) {
    for (const name of chunk.imports) for (const other of chunks) if (other.fileName === name) found.add(other);
  }
  return [...found].map((chunk) => chunk.code).join("\n");
}
