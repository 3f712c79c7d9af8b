import { afterEach, expect, test } from "vitest";
import { durationText, millisBetween, sizeText, timeText } from "./format.ts";
import { useTexts } from "./texts.ts";

afterEach(() => useTexts("en", {}));

test("a duration is written in the unit that fits", () => {
  const written = [0, 120, 1_250, 59_940, 59_960, 125_000, 3_600_000, 3_660_000].map((millis) => durationText(millis));
  expect(written).toEqual(["0 ms", "120 ms", "1.3 sec", "59.9 sec", "1 min", "2 min 5 sec", "1 hr", "1 hr 1 min"]);
  useTexts("de", {});
  expect(durationText(1_250).replace("\u00a0", " ")).toBe("1,3 Sek.");
});

test("a size is written in the unit that fits", () => {
  expect([312, 4_200, 2_500_000].map((bytes) => sizeText(bytes))).toEqual(["312 byte", "4.2 kB", "2.5 MB"]);
});

test("only an earlier day is written with its date", () => {
  const now = new Date("2026-01-31T12:00:00");
  expect(timeText("2026-01-31T09:30:05", now)).not.toContain("26");
  expect(timeText("2026-01-30T09:30:05", now)).toContain("30");
});

test("an open end counts up to now and an open beginning is no duration", () => {
  const start = "2026-01-31T09:30:00.000Z";
  expect(millisBetween(start, "2026-01-31T09:30:02.500Z")).toBe(2_500);
  expect(millisBetween(start, null, Date.parse(start) + 700)).toBe(700);
  expect(millisBetween(null, null)).toBeNull();
});
