import { expect, test } from "vitest";
import { isTemplate, onlyExpression, opensHere, split } from "./template.ts";

const shape = (template: string) =>
  split(template).map((piece) => (piece.kind === "text" ? piece.raw : { at: piece.start, source: piece.source }));

test("a template falls into text and expressions as it does on the server", () => {
  expect(shape("plain")).toEqual(["plain"]);
  expect(shape("{{ $.a }}")).toEqual([{ at: 0, source: "$.a" }]);
  expect(shape("Ü {{a}}-{{ b }}!")).toEqual(["Ü ", { at: 2, source: "a" }, "-", { at: 8, source: "b" }, "!"]);
  expect(shape("{{ #{a: #{b: 1}} }}")).toEqual([{ at: 0, source: "#{a: #{b: 1}}" }]);
  expect(shape("{{ #{a: 1}}}")).toEqual([{ at: 0, source: "#{a: 1}" }]);
  expect(shape(String.raw`{{ "}}" + '\'}}' }}`)).toEqual([{ at: 0, source: String.raw`"}}" + '\'}}'` }]);
  expect(shape(String.raw`\{{ a }}`)).toEqual([String.raw`\{{ a }}`]);
  expect(shape(String.raw`C:\\{{ a }}`)).toEqual([String.raw`C:\\`, { at: 4, source: "a" }]);
});

test("the pieces together are the text, also when braces do not close", () => {
  for (const template of [
    "",
    "a {{ b }} c",
    "{{",
    "a {{ 'b }}",
    "{{  }}{{ x }}",
    "\\{{ x }} {{ y }}",
    "}} {{{{ a }}",
  ]) {
    expect(
      split(template)
        .map((piece) => piece.raw)
        .join(""),
    ).toBe(template);
  }
});

test("one expression alone is recognised, white space around it aside", () => {
  expect(onlyExpression(" {{ $.a }}\n")).toBe("$.a");
  expect(onlyExpression("{{ $.a }}{{ $.b }}")).toBeNull();
  expect(onlyExpression("x {{ $.a }}")).toBeNull();
  expect(onlyExpression("x")).toBeNull();
});

test("only a text with a whole expression is a template", () => {
  expect(isTemplate("a {{ b }}")).toBe(true);
  expect(isTemplate("a {{ b")).toBe(false);
  expect(isTemplate(12)).toBe(false);
});

test("braces that were just typed ask for a field", () => {
  const opens = (template: string, caret = template.length) => opensHere(split(template), caret);
  expect(opens("Hello {{")).toBe(true);
  expect(opens("{{ $.a }} {{")).toBe(true);
  expect(opens("\\{{")).toBe(false);
  expect(opens("Hello {")).toBe(false);
  expect(opens("{{ $.a }}", 2)).toBe(false);
});
