/** What pages say, by key, so that a test finds the same thing in both languages and survives a better wording. */
import german from "../../../crates/server/messages/de.json" with { type: "json" };
import english from "../../../crates/server/messages/en.json" with { type: "json" };
import type { Language } from "./stage.ts";

type TextKey = keyof typeof english;
export type Say = (key: TextKey, values?: Readonly<Record<string, string | number>>) => string;

/** The texts of a language. Placeholders without a value stay as they are. */
export function texts(language: Language = "en"): Say {
  const catalogue: Readonly<Record<string, string>> = language === "de" ? german : english;
  return (key, values = {}) =>
    (catalogue[key] ?? key).replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** A pattern for a text with placeholders, each of which may stand for anything. */
export function pattern(text: string): RegExp {
  const parts = text.split(/\{\w+\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(parts.join(".+"));
}
