import { expect, test } from "vitest";
import { gist, kindOf, membersOf, sizeOf } from "./shape.ts";

test("every JSON value has a kind", () => {
  const values = ["a", 1, true, null, undefined, [1], { a: 1 }] as const;
  expect(values.map(kindOf)).toEqual(["text", "number", "boolean", "null", "null", "list", "object"]);
});

test("a big list is taken apart only as far as it is shown", () => {
  const list = Array.from({ length: 1_000 }, (_, index) => index);
  expect(membersOf(list, 2)).toEqual([
    ["0", 0],
    ["1", 1],
  ]);
  expect(sizeOf(list)).toBe(1_000);
  expect(membersOf({ a: 1, b: 2 }, 1)).toEqual([["a", 1]]);
  expect(membersOf("text", 5)).toEqual([]);
});

test("a closed value tells what is in it", () => {
  expect(gist({ id: 1, amount: 2, customer: {}, more: 1 })).toBe("{ id, amount, customer, … }");
  expect(gist([1, 2])).toBe("[ 2 ]");
  expect(gist({})).toBe("{ }");
});
