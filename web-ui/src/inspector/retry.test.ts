import { expect, test } from "vitest";
import { readCodes, unitOf } from "./retry.ts";

test("a duration is shown in the largest unit that keeps it short", () => {
  expect([250, 1_000, 1_500, 30_000, 60_000, 90_000, 3_600_000, 5_400_000, 172_800_000, 61_234].map(unitOf)).toEqual([
    "ms",
    "s",
    "s",
    "s",
    "min",
    "min",
    "h",
    "h",
    "d",
    "ms",
  ]);
});

test("codes are written with anything between them, and count once", () => {
  expect(readCodes("429, 5XX;  timeout 429")).toEqual(["429", "5xx", "timeout"]);
  expect(readCodes("  ")).toEqual([]);
});
