import { describe, expect, test } from "vitest";
import { BEGINNINGS, fromCron, MINUTES, toCron } from "./cron.ts";

describe("a schedule and its pattern", () => {
  test.each([
    ["*/15 * * * *", { kind: "every", minutes: 15 }],
    ["5 * * * *", { kind: "hourly", minute: 5 }],
    ["30 7 * * *", { kind: "daily", hour: 7, minute: 30 }],
    ["30 7 * * 1,3,5", { kind: "weekly", hour: 7, minute: 30, days: [1, 3, 5] }],
    ["0 8 28 * *", { kind: "monthly", hour: 8, minute: 0, day: 28 }],
    ["0 8 L * *", { kind: "monthly", hour: 8, minute: 0, day: "L" }],
  ])("%s", (pattern, schedule) => {
    expect(fromCron(pattern)).toEqual(schedule);
    expect(toCron(fromCron(pattern))).toBe(pattern);
  });

  test("every form begins with something that reads back as itself", () => {
    for (const [kind, schedule] of Object.entries(BEGINNINGS)) {
      if (kind !== "own") expect(fromCron(toCron(schedule))).toEqual(schedule);
    }
    for (const minutes of MINUTES) expect(60 % minutes).toBe(0);
  });
});

describe("reading a pattern", () => {
  test("a range of days, and Sunday under both of its numbers", () => {
    expect(fromCron("0 8 * * 1-5")).toEqual({ kind: "weekly", hour: 8, minute: 0, days: [1, 2, 3, 4, 5] });
    expect(fromCron("0 8 * * 6,7")).toMatchObject({ days: [0, 6] });
  });

  test("shorthands", () => {
    expect(fromCron("@daily")).toEqual({ kind: "daily", hour: 0, minute: 0 });
    expect(fromCron("@yearly").kind).toBe("own");
  });

  test.each([
    "",
    "* * *",
    "0 30 7 * * *",
    "*/7 * * * *",
    "*/15 8 * * *",
    "0 8 1 1 *",
    "0 8 1 * 1",
    "0 8 31 * *",
    "0 8 0 * *",
    "61 8 * * *",
    "0 8 * * 5-1",
    "0 8 * * MON",
    "0 8,12 * * *",
  ])("“%s” fits no form and stays as it is written", (pattern) => {
    expect(fromCron(pattern)).toEqual({ kind: "own", pattern });
  });
});
