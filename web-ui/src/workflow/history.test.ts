import { expect, test } from "vitest";
import { begin, DEPTH, type History, push, rebase, redo, undo } from "./history.ts";

function pushed(...documents: readonly string[]): History<string> {
  return documents.reduce((history, each) => push(history, each), begin("start"));
}

test("steps are undone and redone in order", () => {
  const back = undo(undo(pushed("a", "b")));
  expect(back.present).toBe("start");
  expect(redo(redo(back)).present).toBe("b");
});

test("typing in one field is one step, and another field another one", () => {
  const typed = ["h", "ht", "htt"].reduce((history, text) => push(history, text, "param/b/url"), begin(""));
  expect(undo(typed).present).toBe("");
  expect(undo(push(typed, "other", "param/b/method")).present).toBe("htt");
});

test("after an undo the same field begins a new step", () => {
  const typed = push(push(begin(""), "a", "field"), "b", "other");
  expect(undo(push(undo(typed), "c", "field")).present).toBe("a");
});

test("a new step forgets what was undone", () => {
  expect(redo(push(undo(pushed("a")), "b")).present).toBe("b");
});

test("nothing to undo or redo changes nothing", () => {
  const history = begin("start");
  expect([undo(history), redo(history), push(history, "start")]).toEqual([history, history, history]);
});

test("at least a hundred steps are kept, and no more than the limit", () => {
  const texts = Array.from({ length: DEPTH + 50 }, (_, index) => String(index));
  let history = pushed(...texts);
  expect(history.past.length).toBe(DEPTH);
  for (let step = 0; step < 100; step++) history = undo(history);
  expect(history.present).toBe(String(DEPTH + 50 - 101));
});

test("what somebody else added stays through undo and redo", () => {
  const add = (state: string) => `${state}+theirs`;
  const rebased = rebase(undo(pushed("a", "b", "c")), "b+theirs", add, Object.is);
  expect([undo(undo(rebased)).present, redo(rebased).present]).toEqual(["start+theirs", "c+theirs"]);
});

test("steps that say the same after a rebase are one, so that every undo shows something", () => {
  const settle = (state: string) => (state === "start" ? state : "theirs");
  const rebased = rebase(pushed("a", "b"), "theirs", settle, Object.is);
  expect(rebased.past).toEqual(["start"]);
});

test("typing that goes on after a rebase is a step of its own", () => {
  const typed = push(begin(""), "mine", "field");
  const rebased = rebase(typed, "mine, theirs", (state) => `${state}, theirs`, Object.is);
  expect(undo(push(rebased, "mine too, theirs", "field")).present).toBe("mine, theirs");
});
