import { expect, test } from "vitest";
import german from "../../../crates/server/messages/de.json";
import english from "../../../crates/server/messages/en.json";
import { useTexts } from "../texts/texts.ts";
import { verdictText } from "./verdict.ts";

const error = (code: string, details = {}) => ({ code, message: "The server's words.", retryable: false, details });

test("what came of a trial is told in the reader's language", () => {
  useTexts("de", german);
  expect(verdictText({ ok: true, status: 204 })).toBe(german["credentials.test.works"].replace("{status}", "204"));
  expect(verdictText({ ok: true })).toBe(german["credentials.test.signed_in"]);
  expect(verdictText({ ok: false, status: 401, error: error("credential") })).toBe(german["credentials.test.refused"]);
  expect(verdictText({ ok: false, error: error("dns") })).toBe(german["credentials.test.dns"]);
  expect(verdictText({ ok: false, error: error("response") })).toBe(german["credentials.test.unclear"]);
});

test("what a mail server said is quoted, and who reads English gets the exact words", () => {
  useTexts("de", german);
  expect(verdictText({ ok: false, error: error("mail") })).toBe(
    `${german["credentials.test.mail"]} The server's words.`,
  );
  useTexts("en", english);
  expect(verdictText({ ok: false, error: error("dns") })).toBe(
    `${english["credentials.test.dns"]} The server's words.`,
  );
});
