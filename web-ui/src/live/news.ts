/** What the server tells while things happen (`/api/v1/live`), and what that means for the run on the canvas. */
import type { Run, RunStatus, Step, StepStatus } from "../data.ts";

export type News =
  | {
      readonly type: "event";
      readonly workflow: string;
      readonly event: string;
      /** The trigger that it came in at. */
      readonly node: string;
      readonly status: "accepted" | "kept" | "duplicate" | "refused";
      readonly run: string | null;
    }
  | { readonly type: "run"; readonly workflow: string; readonly run: string; readonly status: RunStatus }
  | {
      readonly type: "step";
      readonly workflow: string;
      readonly run: string;
      readonly node: string;
      readonly status: StepStatus;
    }
  /** Something may have been missed: whoever shows anything reads it anew. */
  | { readonly type: "refresh" };

/** Whether nothing about a run will change any more by itself. */
export function isOver(status: RunStatus): boolean {
  return status === "succeeded" || status === "failed" || status === "dead" || status === "cancelled";
}

/** Whether these news say that a request from outside has begun a run. */
export function bringsRun(news: News): news is Extract<News, { type: "event" }> & { readonly run: string } {
  return news.type === "event" && news.run !== null && news.status === "accepted";
}

/** Reads one message. Anything that is not understood is no news. */
export function readNews(text: string): News | null {
  try {
    const value = JSON.parse(text) as { type?: unknown } | null;
    const type = value?.type;
    return type === "event" || type === "run" || type === "step" ? (value as News) : null;
  } catch {
    return null;
  }
}

/** The run as it stands after these news, so that the canvas lights up before the details are read. */
export function applyNews(run: Run, news: News, now: string): Run {
  if (news.type === "refresh" || news.type === "event" || news.run !== run.id) return run;
  // News and details come on different ways: late news about what is over already say nothing new.
  if (isOver(run.status)) return run;
  if (news.type === "run") return news.status === run.status ? run : { ...run, status: news.status };
  const known = run.steps.find((step) => step.node === news.node);
  if (known === undefined) return { ...run, steps: [...run.steps, begun(news.node, news.status, now)] };
  if (known.status === news.status || isStepOver(known.status)) return run;
  const changed: Step = { ...known, status: news.status, finished_at: isStepOver(news.status) ? now : null };
  return { ...run, steps: run.steps.map((step) => (step === known ? changed : step)) };
}

/** A run that was just accepted and of which nothing else is known yet. */
export function acceptedRun(id: string, workflow: string, event: string, mode: Run["mode"], now: string): Run {
  return {
    id,
    workflow,
    version: null,
    event,
    status: "queued",
    mode,
    created_at: now,
    started_at: null,
    finished_at: null,
    error: null,
    trigger: "",
    steps: [],
  };
}

function isStepOver(status: StepStatus): boolean {
  return status === "succeeded" || status === "failed" || status === "skipped";
}

function begun(node: string, status: StepStatus, now: string): Step {
  return {
    node,
    status,
    port: null,
    attempts: [],
    output: null,
    error: null,
    started_at: now,
    finished_at: isStepOver(status) ? now : null,
    retry_at: null,
  };
}
