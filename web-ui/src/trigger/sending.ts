/** Sends a trigger's sample to the webhook's own address, as its sender would. */
import { type Outgoing, refusalOf } from "./request.ts";

/** What the webhook answered. */
export interface Answer {
  readonly status: number;
  readonly duration_ms: number;
  /** `accepted`, `kept` or `duplicate` when the usual receipt came back. */
  readonly outcome: string | null;
  readonly run: string | null;
  /** Why it was refused, in the reader's language. */
  readonly reason: string | null;
  /** The answer's text when it is none of ours. */
  readonly text: string;
}

/** Enough to recognise an answer by. */
const SHOWN_CHARACTERS = 2_000;

/**
 * Sends the request. The server's public address may differ from the one that the page was opened at, so only the path
 * counts; and no cookie goes along, because no sender has one.
 */
export async function send(url: string, outgoing: Outgoing): Promise<Answer> {
  const began = performance.now();
  const response = await fetch(new URL(url).pathname + outgoing.query, {
    method: outgoing.method,
    credentials: "omit",
    redirect: "manual",
    headers: {
      ...outgoing.headers,
      ...(outgoing.contentType === null ? {} : { "Content-Type": outgoing.contentType }),
    },
    body: outgoing.body,
  });
  const text = await response.text();
  return { ...readAnswer(response.status, text, outgoing.method), duration_ms: performance.now() - began };
}

/** What an answer says, receipt or problem or whatever a "respond" node made. */
export function readAnswer(status: number, text: string, method: string): Omit<Answer, "duration_ms"> {
  const fields = parsed(text);
  const word = (name: string) => (typeof fields[name] === "string" ? (fields[name] as string) : null);
  const isReceipt = word("event") !== null;
  const detail = isReceipt ? null : word("detail");
  return {
    status,
    outcome: isReceipt ? word("status") : null,
    run: isReceipt ? word("run") : null,
    reason: detail === null ? null : refusalOf(word("code") ?? "", method, detail),
    text: isReceipt ? "" : text.slice(0, SHOWN_CHARACTERS),
  };
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
