import { beforeEach, expect, test } from "vitest";
import german from "../../../crates/server/messages/de.json";
import english from "../../../crates/server/messages/en.json";
import { ApiProblem, Unreachable } from "../api/client.ts";
import { useTexts } from "../texts/texts.ts";
import { faultText } from "./fault.ts";

const problem = (status: number, code: string) => new ApiProblem(status, code, "The server's words.", {});

beforeEach(() => useTexts("de", german));

test("who reads German is told in German what kept a call from succeeding", () => {
  expect(faultText(new Unreachable("TypeError: Failed to fetch"))).toBe(german["editor.fault.offline"]);
  for (const [status, code, key] of [
    [404, "not_found", "editor.fault.not_found"],
    [409, "wrong_state", "editor.fault.state"],
    [413, "too_large", "editor.fault.larger"],
    [429, "too_many_requests", "editor.fault.too_many"],
    [503, "unavailable", "editor.fault.unavailable"],
  ] as const) {
    expect(faultText(problem(status, code))).toBe(german[key]);
  }
});

test("a sample that is too large is told as such", () => {
  const large = new ApiProblem(413, "too_large", "The server's words.", { parameter: "value" });
  expect(faultText(large)).toBe(german["editor.fault.too_large"]);
});

test("a rare fault is told in German with the exact words behind it", () => {
  expect(faultText(problem(422, "invalid_expression"))).toBe(
    `${german["failure.expression.title"]} (The server's words.)`,
  );
  expect(faultText(problem(422, "invalid_request"))).toBe(`${german["editor.fault.other"]} (The server's words.)`);
});

test("who reads English gets the server's own sentence", () => {
  useTexts("en", english);
  expect(faultText(problem(404, "not_found"))).toBe("The server's words.");
});
