/** A failure in words: what happened, why, and what to do about it. */
import type { NodeType } from "../catalogue/catalogue.svelte.ts";
import type { NodeError } from "../data.ts";
import { durationText } from "../texts/format.ts";
import { currentLocale, t, textFor } from "../texts/texts.ts";

export interface Failure {
  readonly title: string;
  readonly advice: string;
  /** What exactly happened, in the reader's language or in the words of whoever else said it; empty when the title says it all. */
  readonly reason: string;
  /** The exact message, which is English; empty when the reason is it. */
  readonly message: string;
  /** What the other side said; null when nothing came from there. */
  readonly answer: string | null;
  /** Where inside the step: line and column in a script, or the address that answered. */
  readonly place: string;
  /** What else helps: how long the other side asks to wait. */
  readonly hints: readonly string[];
}

/**
 * The failures whose message was written by somebody else: a mail server, the script language, a service, the workflow's
 * author. It is quoted in whatever language it is.
 */
const QUOTED: ReadonlySet<string> = new Set(["mail", "script", "service", "stopped"]);

/** Explains a failure. The server's own sentence is `error.message`, in English. */
export function explain(error: NodeError): Failure {
  const isRead = currentLocale() === "en" || QUOTED.has(error.code);
  const details = error.details ?? {};
  const status = typeof details.status === "number" ? details.status : 0;
  const key = keyOf(error.code, status);
  const text = (part: string) => textFor(`failure.${key}.${part}`, { status });
  const hints: string[] = [];
  if (error.retry_after_ms) hints.push(t("editor.failure.wait", { duration: durationText(error.retry_after_ms) }));
  const { line, column, body, url } = details;
  const position =
    typeof line === "number" ? t("editor.failure.position", { line, column: String(column ?? "–") }) : "";
  return {
    title: text("title") ?? error.message,
    advice: text("advice") ?? "",
    reason: isRead ? error.message : reasonOf(error.code, details),
    message: isRead ? "" : error.message,
    answer: error.code === "http_status" ? (typeof body === "string" ? body : "") : null,
    place: position || (typeof url === "string" ? url : ""),
    hints,
  };
}

/** Why it happened, as far as the facts tell it without the message; the pages do the same. */
function reasonOf(code: string, details: Readonly<Record<string, unknown>>): string {
  // A failure inside a failure: of the called workflow, or the one that left a doubt.
  const inner = details.error ?? details.cause;
  if (isError(inner)) return explain(inner).title;
  if (typeof details.problem === "string") return textFor(`draft.${details.problem}`) ?? "";
  const key = `failure.${code}.reason`;
  const names = [...(textFor(key) ?? "").matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
  const facts = Object.fromEntries(names.map((name) => [name, written(details[name])]));
  return Object.values(facts).includes("") ? "" : (textFor(key, facts) ?? "");
}

function written(value: unknown): string {
  if (Array.isArray(value)) return value.map(written).join(", ");
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function isError(value: unknown): value is NodeError {
  return typeof value === "object" && value !== null && "code" in value && "message" in value;
}

/** The parameter that is to blame as the form calls it: `Body › ref`. */
export function fieldTitle(nodeType: NodeType | undefined, path: string): string {
  const [name = path, ...rest] = path.split(/[.[\]'"]+/).filter((part) => part !== "");
  const title = nodeType?.parameters.find((parameter) => parameter.name === name)?.title ?? name;
  return [title, ...rest].join(" › ");
}

/** The most telling text there is: by status where people can do something about it, else by kind of failure. */
function keyOf(code: string, status: number): string {
  if (code !== "http_status") return code;
  const own = `http_status_${status}`;
  if (textFor(`failure.${own}.title`) !== undefined) return own;
  return status >= 500 ? "http_status_5xx" : code;
}
