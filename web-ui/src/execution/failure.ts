/** A failure in words: what happened, why, and what to do about it. */
import type { NodeType } from "../catalogue/catalogue.svelte.ts";
import type { NodeError } from "../data.ts";
import { durationText } from "../texts/format.ts";
import { t, textFor } from "../texts/texts.ts";

export interface Failure {
  readonly title: string;
  readonly advice: string;
  /** What the other side said; null when nothing came from there. */
  readonly answer: string | null;
  /** Where inside the step: line and column in a script, or the address that answered. */
  readonly place: string;
  /** What else helps: how long the other side asks to wait. */
  readonly hints: readonly string[];
}

/** Explains a failure. The server's own sentence is `error.message`, in English. */
export function explain(error: NodeError): Failure {
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
    answer: error.code === "http_status" ? (typeof body === "string" ? body : "") : null,
    place: position || (typeof url === "string" ? url : ""),
    hints,
  };
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
