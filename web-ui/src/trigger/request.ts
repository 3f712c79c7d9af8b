/** The request that a trigger's sample stands for, so that it can be sent again and written down as a curl line. */
import { textFor } from "../texts/texts.ts";
import type { Json, JsonObject, NodeDefinition } from "../workflow/definition.ts";

/** What a trigger received; see `model::event`. */
export interface Received {
  readonly method: string;
  readonly headers: JsonObject;
  readonly query: JsonObject;
  readonly body: Json;
}

/** A request as it goes over the wire. */
export interface Outgoing {
  readonly method: string;
  /** With its question mark, or empty. */
  readonly query: string;
  readonly contentType: string | null;
  /** What else the sender said about it, such as an id of the delivery. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

/** What the server writes where it keeps a secret to itself. */
const MASKED = "•••";

/** What a trigger's sample says it received. What is missing in it is empty. */
export function receivedOf(sample: Json | undefined): Received {
  const fields = isObject(sample) ? sample : {};
  return {
    method: typeof fields.method === "string" && fields.method !== "" ? fields.method.toUpperCase() : "POST",
    headers: isObject(fields.headers) ? fields.headers : {},
    query: isObject(fields.query) ? fields.query : {},
    body: fields.body ?? null,
  };
}

/** The methods that a webhook takes. */
export function methodsOf(node: NodeDefinition): readonly string[] {
  const chosen = Array.isArray(node.params.methods) ? (node.params.methods as readonly Json[]) : [];
  const methods = chosen.filter((method) => typeof method === "string").map((method) => method.toUpperCase());
  return methods.length > 0 ? methods : ["POST"];
}

/** The request that a sender would have made, in one of the methods that the webhook takes. */
export function outgoingOf(received: Received, methods: readonly string[]): Outgoing {
  return { ...contentOf(received, methods), headers: ownHeaders(received.headers) };
}

function contentOf(received: Received, methods: readonly string[]): Omit<Outgoing, "headers"> {
  const method = methods.includes(received.method) ? received.method : (methods[0] ?? "POST");
  const query = queryText(received.query);
  if (method === "GET" || method === "HEAD" || received.body === null) {
    return { method, query, contentType: null, body: null };
  }
  const said = typeof received.headers["content-type"] === "string" ? received.headers["content-type"] : "";
  const kind = (said.split(";")[0] ?? "").trim().toLowerCase();
  if (kind === "application/x-www-form-urlencoded" && isObject(received.body)) {
    return { method, query, contentType: kind, body: queryText(received.body).slice(1) };
  }
  if (typeof received.body === "string" && !kind.endsWith("json")) {
    // A multipart body names its boundary, which is gone by now.
    return {
      method,
      query,
      contentType: kind === "" || kind.startsWith("multipart/") ? "text/plain" : said,
      body: received.body,
    };
  }
  const isJson = kind === "application/json" || kind.endsWith("+json");
  return { method, query, contentType: isJson ? kind : "application/json", body: JSON.stringify(received.body) };
}

/** What a proxy on the way adds, and signatures, which fit one text only. */
const NOT_AGAIN = /^x-(forwarded|real|original|envoy|amzn|cloud)\b|signature|hmac/i;

/**
 * The header fields that are the sender's own and hold no secret: those that begin with `x-`. Most others are about the
 * connection, which makes them itself.
 */
function ownHeaders(headers: JsonObject): Readonly<Record<string, string>> {
  const isOwn = ([name, value]: readonly [string, Json]) =>
    /^x-[\w-]+$/i.test(name) &&
    !NOT_AGAIN.test(name) &&
    typeof value === "string" &&
    !value.includes(MASKED) &&
    /^[\t\x20-\x7e]*$/.test(value);
  return Object.fromEntries(Object.entries(headers).filter(isOwn)) as Record<string, string>;
}

/** The request as a line for a POSIX shell. */
export function curlLine(url: string, outgoing: Outgoing): string {
  const parts = ["curl"];
  if (outgoing.method === "HEAD") parts.push("--head");
  else if (outgoing.method !== (outgoing.body === null ? "GET" : "POST")) parts.push("-X", outgoing.method);
  parts.push(quoted(url + outgoing.query));
  if (outgoing.contentType !== null) parts.push("-H", quoted(`Content-Type: ${outgoing.contentType}`));
  for (const [name, value] of Object.entries(outgoing.headers)) parts.push("-H", quoted(`${name}: ${value}`));
  if (outgoing.body !== null) parts.push("--data-raw", quoted(outgoing.body));
  return parts.join(" ");
}

/** Why a webhook turns a request away, in the reader's language. A code without words of its own is told as the server says it. */
export function refusalOf(code: string, method: string, message: string): string {
  return textFor(`error.refused.${code}`, { method }) ?? message;
}

/** The last part of a webhook's URL: the id of its endpoint. */
export function endpointOf(url: string): string {
  return url.slice(url.lastIndexOf("/") + 1);
}

/** Reads an edited sample, or says what keeps it from being one. */
export function parseSample(
  text: string,
): { readonly value: JsonObject } | { readonly fault: "json" | "object"; readonly message: string } {
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch (error) {
    return { fault: "json", message: error instanceof Error ? error.message : String(error) };
  }
  if (!isObject(value) || !Object.keys(value).some((name) => PARTS.includes(name)))
    return { fault: "object", message: "" };
  return { value };
}

const PARTS = ["method", "headers", "query", "body"];

function queryText(fields: JsonObject): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) {
    for (const item of Array.isArray(value) ? (value as readonly Json[]) : [value]) {
      search.append(name, typeof item === "string" ? item : item === null ? "" : JSON.stringify(item));
    }
  }
  const text = search.toString();
  return text === "" ? "" : `?${text}`;
}

function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
