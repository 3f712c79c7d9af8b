import { expect, test } from "vitest";
import { readAnswer } from "./sending.ts";

test("a receipt says what became of the request", () => {
  expect(readAnswer(202, '{"event":"e1","run":"r1","status":"accepted"}')).toEqual({
    status: 202,
    outcome: "accepted",
    run: "r1",
    reason: null,
    text: "",
  });
  expect(readAnswer(202, '{"event":"e1","run":null,"status":"kept"}').run).toBeNull();
});

test("a refusal says why", () => {
  expect(readAnswer(405, '{"detail":"Use POST.","status":405}')).toMatchObject({ outcome: null, reason: "Use POST." });
});

test("an answer of the workflow's own is shown as it is", () => {
  expect(readAnswer(200, "thanks")).toMatchObject({ outcome: null, reason: null, text: "thanks" });
  expect(readAnswer(204, "")).toMatchObject({ text: "" });
});
