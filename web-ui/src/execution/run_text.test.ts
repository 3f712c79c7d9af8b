import { beforeEach, expect, test } from "vitest";
import english from "../../../crates/server/messages/en.json";
import type { Run, Step } from "../data.ts";
import { acceptedRun } from "../live/news.ts";
import { useTexts } from "../texts/texts.ts";
import { failedNode, runText, stoppedByFilter, toneOf } from "./run_text.ts";

beforeEach(() => useTexts("en", english));

const START = "2026-01-31T09:30:00.000Z";
const run = (changes: Partial<Run>): Run => ({
  ...acceptedRun("r", "w", "e", "manual", START),
  started_at: START,
  finished_at: "2026-01-31T09:30:01.500Z",
  ...changes,
});
const step = (node: string, status: Step["status"], attempts = 1): Step => ({
  node,
  status,
  port: null,
  attempts: Array.from({ length: attempts }, (_, index) => ({
    number: index + 1,
    status: "succeeded",
    started_at: START,
    finished_at: START,
    error: null,
    exchanges: [],
  })),
  output: null,
  error: null,
  started_at: START,
  finished_at: START,
  retry_at: null,
});

test("a run that is over says how it ended and how long it took", () => {
  expect(runText(run({ status: "succeeded", steps: [step("a", "succeeded")] }))).toBe("Succeeded in 1.5 sec");
  expect(runText(run({ status: "dead" }))).toContain("1.5 sec");
  expect(toneOf(run({ status: "dead" }))).toBe("bad");
});

test("a filter's no is neutral and says so", () => {
  const stopped = run({ status: "succeeded", steps: [step("f", "skipped"), step("later", "skipped", 0)] });
  expect(stoppedByFilter(stopped)).toBe(true);
  expect(toneOf(stopped)).toBe("idle");
  expect(runText(stopped)).toContain("filter");
});

test("a branch that was not taken does not count as filtered", () => {
  const other = run({ status: "succeeded", steps: [step("a", "succeeded"), step("b", "skipped", 0)] });
  expect(stoppedByFilter(other)).toBe(false);
});

test("a waiting run says when it goes on", () => {
  const waiting = { ...step("a", "waiting"), retry_at: "2026-01-31T09:31:00.000Z" };
  expect(runText(run({ status: "waiting", steps: [waiting] }))).toMatch(/^Next attempt at /);
  expect(runText(run({ status: "waiting" }))).toBe("Waiting for the next attempt");
});

test("the failed step is named by the run, else found among the steps", () => {
  expect(failedNode(run({ status: "dead", steps: [step("x", "failed")] }))).toBe("x");
  const error = { node: "y", error: { code: "dns", message: "", retryable: false } };
  expect(failedNode(run({ status: "dead", error }))).toBe("y");
  expect(failedNode(run({ status: "succeeded", steps: [step("x", "failed")] }))).toBeNull();
});
