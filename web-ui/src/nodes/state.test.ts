import { beforeAll, describe, expect, it } from "vitest";
import type { Step } from "../data.ts";
import { useTexts } from "../texts/texts.ts";
import { stateOf, stepDuration } from "./state.ts";

function step(more: Partial<Step>): Step {
  return {
    node: "one",
    status: "succeeded",
    port: null,
    attempts: [],
    output: null,
    error: null,
    started_at: null,
    finished_at: null,
    retry_at: null,
    ...more,
  };
}

const attempt = { number: 1, status: "skipped", started_at: "", finished_at: null, error: null, exchanges: [] };

beforeAll(() => useTexts("en", {}));

describe("the state of a step", () => {
  it("is skipped when the run never came there", () => {
    expect(stateOf(undefined)).toBe("skipped");
    expect(stateOf(step({ status: "skipped" }))).toBe("skipped");
  });

  it("is filtered when the step itself ended its branch", () => {
    expect(stateOf(step({ status: "skipped", attempts: [attempt] }))).toBe("filtered");
  });

  it("has a duration once it has ended, and none when it never had its turn", () => {
    const times = { started_at: "2026-01-01T00:00:00.000Z", finished_at: "2026-01-01T00:00:00.120Z" };
    expect(stepDuration(step({ ...times, attempts: [attempt] }))).toBe("120 ms");
    expect(stepDuration(step({ ...times, attempts: [attempt], finished_at: null }))).toBe("");
    expect(stepDuration(step(times))).toBe("");
  });
});
