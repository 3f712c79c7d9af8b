/** Icons of node types as masks, so that they take the colour of their surroundings. */
import type { NodeType } from "../catalogue/catalogue.svelte.ts";

const classes = new Map<string, string>();
let sheet: CSSStyleSheet | undefined;

/** The class of what shows a node type's icon; each icon is one rule, however many cards share it. */
export function glyphClass(nodeType: NodeType | undefined): string {
  if (!nodeType?.icon) return "glyphless";
  const before = classes.get(nodeType.name);
  if (before) return before;
  const name = `glyph-${classes.size}`;
  // The icon is only ever an image, never markup.
  ownSheet().insertRule(`.${name} { --glyph: url("data:image/svg+xml,${encodeURIComponent(nodeType.icon)}") }`);
  classes.set(nodeType.name, name);
  return name;
}

function ownSheet(): CSSStyleSheet {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    document.adoptedStyleSheets.push(sheet);
  }
  return sheet;
}
