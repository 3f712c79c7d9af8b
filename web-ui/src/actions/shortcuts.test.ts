import { expect, test } from "vitest";
import { ariaShortcut, type Keys, matches, shown } from "./shortcuts.ts";

function keys(key: string, modifiers: Partial<Keys> = {}): Keys {
  return { key, code: "", ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, ...modifiers };
}

test.each([
  ["mod+z", keys("z", { ctrlKey: true }), true],
  ["mod+z", keys("Z", { ctrlKey: true, shiftKey: true }), false],
  ["mod+shift+z", keys("Z", { ctrlKey: true, shiftKey: true }), true],
  ["mod+z", keys("z"), false],
  ["mod+z", keys("z", { metaKey: true }), false],
  ["c", keys("c"), true],
  ["c", keys("c", { ctrlKey: true }), false],
  ["?", keys("?", { shiftKey: true }), true],
  ["+", keys("+", { shiftKey: true }), true],
  ["+", keys("+"), true],
  ["shift+1", keys("!", { shiftKey: true, code: "Digit1" }), true],
  ["alt+shift+t", keys("Ŧ", { shiftKey: true, altKey: true, code: "KeyT" }), true],
  ["Delete", keys("Delete"), true],
  ["mod+Enter", keys("Enter", { ctrlKey: true }), true],
])("%s is pressed with these keys or not", (shortcut, event, expected) => {
  expect(matches(shortcut, event, false)).toBe(expected);
});

test("on a Mac the command key counts", () => {
  expect(matches("mod+z", keys("z", { metaKey: true }), true)).toBe(true);
  expect(matches("mod+z", keys("z", { ctrlKey: true }), true)).toBe(false);
});

test("a combination is shown as people know it", () => {
  expect(shown("mod+shift+z", true)).toBe("⌘⇧Z");
  expect(shown("+", false)).toBe("+");
  expect(ariaShortcut("mod+shift+z", false)).toBe("Control+Shift+z");
  expect(ariaShortcut("+", false)).toBe("Plus");
});
