import { expect, test } from "vitest";
import { follow, type Path, parsePath, printPath } from "./path.ts";

test("a path is read however it is written", () => {
  expect(parsePath("$")).toEqual([]);
  expect(parsePath("$.trigger.body.name")).toEqual(["trigger", "body", "name"]);
  expect(parsePath("$.a['x y'][0]")).toEqual(["a", "x y", 0]);
  expect(parsePath('$["a"]["it\'s"][-1]')).toEqual(["a", "it's", -1]);
  expect(parsePath("$ .a [ 'b' ]")).toEqual(["a", "b"]);
  expect(parsePath("$.größe")).toEqual(["größe"]);
  expect(parsePath(String.raw`$['a\'b\\cä\n']`)).toEqual(["a'b\\cä\n"]);
});

test("what may lead to several values, or is no path, is left to the server", () => {
  for (const source of [
    "trigger.body",
    "$..a",
    "$.a[*]",
    "$.*",
    "$.a[0:2]",
    "$.a[?@.b]",
    "$.a[01]",
    "$.a-b",
    "$['\\x']",
    "$.",
    "",
  ]) {
    expect(parsePath(source), source).toBeNull();
  }
});

test("a path that was written is read back as the same path", () => {
  const paths: Path[] = [
    [],
    ["trigger", "body", "customer", "email"],
    ["steps", "tell-erp", "items", 0, "name"],
    ["a", "it's", "back\\slash", "x y", "", "ö", "1st", 'quo"te', "{{", "}}", "\u0001\n", "__proto__"],
    ["list", -1],
  ];
  for (const path of paths) expect(parsePath(printPath(path))).toEqual(path);
  expect(printPath(["trigger", "body", "first name", 0])).toBe("$.trigger.body['first name'][0]");
});

test("a path is followed as far as there is something", () => {
  const context = { a: { list: [1, { b: null }], text: "abc" } };
  expect(follow(context, ["a", "list", 1, "b"])).toEqual({ found: true, value: null });
  expect(follow(context, ["a", "list", -2])).toEqual({ found: true, value: 1 });
  expect(follow(context, ["a", "list", 2])).toEqual({ found: false, value: null });
  expect(follow(context, ["a", "text", "length"])).toEqual({ found: false, value: null });
  expect(follow(context, ["a", "list", "length"])).toEqual({ found: false, value: null });
  expect(follow(context, ["a", "toString"])).toEqual({ found: false, value: null });
});
