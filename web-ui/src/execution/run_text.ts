/** Where a run stands, in words. */
import type { Run } from "../data.ts";
import { isOver } from "../live/news.ts";
import { durationText, millisBetween, timeText } from "../texts/format.ts";
import { type TextKey, t } from "../texts/texts.ts";

/** What kind of state it is, for icon and colour. A filter's no is nothing to worry about. */
export type Tone = "busy" | "good" | "bad" | "idle";

export function toneOf(run: Run): Tone {
  if (run.status === "succeeded") return stoppedByFilter(run) ? "idle" : "good";
  if (run.status === "failed" || run.status === "dead") return "bad";
  return run.status === "cancelled" ? "idle" : "busy";
}

/** The state in words, with how long it took or when it goes on. */
export function runText(run: Run): string {
  if (run.status === "queued") return t("editor.run.queued");
  if (run.status === "running") return t("editor.run.running");
  if (run.status === "waiting") {
    const next = nextAttempt(run);
    return next === null ? t("editor.run.waiting") : t("editor.run.waiting_until", { time: timeText(next) });
  }
  const key: TextKey = stoppedByFilter(run) ? "editor.run.stopped_by_filter" : ENDS[run.status];
  const millis = millisBetween(run.started_at ?? run.created_at, run.finished_at ?? lastEnd(run));
  return t(key, { duration: durationText(millis ?? 0) });
}

/** The node at which the run failed. */
export function failedNode(run: Run): string | null {
  if (run.status !== "failed" && run.status !== "dead") return null;
  return run.error?.node ?? run.steps.find((step) => step.status === "failed")?.node ?? null;
}

/** Whether it was a filter that ended the run: the last step that did something said no. */
export function stoppedByFilter(run: Run): boolean {
  if (run.status !== "succeeded") return false;
  const last = run.steps.filter((step) => step.attempts.length > 0).at(-1);
  return last?.status === "skipped";
}

const ENDS = {
  succeeded: "editor.run.succeeded",
  failed: "editor.run.failed",
  dead: "editor.run.dead",
  cancelled: "editor.run.cancelled",
} as const satisfies Partial<Record<Run["status"], TextKey>>;

function nextAttempt(run: Run): string | null {
  const times = run.steps.map((step) => step.retry_at).filter((time) => time !== null);
  return times.sort()[0] ?? null;
}

/** News of the end come before the details; until those are read, the last step's end is near enough. */
function lastEnd(run: Run): string | null {
  const ends = run.steps.map((step) => step.finished_at).filter((time) => time !== null);
  return isOver(run.status) ? (ends.sort().at(-1) ?? run.created_at) : null;
}
