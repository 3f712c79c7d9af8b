import { describe, expect, test } from "vitest";
import { canConnect, firstPort, openEnd, portsOf, stepsAfter, stepsBefore } from "./graph.ts";
import { CATALOGUE, definition, FILTER, HTTP, IF, node, STOP, SWITCH } from "./samples.ts";

const names = (...[of, type]: Parameters<typeof portsOf>) => portsOf(of, type).map((port) => port.name);

describe("ports", () => {
  test("an action can also fail", () => {
    expect(names(node("a", "http.request"), HTTP)).toEqual(["out", "error"]);
    expect(names(node("a"), FILTER)).toEqual(["out"]);
  });

  test("a switch has its cases first, each once", () => {
    const cases = [{ port: "big" }, { port: "big" }, { port: "" }, "nonsense", { port: "small" }];
    expect(names(node("a", "switch", 0, 0, { cases }), SWITCH)).toEqual(["big", "small", "default"]);
  });

  test("an unknown node type has none", () => {
    expect(names(node("a", "gone"), undefined)).toEqual([]);
  });

  test("a new node goes on along its first way, never along a failure", () => {
    expect(firstPort(node("a", "if"), IF)).toBe("true");
    expect(firstPort(node("a", "stop_with_error"), STOP)).toBeUndefined();
  });
});

describe("connecting", () => {
  const draft = definition(
    [node("hook", "webhook"), node("a", "if"), node("b"), node("c")],
    ["hook → a", "a.true → b", "b → c"],
  );
  test.each([
    ["another branch", { from: "a", port: "false", to: "c" }, null],
    ["a node that is gone", { from: "a", port: "true", to: "x" }, "unknown_node"],
    ["itself", { from: "a", port: "true", to: "a" }, "same_node"],
    ["a trigger", { from: "c", port: "out", to: "hook" }, "into_trigger"],
    ["a port that is not there", { from: "a", port: "out", to: "c" }, "unknown_port"],
    ["the same once more", { from: "b", port: "out", to: "c" }, "duplicate"],
    ["what leads here", { from: "c", port: "out", to: "a" }, "circle"],
  ])("with %s", (_, edge, expected) => {
    expect(canConnect(draft, CATALOGUE, edge)).toBe(expected);
  });
});

test("expressions may use what runs before, the nearest first", () => {
  const draft = definition([node("a"), node("b"), node("c"), node("d")], ["a → b", "b → c", "d → c"]);
  expect(stepsBefore(draft, "c")).toEqual(["b", "d", "a"]);
  expect(stepsBefore(draft, "a")).toEqual([]);
  expect([...stepsAfter(draft, "b")]).toEqual(["b", "c"]);
});

test("a circle in a broken draft is walked once", () => {
  const draft = definition([node("a"), node("b")], ["a → b", "b → a"]);
  expect(stepsBefore(draft, "a")).toEqual(["b"]);
});

describe("where a new node goes on", () => {
  const draft = definition(
    [
      node("hook", "webhook", 0),
      node("a", "if", 300),
      node("b", "http.request", 600),
      node("c", "stop_with_error", 900),
    ],
    ["hook → a", "a.true → b", "a.false → c"],
  );

  test("behind the selected node, if it has a free way", () => {
    expect(openEnd(definition(draft.nodes, ["hook → a", "a.true → b"]), CATALOGUE, "a")).toEqual({
      node: "a",
      port: "false",
    });
    expect(openEnd(draft, CATALOGUE, "a")).toBeUndefined();
  });

  test("else behind the rightmost open end, never along a failure", () => {
    expect(openEnd(draft, CATALOGUE)).toEqual({ node: "b", port: "out" });
    expect(openEnd(definition([node("c", "stop_with_error")]), CATALOGUE)).toBeUndefined();
  });
});
