/** Reads, compares and shows key combinations such as `mod+shift+z`. */
import { t } from "../texts/texts.ts";

/** What of a keyboard event counts. */
export type Keys = Pick<KeyboardEvent, "key" | "code" | "ctrlKey" | "metaKey" | "shiftKey" | "altKey">;

const isApple = typeof navigator !== "undefined" && /Mac|iPhone|iPad/.test(navigator.platform);

/** Whether an event is this combination. */
export function matches(shortcut: string, event: Keys, apple = isApple): boolean {
  const { mod, shift, alt, key } = parse(shortcut);
  const [modifier, other] = apple ? [event.metaKey, event.ctrlKey] : [event.ctrlKey, event.metaKey];
  if (mod !== modifier || other || alt !== event.altKey) return false;
  if (keyOf(event) !== key.toLowerCase()) return false;
  // Which signs need the shift key depends on the keyboard.
  const isSign = key.length === 1 && !/[a-z0-9]/i.test(key);
  return isSign || shift === event.shiftKey;
}

/** How a combination is shown to a person. */
export function shown(shortcut: string, apple = isApple): string {
  const { mod, shift, alt, key } = parse(shortcut);
  const parts: string[] = [];
  if (mod) parts.push(apple ? "⌘" : t("editor.key.ctrl"));
  if (alt) parts.push(apple ? "⌥" : "Alt");
  if (shift) parts.push(apple ? "⇧" : t("editor.key.shift"));
  parts.push(nameOf(key));
  return parts.join(apple ? "" : "+");
}

/** The same in the form of the `aria-keyshortcuts` attribute. */
export function ariaShortcut(shortcut: string, apple = isApple): string {
  const { mod, shift, alt, key } = parse(shortcut);
  const parts = [mod && (apple ? "Meta" : "Control"), alt && "Alt", shift && "Shift", key === "+" ? "Plus" : key];
  return parts.filter(Boolean).join("+");
}

function parse(shortcut: string): { mod: boolean; shift: boolean; alt: boolean; key: string } {
  const modifiers = /^(?:(?:mod|shift|alt)\+)*/.exec(shortcut)?.[0] ?? "";
  const has = (name: string) => modifiers.split("+").includes(name);
  return { mod: has("mod"), shift: has("shift"), alt: has("alt"), key: shortcut.slice(modifiers.length) };
}

/** With the shift or option key a digit or letter gives another sign; then the key itself counts. */
function keyOf(event: Keys): string {
  const digit = /^Digit(\d)$/.exec(event.code)?.[1];
  if (digit && event.shiftKey) return digit;
  const letter = /^Key([A-Z])$/.exec(event.code)?.[1];
  if (letter && event.altKey) return letter.toLowerCase();
  return event.key.toLowerCase();
}

function nameOf(key: string): string {
  switch (key) {
    case "Delete":
      return t("editor.key.delete");
    case "Enter":
      return t("editor.key.enter");
    default:
      return key.length === 1 ? key.toUpperCase() : key;
  }
}
