/** What a test of a step would really do outside, so that the person can be asked before. */
import type { NodeType } from "../catalogue/catalogue.svelte.ts";
import { follow, parsePath } from "../expression/path.ts";
import type { Json, JsonObject, NodeDefinition } from "../workflow/definition.ts";

export type Effect =
  | { readonly kind: "http"; readonly method: string; readonly target: string }
  | { readonly kind: "mail"; readonly target: string }
  | { readonly kind: "contacts"; readonly target: string }
  | { readonly kind: "other"; readonly operation: string };

/** Methods that only read (RFC 9110 §9.2.1). */
const SAFE_METHODS: readonly string[] = ["GET", "HEAD", "OPTIONS"];
/** Names by which an operation is taken to only read, if it is also safe to repeat. A manifest does not say that yet. */
const READING = /^(?:find|get|list|read|search)(?:_|$)/;

/** The effect of one attempt of this node, or none when it only computes or reads. */
export function effectOf(node: NodeDefinition, nodeType: NodeType | undefined, context: Json): Effect | null {
  if (nodeType?.kind !== "action") return null;
  const operation = node.type.slice(node.type.indexOf(".") + 1);
  if (node.type === "http.request") {
    const method = String(node.params.method ?? "GET").toUpperCase();
    if (SAFE_METHODS.includes(method)) return null;
    return { kind: "http", method, target: placeOf(readable(node.params.url, context)) };
  }
  if (READING.test(operation) && nodeType.safe_to_repeat) return null;
  if (node.type === "email.send") return { kind: "mail", target: readable(node.params.to, context) };
  if (node.type.startsWith("contacts.")) return { kind: "contacts", target: readable(node.params.email, context) };
  return { kind: "other", operation: node.title || nodeType.title };
}

/** A parameter as it will probably look: simple expressions with their values, others as dots. */
export function readable(value: Json | undefined, context: Json): string {
  if (Array.isArray(value)) return (value as readonly Json[]).map((item) => readable(item, context)).join(", ");
  if (typeof value !== "string") return value === undefined || value === null ? "" : JSON.stringify(value);
  return value.replace(/\{\{(.*?)\}\}/gs, (_, source: string) => {
    const path = parsePath(source.trim());
    const found = path && follow(context, path);
    if (!found?.found || found.value === null) return "…";
    return typeof found.value === "object"
      ? readable((found.value as JsonObject).email, context) || "…"
      : String(found.value);
  });
}

/** Host and path of an address: a query may hold what nobody should read over a shoulder. */
function placeOf(address: string): string {
  if (!URL.canParse(address)) return address.split("?")[0] ?? "";
  const { host, pathname } = new URL(address);
  return host + (pathname === "/" ? "" : decodeURI(pathname));
}
