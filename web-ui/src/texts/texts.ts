/** What the page says, in the person's language. The catalogue is the server's `messages/*.json`. */
import type english from "../../../crates/server/messages/en.json";

/**
 * Every key there is, so that a wrong one does not compile. Of those that begin with `editor.`, `status.`, `failure.` or `draft.`
 * the page has what is seen first; the rest comes with `loading/reference.ts`.
 */
export type TextKey = keyof typeof english;

type Values = Readonly<Record<string, string | number>>;

let messages: Readonly<Record<string, string>> = {};
let locale = "en";

/** Sets the language; called once, before anything is drawn. */
export function useTexts(language: string, catalogue: Readonly<Record<string, string>>): void {
  messages = catalogue;
  locale = language;
}

/** Adds the texts that did not have to be there at once. */
export function addTexts(more: Readonly<Record<string, string>>): void {
  messages = { ...messages, ...more };
}

/** The text for a key, with `{name}` replaced. */
export function t(key: TextKey, values: Values = {}): string {
  return fill(messages[key] ?? key, values);
}

/** The text for a key that is put together at run time (`failure.${code}`), or none when the catalogue has no such key. */
export function textFor(key: string, values: Values = {}): string | undefined {
  const text = messages[key];
  return text === undefined ? undefined : fill(text, values);
}

/** The language's code, for `Intl`. */
export function currentLocale(): string {
  return locale;
}

function fill(text: string, values: Values): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
