import { expect, test } from "vitest";
import { interpolate, interpolateZoom } from "./interpolate.ts";

test("a view goes evenly from where it was to where it shall be", () => {
  const view = interpolate([0, 100, 1], [100, 50, 2]);
  expect([view(0), view(0.5), view(1)]).toEqual([
    [0, 100, 1],
    [50, 75, 1.5],
    [100, 50, 2],
  ]);
});

test("the zoom is interpolated like everything else", () => {
  expect(interpolateZoom).toBe(interpolate);
});
