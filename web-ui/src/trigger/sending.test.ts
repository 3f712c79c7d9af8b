import { afterEach, expect, test } from "vitest";
import german from "../../../crates/server/messages/de.json";
import { useTexts } from "../texts/texts.ts";
import { readAnswer } from "./sending.ts";

afterEach(() => useTexts("en", {}));

test("a receipt says what became of the request", () => {
  expect(readAnswer(202, '{"event":"e1","run":"r1","status":"accepted"}', "POST")).toEqual({
    status: 202,
    outcome: "accepted",
    run: "r1",
    reason: null,
    text: "",
  });
  expect(readAnswer(202, '{"event":"e1","run":null,"status":"kept"}', "POST").run).toBeNull();
});

test("a refusal says why", () => {
  const refused = '{"code":"method_not_allowed","detail":"Use POST.","status":405}';
  expect(readAnswer(405, refused, "PUT")).toMatchObject({ outcome: null, reason: "Use POST." });
  useTexts("de", german);
  expect(readAnswer(405, refused, "PUT").reason).toBe("Der Auslöser nimmt keine PUT-Anfragen an.");
  // What is no refusal of ours is told as it is.
  expect(readAnswer(400, '{"code":"own","detail":"Nein."}', "POST").reason).toBe("Nein.");
});

test("an answer of the workflow's own is shown as it is", () => {
  expect(readAnswer(200, "thanks", "POST")).toMatchObject({ outcome: null, reason: null, text: "thanks" });
  expect(readAnswer(204, "", "POST")).toMatchObject({ text: "" });
});
