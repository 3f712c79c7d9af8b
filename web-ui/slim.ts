/**
 * Leaves out what packages bring and no page of ours ever uses. Each entry was measured; together they save as much as the
 * whole header weighs.
 */
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";

/** The canvas registers these for nodes and lines without a type; ours always have one. */
const UNUSED_TYPES =
  /\/(?:(?:Default|Input|Output|Group)Node|(?:Bezier|SmoothStep|Step|Straight)(?:Edge|EdgeInternal))\.svelte$/;
/** Rules for parts of the canvas that we do not show: its own buttons, boxes that can be resized, its own nodes, its dark colours. */
const UNUSED_RULES = /__resize-control|__controls|__node-(?:input|default|output|group)\b|__edgeupdater|\.dark\b/;
/** Custom elements define a class as soon as they are loaded, which a bundler does not dare to drop. */
const UNUSED_MODULE = "/svelte/src/internal/client/dom/elements/custom-element.js";

/** Where Svelte keeps whether a page came drawn from the server, and which older or experimental ways of working are on. */
const SWITCHES = /\/svelte\/src\/internal\/(?:flags\/index|client\/dom\/hydration)\.js/;

export function slim(): Plugin {
  return {
    name: "stellwerk-slim",
    enforce: "pre",
    resolveId(source, importer) {
      if (importer?.endsWith("/KeyHandler.svelte") && source.endsWith("/useSvelteFlow.svelte.js")) {
        return fileURLToPath(new URL("src/canvas/no_deleting.ts", import.meta.url));
      }
      if (importer?.endsWith("/NodeRenderer/index.js") && source.endsWith("/NodeRenderer.svelte")) {
        return fileURLToPath(new URL("src/nodes/Cards.svelte", import.meta.url));
      }
      const isUnused = importer?.includes("/@xyflow/svelte/") && UNUSED_TYPES.test(source);
      return isUnused ? fileURLToPath(new URL("src/canvas/Nothing.svelte", import.meta.url)) : null;
    },
    transform(code, id) {
      if (id.endsWith("/ConnectionLine.svelte")) return { code: oneShape(code), map: null };
      if (id.includes("/@xyflow/svelte/dist/base.css")) return { code: withoutUnusedRules(code), map: null };
      if (SWITCHES.test(id)) return { code: switchedOff(code), map: null };
      return id.includes(UNUSED_MODULE) ? { code, moduleSideEffects: false } : null;
    },
  };
}

/** A line that is being drawn has the shape of all others, so the other shapes need not come along. */
export function oneShape(code: string): string {
  const imports = code.replace(/,\s*getSmoothStepPath,\s*getStraightPath/, "");
  return imports.replace(/\bget(?:SmoothStep|Straight)Path\(/g, "getBezierPath(");
}

/**
 * All of them are off for good, which the bundler only believes of constants: then it drops what depends on them.
 */
export function switchedOff(code: string): string {
  return code
    .replace(/export let (\w+) = false;/g, "export const $1 = false;")
    .replace(/^\s*(?:hydrating|\w+_mode_flag) = (?:value|true|false);$/gm, "");
}

/** Drops the selectors that match nothing of ours, and the rules of which none is left. */
export function withoutUnusedRules(css: string): string {
  const plain = css.replace(/\/\*[\s\S]*?\*\//g, "");
  return plain.replace(/([^{}]+)\{([^{}]*)\}/g, (rule: string, selectors: string, body: string) => {
    const used = selectors.split(",").filter((selector) => !UNUSED_RULES.test(selector));
    if (used.length === 0) return "";
    return used.length === selectors.split(",").length ? rule : `${used.join(",")}{${body}}`;
  });
}
