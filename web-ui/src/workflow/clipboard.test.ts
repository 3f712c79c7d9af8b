import { describe, expect, test } from "vitest";
import { fromText, readExport, toText } from "./clipboard.ts";
import { definition, node } from "./samples.ts";

const draft = definition([node("a", "webhook"), node("b"), node("c")], ["a → b", "b → c"]);

test("what is copied can be read again, with the edges inside it", () => {
  expect(fromText(toText(draft, ["b", "c"]))).toEqual({
    nodes: [node("b"), node("c")],
    edges: [{ from: "b", port: "out", to: "c" }],
  });
});

test("a definition that a person wrote may leave out what has a default", () => {
  const text =
    '{"nodes":[{"id":"a","type":"manual","colour":"red"},{"id":"b","type":"filter"}],"edges":[{"from":"a","to":"b"}]}';
  expect(fromText(text)).toEqual({
    nodes: [node("a", "manual"), node("b")],
    edges: [{ from: "a", port: "out", to: "b" }],
  });
});

test.each([
  "",
  "hello",
  "null",
  "[]",
  "{}",
  '{"nodes":[]}',
  '{"nodes":[{"id":1}]}',
  '{"nodes":[null]}',
  '{"nodes":[{"id":"a","type":"x"}],"edges":[1]}',
])("%s is no copied node", (text) => {
  expect(fromText(text)).toBeNull();
});

describe("a file", () => {
  const other = { timezone: "Asia/Tokyo", max_parallel_runs: 1, run_timeout_ms: 1 };

  test("that was exported is a whole workflow with its settings", () => {
    const text = JSON.stringify({ name: "Orders", definition: draft });
    expect(readExport(text, other)).toEqual({ definition: draft, isWhole: true });
  });

  test("with nodes alone keeps the settings that are there", () => {
    expect(readExport(toText(draft, ["b"]), other)).toEqual({
      definition: { nodes: [node("b")], edges: [], settings: other },
      isWhole: false,
    });
  });
});
