import { expect, test } from "vitest";
import german from "../../../crates/server/messages/de.json";
import english from "../../../crates/server/messages/en.json";
import { useTexts } from "../texts/texts.ts";
import { wordsFor } from "./problem_text.ts";

const problem = (code: string) => ({ code, message: "The server's words.", node: "call", parameter: "url" });

test("a problem is told in the reader's language, with the server's English words only for who reads them", () => {
  useTexts("en", english);
  expect(wordsFor(problem("unknown_reference")).detail).toBe("The server's words.");
  useTexts("de", german);
  expect(wordsFor(problem("unknown_reference"))).toEqual({ text: german["draft.unknown_reference"], detail: null });
  expect(wordsFor(problem("missing_parameter"))).toEqual({ text: german["draft.missing_parameter"], detail: null });
});

test("what the language of scripts says about a mistake is quoted in every language", () => {
  useTexts("de", german);
  expect(wordsFor(problem("invalid_script")).detail).toBe("The server's words.");
});

test("a code without a text of its own shows the server's words", () => {
  useTexts("de", german);
  expect(wordsFor(problem("something_new"))).toEqual({ text: "The server's words.", detail: null });
});
