import { expect, test } from "vitest";
import { jsonInsertion, printJson, readJson, splitJson } from "./json_text.ts";

const chips = (text: string) => splitJson(text).flatMap((piece) => (piece.kind === "expression" ? [piece.source] : []));

test("JSON is read, and an expression may stand where a value stands", () => {
  expect(readJson(' {"a": [1, -2.5e3, true, null, "x\\n"], "b": {}} ')).toEqual({
    ok: true,
    value: { a: [1, -2500, true, null, "x\n"], b: {} },
  });
  expect(readJson('{"total": {{ $.trigger.body.total }}, "n": [{{ 1 }}]}')).toEqual({
    ok: true,
    value: { total: "{{ $.trigger.body.total }}", n: ["{{ 1 }}"] },
  });
  expect(readJson("{{ $.trigger.body }}")).toEqual({ ok: true, value: "{{ $.trigger.body }}" });
});

test("a name such as __proto__ is only a name", () => {
  const reading = readJson('{"__proto__": {"a": 1}}');
  expect(reading.ok && JSON.stringify(reading.value)).toBe('{"__proto__":{"a":1}}');
});

test("what is wrong is named with its place", () => {
  const faults: [string, string, number, number][] = [
    ["", "end", 1, 1],
    ['{"a": 1', "end", 1, 8],
    ['{"a": 1\n "b": 2}', "comma", 2, 2],
    ['{"a" 1}', "colon", 1, 6],
    ["{a: 1}", "name", 1, 2],
    ["['a']", "quote", 1, 2],
    ['{"a": nil}', "value", 1, 7],
    ['{"a": 1,}', "name", 1, 9],
    ["[1] 2", "more", 1, 5],
    ['["a', "quote", 1, 2],
    ['["\\x"]', "escape", 1, 2],
    ['{"a": {{ b }', "brace", 1, 7],
    ["01", "value", 1, 1],
  ];
  for (const [text, fault, line, column] of faults) {
    expect(readJson(text), text).toEqual({ ok: false, fault, line, column });
  }
});

test("what is printed is read back", () => {
  const value = { a: ['{{ upper("x") }}', 'quo"te', 1.5], "": null, ü: "\u0001😀" };
  expect(readJson(printJson(value))).toEqual({ ok: true, value });
});

test("expressions are found in texts and bare, and the pieces together are the text", () => {
  const text = printJson({ a: 'Hi {{ upper("x") }} and {{ $.b }}', "{{ no": 1 }).replace("1", "{{ $.c }}");
  expect(chips(text)).toEqual(['upper("x")', "$.b", "$.c"]);
  for (const sample of [text, '{"a": "{{ unclosed', '{"a": {{', "", "plain {{ x }}", '"\\u007b{ x }}"']) {
    expect(
      splitJson(sample)
        .map((piece) => piece.raw)
        .join(""),
    ).toBe(sample);
  }
});

test("an expression gets quotes of its own unless it goes into a text", () => {
  expect(jsonInsertion('{"a": }', 6, "$.x")).toBe('"{{ $.x }}"');
  expect(jsonInsertion('{"a": "b"}', 8, "$.x['y\"z']")).toBe("{{ $.x['y\\\"z'] }}");
  expect(jsonInsertion('{"a": "b"}', 9, "$.x")).toBe('"{{ $.x }}"');
  expect(jsonInsertion("", 0, "$.x")).toBe('"{{ $.x }}"');
});
