import { expect, test } from "vitest";
import type { NodeType, Parameter } from "../catalogue/catalogue.svelte.ts";
import { asText, defaultText, shownParameters } from "./parameters.ts";

const parameter = (name: string, rest: Partial<Parameter> = {}): Parameter => {
  return { name, kind: "text", title: name, required: false, ...rest };
};
const nodeType = {
  parameters: [
    parameter("kind", { default: "auto" }),
    parameter("body", { visible_when: { parameter: "kind", is: ["auto", "json"] } }),
  ],
} as unknown as NodeType;
const names = (params: Record<string, string>) => shownParameters(nodeType, params).map(({ name }) => name);

test("a parameter is shown while another one has a certain value, its default included", () => {
  expect(names({})).toEqual(["kind", "body"]);
  expect(names({ kind: "" })).toEqual(["kind", "body"]);
  expect(names({ kind: "json" })).toEqual(["kind", "body"]);
  expect(names({ kind: "none" })).toEqual(["kind"]);
});

test("the default is the grey text of an empty field unless there is a better one", () => {
  expect(defaultText(parameter("a", { default: 100 }))).toBe("100");
  expect(defaultText(parameter("a", { default: 100, placeholder: "such as 5" }))).toBe("such as 5");
  expect(defaultText(parameter("a", { default: ["x"] }))).toBe("");
  expect(defaultText(parameter("a"))).toBe("");
});

test("any value can stand in a text field", () => {
  expect(asText(undefined)).toBe("");
  expect(asText(12)).toBe("12");
  expect(asText({ a: 1 })).toBe('{"a":1}');
});
