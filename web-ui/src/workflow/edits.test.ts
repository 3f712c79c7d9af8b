import { describe, expect, test } from "vitest";
import { nodeOf } from "./definition.ts";
import {
  addNode,
  connect,
  duplicateNodes,
  fragmentOf,
  moveNodes,
  paste,
  removeEdges,
  removeNodes,
  renameNodeId,
  setNode,
  setParam,
  setSettings,
} from "./edits.ts";
import { COLUMN } from "./measures.ts";
import { definition, edgesOf, FILTER, HTTP, IF, node, STOP, WEBHOOK } from "./samples.ts";

const line = definition(
  [node("order", "webhook", 0), node("large", "filter", 300), node("tell", "http.request", 600)],
  ["order → large", "large → tell"],
);

describe("adding a node", () => {
  test("the first one lies at the origin and is named after its type", () => {
    const { definition: next, id } = addNode(definition([]), HTTP);
    expect(id).toBe("http_request");
    expect(next.nodes).toEqual([{ id, type: "http.request", position: { x: 0, y: 0 }, params: {} }]);
  });

  test("a second one of the same type gets a number", () => {
    expect(addNode(definition([node("filter")]), FILTER).id).toBe("filter_2");
  });

  test("after a port it is connected and lies to the right", () => {
    const { definition: next, id } = addNode(line, HTTP, null, { from: { node: "tell", port: "out" } });
    expect(edgesOf(next)).toContain(`tell → ${id}`);
    expect(nodeOf(next, id)?.position).toEqual({ x: 600 + COLUMN, y: 0 });
  });

  test("it covers no other node, wherever it is dropped", () => {
    const { definition: next, id } = addNode(line, HTTP, { x: 310, y: 10 });
    const place = nodeOf(next, id)?.position;
    expect(place?.x).toBe(320);
    expect(place?.y).toBeGreaterThan(64);
  });

  test("on an edge it goes in between and what follows makes room", () => {
    const { definition: next, id } = addNode(line, FILTER, null, { edge: { from: "order", port: "out", to: "large" } });
    expect(edgesOf(next)).toEqual([`order → ${id}`, `${id} → large`, "large → tell"]);
    expect(nodeOf(next, id)?.position).toEqual({ x: 300, y: 0 });
    expect(nodeOf(next, "large")?.position.x).toBe(600);
    expect(nodeOf(next, "tell")?.position.x).toBe(900);
  });

  test("a branch on an edge goes on along its first way", () => {
    const { definition: next } = addNode(line, IF, null, { edge: { from: "large", port: "out", to: "tell" } });
    expect(edgesOf(next)).toContain("if.true → tell");
  });

  test("a node that nothing can follow does not cut off what was there", () => {
    const { definition: next } = addNode(line, STOP, null, { edge: { from: "large", port: "out", to: "tell" } });
    expect(edgesOf(next)).toEqual(["order → large", "large → tell", "large → stop_with_error"]);
  });

  test("a trigger is never led to", () => {
    const { definition: next } = addNode(line, WEBHOOK, null, { from: { node: "tell", port: "out" } });
    expect(next.edges).toEqual(line.edges);
  });
});

describe("removing nodes", () => {
  test("a node in a line is bridged", () => {
    expect(edgesOf(removeNodes(line, ["large"]))).toEqual(["order → tell"]);
  });

  test("several neighbours are bridged together", () => {
    const long = definition([node("a"), node("b"), node("c"), node("d")], ["a → b", "b → c", "c → d"]);
    expect(edgesOf(removeNodes(long, ["b", "c"]))).toEqual(["a → d"]);
  });

  test("a fork is not bridged, because nobody can know which way was meant", () => {
    const fork = definition([node("a"), node("b", "if"), node("c"), node("d")], ["a → b", "b.true → c", "b.false → d"]);
    expect(removeNodes(fork, ["b"]).edges).toEqual([]);
  });

  test("the way after a failure is not bridged", () => {
    const failing = definition([node("a"), node("b", "http.request"), node("c")], ["a → b", "b.error → c"]);
    expect(removeNodes(failing, ["b"]).edges).toEqual([]);
  });

  test("a bridge never doubles an edge", () => {
    const triangle = definition([node("a"), node("b"), node("c")], ["a → b", "b → c", "a → c"]);
    expect(edgesOf(removeNodes(triangle, ["b"]))).toEqual(["a → c"]);
  });
});

