/** Icons of node types as addresses for a CSS mask, so that they take the colour of their surroundings. */
import type { NodeType } from "../catalogue/catalogue.svelte.ts";

const known = new Map<string, string>();

/** `url("data:…")` of the icon, or `none`. The icon is only ever an image, never markup. */
export function iconMask(nodeType: NodeType | undefined): string {
  if (!nodeType?.icon) return "none";
  const before = known.get(nodeType.name);
  if (before) return before;
  const mask = `url("data:image/svg+xml,${encodeURIComponent(nodeType.icon)}")`;
  known.set(nodeType.name, mask);
  return mask;
}
