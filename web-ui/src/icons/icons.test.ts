import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../../..");

function textsIn(folder: string, ending: RegExp): string {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => ending.test(name) && !name.endsWith(".test.ts"))
    .map((name) => readFileSync(join(ROOT, folder, name), "utf8"))
    .join("\n");
}

const sprite = readFileSync(join(ROOT, "crates/server/assets/icons.svg"), "utf8");
const symbols = [...sprite.matchAll(/<symbol id="([^"]+)"/g)].map(([, name = ""]) => name);
const names = readFileSync(join(import.meta.dirname, "names.ts"), "utf8");
const editorIcons = [...names.matchAll(/"([^"]+)"/g)].map(([, name = ""]) => name);

test("every icon of the editor is among the pages' icons", () => {
  expect(editorIcons.length).toBeGreaterThan(20);
  expect(editorIcons.filter((name) => !symbols.includes(name))).toEqual([]);
});

test("every icon that the editor may use is used", () => {
  const code = textsIn("web-ui/src", /\.(svelte|ts)$/).replace(names, "");
  expect(editorIcons.filter((name) => !code.includes(`"${name}"`))).toEqual([]);
});

test("no icon is sent that neither the pages nor the editor show", () => {
  const pages = textsIn("crates/server/templates", /\.html$/) + textsIn("crates/server/src/pages", /\.(rs|json)$/);
  const scripts = textsIn("crates/server/assets", /\.js$/);
  const isShown = (name: string) =>
    editorIcons.includes(name) || pages.includes(`"${name}"`) || scripts.includes(`#${name}`);
  expect(symbols.filter((name) => !isShown(name))).toEqual([]);
  expect(symbols).toEqual(symbols.toSorted());
});
