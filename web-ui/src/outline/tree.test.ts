import { describe, expect, it } from "vitest";
import type { PortSpec } from "../catalogue/catalogue.svelte.ts";
import type { Definition, EdgeDefinition, NodeDefinition } from "../workflow/definition.ts";
import { type Item, outlineOf } from "./tree.ts";

const settings = { timezone: "UTC", max_parallel_runs: 1, run_timeout_ms: 1000 };
const PORTS: Readonly<Record<string, readonly string[]>> = { if: ["true", "false"], stop: [], call: ["out", "error"] };

function definition(types: Readonly<Record<string, string>>, edges: readonly string[]): Definition {
  const nodes = Object.entries(types).map(
    ([id, type]): NodeDefinition => ({ id, type, params: {}, position: { x: 0, y: 0 } }),
  );
  const parsed = edges.map((text): EdgeDefinition => {
    const [from = "", port = "", to = ""] = text.split(" ");
    return { from, port, to };
  });
  return { nodes, edges: parsed, settings };
}

function ports(node: NodeDefinition): readonly PortSpec[] {
  return (PORTS[node.type] ?? ["out"]).map((name) => ({ name, title: name }));
}

/** Writes a list as `a b(true: c | false: d)`. */
function written(items: readonly Item[]): string {
  return items
    .map((item) => {
      const branches = item.branches.map((branch) => `${branch.port.name}: ${written(branch.items)}`.trim());
      const again = item.isRepeated ? "^" : "";
      return `${item.node.id}${again}${branches.length > 0 ? `(${branches.join(" | ")})` : ""}`;
    })
    .join(" ");
}

function outline(types: Readonly<Record<string, string>>, edges: readonly string[]) {
  const found = outlineOf(definition(types, edges), (node) => node.type === "hook", ports);
  return { starts: found.starts.map(written), loose: found.loose.map(written) };
}

describe("the outline", () => {
  it("is one list while there is one way", () => {
    expect(outline({ b: "set", a: "hook", c: "set" }, ["a out b", "b out c"])).toEqual({
      starts: ["a b c"],
      loose: [],
    });
  });

  it("nests branches and shows those that lead nowhere yet", () => {
    const found = outline({ a: "hook", i: "if", c: "set" }, ["a out i", "i true c"]);
    expect(found.starts).toEqual(["a i(true: c | false:)"]);
  });

  it("shows the way of an error only when it is used", () => {
    expect(outline({ a: "hook", c: "call", d: "set" }, ["a out c", "c out d"]).starts).toEqual(["a c d"]);
    expect(outline({ a: "hook", c: "call", d: "set" }, ["a out c", "c error d"]).starts).toEqual([
      "a c(out: | error: d)",
    ]);
  });

  it("refers to a step where ways meet again instead of repeating all that follows", () => {
    const found = outline({ a: "hook", i: "if", j: "set", k: "set" }, ["a out i", "i true j", "i false j", "j out k"]);
    expect(found.starts).toEqual(["a i(true: j k | false: j^)"]);
  });

  it("shows several lines from one port as several branches", () => {
    expect(outline({ a: "hook", b: "set", c: "set" }, ["a out b", "a out c"]).starts).toEqual(["a(out: b | out: c)"]);
  });

  it("lists what no trigger leads to by itself, circles included", () => {
    const found = outline({ a: "hook", x: "set", y: "set", p: "set", q: "set" }, ["x out y", "p out q", "q out p"]);
    expect(found).toEqual({ starts: ["a"], loose: ["x y", "p q p^"] });
  });

  it("keeps a line whose port is gone", () => {
    expect(outline({ a: "hook", i: "if", c: "set" }, ["a out i", "i old c"]).starts).toEqual([
      "a i(true: | false: | old: c)",
    ]);
  });
});