describe("an edit that changes nothing gives the same object", () => {
  test.each([
    ["moving to the same place", () => moveNodes(line, new Map([["order", { x: 0, y: 0 }]]))],
    ["moving nothing", () => moveNodes(line, new Map())],
    ["connecting what is connected", () => connect(line, { from: "order", port: "out", to: "large" })],
    ["removing an unknown edge", () => removeEdges(line, ["x/out/y"])],
    ["removing an unknown node", () => removeNodes(line, ["nobody"])],
    ["removing a parameter that is not there", () => setParam(line, "tell", "url", undefined)],
    ["an empty title", () => setNode(line, "tell", { title: "" })],
    ["the usual way to end on an error", () => setNode(line, "tell", { on_error: "stop" })],
    ["a taken id", () => renameNodeId(line, "tell", "order")],
    ["an impossible id", () => renameNodeId(line, "tell", "no good")],
    ["the same settings", () => setSettings(line, { max_parallel_runs: 10 })],
    ["pasting nothing", () => paste(line, { nodes: [], edges: [] }).definition],
  ])("%s", (_, edit) => {
    expect(edit()).toBe(line);
  });
});

describe("changing a node", () => {
  test("a parameter is set and removed", () => {
    const set = setParam(line, "tell", "url", "https://erp.example");
    expect(nodeOf(set, "tell")?.params).toEqual({ url: "https://erp.example" });
    expect(nodeOf(setParam(set, "tell", "url", undefined), "tell")?.params).toEqual({});
    expect(nodeOf(line, "tell")?.params).toEqual({});
  });

  test("what has its default is left out", () => {
    const titled = setNode(line, "tell", { title: "Tell the ERP", on_error: "continue" });
    expect(nodeOf(titled, "tell")).toMatchObject({ title: "Tell the ERP", on_error: "continue" });
    expect(Object.keys(nodeOf(setNode(titled, "tell", { title: "", on_error: "stop" }), "tell") ?? {})).toEqual([
      "id",
      "type",
      "position",
      "params",
    ]);
  });
});

describe("copies", () => {
  const referring = setParam(line, "tell", "body", {
    amount: "{{ $.steps.large.amount }}",
    shop: "{{ $.steps.order.x }}",
  });

  test("bring along the edges between them and lie on nothing", () => {
    const { definition: next, ids } = duplicateNodes(line, ["large", "tell"]);
    expect(ids).toEqual(["large_2", "tell_2"]);
    expect(edgesOf(next)).toEqual(["order → large", "large → tell", "large_2 → tell_2"]);
    expect(nodeOf(next, "large_2")?.position.y).toBeGreaterThan(64);
  });

  test("refer to copies where what they referred to was copied, too", () => {
    const { definition: next } = duplicateNodes(referring, ["large", "tell"]);
    expect(nodeOf(next, "tell_2")?.params.body).toEqual({
      amount: "{{ $.steps.large_2.amount }}",
      shop: "{{ $.steps.order.x }}",
    });
  });

  test("keep their ids in another workflow and lie where they are put", () => {
    const { definition: next, ids } = paste(definition([]), fragmentOf(referring, ["large", "tell"]), {
      x: 100,
      y: 40,
    });
    expect(ids).toEqual(["large", "tell"]);
    expect(next.nodes.map((copy) => copy.position)).toEqual([
      { x: 100, y: 40 },
      { x: 400, y: 40 },
    ]);
  });
});

describe("another id", () => {
  test("is followed by edges and by expressions in every way of writing", () => {
    const before = definition(
      [
        node("large"),
        node("tell", "http.request", 0, 0, {
          url: "x/{{ $.steps.large.id }}?a={{ $['steps']['large'].b }}&c={{ steps.large.c + steps[\"large\"].d }}",
          text: "steps.large stays, as it is only text",
          list: ["{{ steps.larger.a }}", { deep: "{{ steps?.large }}" }],
        }),
        node("script", "code", 0, 0, { script: 'let a = steps.large.x;\n"steps.large"' }),
      ],
      ["large → tell"],
    );
    const after = renameNodeId(before, "large", "big");
    expect(edgesOf(after)).toEqual(["big → tell"]);
    expect(nodeOf(after, "tell")?.params).toEqual({
      url: "x/{{ $.steps.big.id }}?a={{ $['steps']['big'].b }}&c={{ steps.big.c + steps[\"big\"].d }}",
      text: "steps.large stays, as it is only text",
      list: ["{{ steps.larger.a }}", { deep: "{{ steps?.big }}" }],
    });
    expect(nodeOf(after, "script")?.params).toEqual({ script: 'let a = steps.big.x;\n"steps.large"' });
  });

  test("that is no plain name is written in quotes", () => {
    const before = definition([node("a"), node("b", "filter", 0, 0, { x: "{{ $.steps.a.y }}" })]);
    expect(nodeOf(renameNodeId(before, "a", "a-1"), "b")?.params).toEqual({ x: '{{ $.steps["a-1"].y }}' });
  });
});
