import { expect, test } from "vitest";
import { acceptedRun, applyNews, isOver, type News, readNews } from "./news.ts";

const NOW = "2026-01-31T09:30:00.000Z";
const LATER = "2026-01-31T09:30:01.000Z";
const run = acceptedRun("r1", "w1", "e1", "manual", NOW);
const step = (node: string, status: "running" | "waiting" | "succeeded", of = "r1"): News => ({
  type: "step",
  workflow: "w1",
  run: of,
  node,
  status,
});

test("a step lights up when it begins and again when it is done", () => {
  const begun = applyNews(run, step("notify", "running"), NOW);
  expect(begun.steps).toMatchObject([{ node: "notify", status: "running", started_at: NOW, finished_at: null }]);
  const done = applyNews(begun, step("notify", "succeeded"), LATER);
  expect(done.steps).toMatchObject([{ node: "notify", status: "succeeded", started_at: NOW, finished_at: LATER }]);
});

test("a step that waits for its next attempt may run again", () => {
  const waiting = applyNews(applyNews(run, step("a", "running"), NOW), step("a", "waiting"), NOW);
  expect(applyNews(waiting, step("a", "running"), NOW).steps[0]?.status).toBe("running");
});

test("late news never bring a finished step or run back to life", () => {
  const done = applyNews(run, step("a", "succeeded"), NOW);
  expect(applyNews(done, step("a", "running"), NOW)).toBe(done);
  const over = applyNews(run, { type: "run", workflow: "w1", run: "r1", status: "succeeded" }, NOW);
  expect(isOver(over.status)).toBe(true);
  expect(applyNews(over, { type: "run", workflow: "w1", run: "r1", status: "running" }, NOW)).toBe(over);
  expect(applyNews(over, step("b", "running"), NOW)).toBe(over);
});

test("news of another run and news without a change give the same object", () => {
  expect(applyNews(run, step("a", "running", "r2"), NOW)).toBe(run);
  expect(applyNews(run, { type: "run", workflow: "w1", run: "r1", status: "queued" }, NOW)).toBe(run);
  expect(applyNews(run, { type: "refresh" }, NOW)).toBe(run);
});

test("what is not understood is no news", () => {
  expect(readNews('{"type":"run","workflow":"w1","run":"r1","status":"running"}')).toMatchObject({ status: "running" });
  expect(readNews('{"type":"something"}')).toBeNull();
  expect(readNews("null")).toBeNull();
  expect(readNews("{")).toBeNull();
});
