import { describe, expect, test } from "vitest";
import { type Definition, nodeOf } from "./definition.ts";
import { addNode, connect, moveNodes, removeEdges, removeNodes, setNode, setParam, setSettings } from "./edits.ts";
import { bringing, merge } from "./merge.ts";
import { definition, edgesOf, FILTER, HTTP, node } from "./samples.ts";

const base = definition(
  [node("hook", "webhook"), node("a", "filter", 300), node("b", "http.request", 600)],
  ["hook → a", "a → b"],
);
const moved = (id: string, x: number) => moveNodes(base, new Map([[id, { x, y: 0 }]]));

describe("without a conflict", () => {
  test("nothing new of theirs leaves mine as it is", () => {
    const mine = setParam(base, "a", "when", true);
    expect(merge(base, mine, base)).toEqual({ definition: mine, conflicts: [] });
    expect(merge(base, mine, base).definition).toBe(mine);
  });

  test("different nodes, different fields and different parameters come together", () => {
    const mine = setNode(setParam(base, "b", "url", "x"), "a", { title: "Mine" });
    const theirs = setNode(setParam(base, "b", "method", "PUT"), "hook", { title: "Theirs" });
    const { definition: both, conflicts } = merge(base, mine, theirs);
    expect(conflicts).toEqual([]);
    expect(nodeOf(both, "b")?.params).toEqual({ url: "x", method: "PUT" });
    expect([nodeOf(both, "a")?.title, nodeOf(both, "hook")?.title]).toEqual(["Mine", "Theirs"]);
  });

  test("the same change on both sides is one change", () => {
    const same = setParam(base, "a", "when", { all: [] });
    const again = setParam(base, "a", "when", { all: [] });
    expect(merge(base, same, again)).toEqual({ definition: same, conflicts: [] });
  });

  test("where both moved a card, mine stands", () => {
    const { definition: both, conflicts } = merge(base, moved("a", 20), moved("a", 40));
    expect([nodeOf(both, "a")?.position.x, conflicts]).toEqual([20, []]);
    expect(nodeOf(merge(base, base, moved("a", 40)).definition, "a")?.position.x).toBe(40);
  });

  test("nodes that both added under the same id are two nodes", () => {
    const mine = setParam(addNode(base, FILTER).definition, "filter", "when", 1);
    const theirs = setParam(addNode(base, FILTER).definition, "filter", "when", 2);
    const { definition: both, conflicts } = merge(base, mine, theirs);
    expect(conflicts).toEqual([]);
    expect([nodeOf(both, "filter")?.params.when, nodeOf(both, "filter_2")?.params.when]).toEqual([2, 1]);
  });

  test("a node that one side only moved may be removed by the other, with its edges", () => {
    const { definition: both, conflicts } = merge(base, moved("b", 900), removeNodes(base, ["b"]));
    expect(conflicts).toEqual([]);
    expect(nodeOf(both, "b")).toBeUndefined();
    expect(edgesOf(both)).toEqual(["hook → a"]);
  });

  test("edges that either side drew or removed are so in the end", () => {
    const mine = connect(base, { from: "hook", port: "out", to: "b" });
    const theirs = removeEdges(base, ["a/out/b"]);
    expect(edgesOf(merge(base, mine, theirs).definition)).toEqual(["hook → a", "hook → b"]);
  });

  test("settings come together field by field", () => {
    const mine = setSettings(base, { timezone: "Asia/Tokyo" });
    const theirs = setSettings(base, { max_parallel_runs: 3 });
    const { definition: both } = merge(base, mine, theirs);
    expect(both.settings).toMatchObject({ timezone: "Asia/Tokyo", max_parallel_runs: 3 });
  });

  test("a removed parameter stays removed", () => {
    const full: Definition = setParam(base, "b", "url", "x");
    const mine = setParam(full, "b", "url", undefined);
    const { definition: both } = merge(full, mine, setParam(full, "b", "method", "PUT"));
    expect(nodeOf(both, "b")?.params).toEqual({ method: "PUT" });
  });
});

