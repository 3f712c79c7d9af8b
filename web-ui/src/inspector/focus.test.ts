import { expect, test } from "vitest";
import { isWithin } from "./focus.ts";

test("a path lies in its own place and in every place above it", () => {
  expect(isWithin("body.items[2].name", "body")).toBe(true);
  expect(isWithin("body.items[2].name", "body.items[2]")).toBe(true);
  expect(isWithin("body", "body")).toBe(true);
  expect(isWithin("body_type", "body")).toBe(false);
  expect(isWithin("body", "body.items")).toBe(false);
  expect(isWithin("body", "")).toBe(false);
});
