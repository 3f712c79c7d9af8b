import { expect, test } from "vitest";
import { fromRows, moved, newRow, standFor, toRows, twice } from "./rows.ts";

test("an object becomes rows and the rows the object again", () => {
  const value = { a: "x", "b.c": [1, null], ü: "{{ $.trigger }}" };
  const rows = toRows(value);
  expect(rows.map((row) => row.name)).toEqual(["a", "b.c", "ü"]);
  expect(fromRows(rows)).toEqual(value);
  expect(new Set(rows.map((row) => row.key)).size).toBe(3);
});

test("a row without a name is kept beside the document and is not in it", () => {
  const rows = [...toRows({ a: 1 }), newRow("", "typed first")];
  expect(fromRows(rows)).toEqual({ a: 1 });
  expect(standFor(rows, { a: 1 })).toBe(true);
  expect(standFor(rows, { a: 2 })).toBe(false);
  expect(fromRows([newRow()])).toBeUndefined();
  expect(standFor([newRow()], undefined)).toBe(true);
});

test("a name that is there twice is told", () => {
  expect([...twice([newRow("a"), newRow("b"), newRow("a"), newRow(""), newRow("")])]).toEqual(["a"]);
});

test("a row moves, but not beyond the ends", () => {
  expect(moved(["a", "b", "c"], 0, 1)).toEqual(["b", "a", "c"]);
  expect(moved(["a", "b", "c"], 2, -1)).toEqual(["a", "c", "b"]);
  expect(moved(["a", "b"], 0, -1)).toEqual(["a", "b"]);
});