describe("with a conflict", () => {
  test("the same parameter changed in two ways is named, and mine stands until it is decided", () => {
    const { definition: both, conflicts } = merge(
      base,
      setParam(base, "b", "url", "mine"),
      setParam(base, "b", "url", "theirs"),
    );
    expect(conflicts).toEqual([{ node: "b", field: "url" }]);
    expect(nodeOf(both, "b")?.params.url).toBe("mine");
  });

  test("a node that one side removed while the other worked at it is kept", () => {
    const worked = setParam(base, "b", "url", "x");
    expect(merge(base, removeNodes(base, ["b"]), worked).conflicts).toEqual([{ node: "b", field: "node" }]);
    const { definition: both, conflicts } = merge(base, worked, removeNodes(base, ["b"]));
    expect(conflicts).toEqual([{ node: "b", field: "node" }]);
    expect(nodeOf(both, "b")?.params.url).toBe("x");
  });

  test("a setting changed in two ways belongs to no node", () => {
    const { conflicts } = merge(
      base,
      setSettings(base, { max_parallel_runs: 1 }),
      setSettings(base, { max_parallel_runs: 2 }),
    );
    expect(conflicts).toEqual([{ node: null, field: "max_parallel_runs" }]);
  });

  test("what is not in conflict is together all the same", () => {
    const mine = setParam(addNode(base, HTTP).definition, "b", "url", "mine");
    const theirs = setNode(setParam(base, "b", "url", "theirs"), "a", { title: "Theirs" });
    const { definition: both } = merge(base, mine, theirs);
    expect(nodeOf(both, "http_request")).toBeDefined();
    expect(nodeOf(both, "a")?.title).toBe("Theirs");
  });
});

describe("undoing after a merge", () => {
  const urlOf = (of: Definition) => nodeOf(of, "b")?.params.url;
  const titled = setNode(base, "a", { title: "Theirs" });

  test("an earlier state has what the others did, and not what was undone", () => {
    const mine = setParam(base, "b", "url", "mine");
    const before = bringing(base, mine, titled)(base);
    expect([urlOf(before), nodeOf(before, "a")?.title]).toEqual([undefined, "Theirs"]);
  });

  test("saved edits of mine are undone all the same", () => {
    const saved = setParam(base, "b", "url", "saved");
    const theirs = setNode(saved, "a", { title: "Theirs" });
    const before = bringing(saved, saved, theirs)(base);
    expect([urlOf(before), nodeOf(before, "a")?.title]).toEqual([undefined, "Theirs"]);
  });

  test("where a state contradicts what the others changed since, theirs stands", () => {
    const saved = setParam(base, "b", "url", "saved");
    expect(urlOf(bringing(saved, saved, setParam(saved, "b", "url", "theirs"))(base))).toBe("theirs");
  });

  test("a step that the others removed does not come back, and one that they worked at does not go", () => {
    const worked = setParam(base, "b", "url", "mine");
    expect(nodeOf(bringing(base, base, removeNodes(base, ["b"]))(worked), "b")).toBeUndefined();
    const added = addNode(base, HTTP).definition;
    const theirs = setParam(added, "http_request", "url", "theirs");
    expect(nodeOf(bringing(added, added, theirs)(base), "http_request")?.params.url).toBe("theirs");
  });

  test("a step of mine that got another id in the merge has it in every state", () => {
    const mine = setParam(addNode(base, FILTER).definition, "filter", "when", 1);
    const theirs = setParam(addNode(base, FILTER).definition, "filter", "when", 2);
    const before = bringing(base, mine, theirs)(setParam(mine, "filter", "when", 0));
    expect([nodeOf(before, "filter")?.params.when, nodeOf(before, "filter_2")?.params.when]).toEqual([2, 0]);
  });

  test("a state that has it all already stays the same object", () => {
    expect(bringing(base, base, titled)(titled)).toBe(titled);
  });
});
