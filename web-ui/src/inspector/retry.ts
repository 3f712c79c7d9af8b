/** Durations and retry rules in words. */
import { t } from "../texts/texts.ts";
import type { RetryPolicy } from "../workflow/definition.ts";

export type Unit = "ms" | "s" | "min" | "h" | "d";

export const UNITS: Readonly<Record<Unit, number>> = { ms: 1, s: 1_000, min: 60_000, h: 3_600_000, d: 86_400_000 };

/** The failures that are offered by name; any other status or code can be written down. */
export const KNOWN_FAILURES = ["timeout", "connection", "dns", "5xx", "429", "409", "404"] as const;

/** Codes as they are written down: with commas or spaces between them, each once. */
export function readCodes(text: string): readonly string[] {
  const codes = text.toLowerCase().split(/[\s,;]+/);
  return [...new Set(codes.filter((code) => code !== ""))];
}

/** The largest unit in which a duration is a short number. */
export function unitOf(duration_ms: number): Unit {
  const fits = (unit: Unit) => duration_ms >= UNITS[unit] && Number.isInteger((duration_ms / UNITS[unit]) * 10);
  return (["d", "h", "min", "s"] as const).find(fits) ?? "ms";
}

/** One line that says what the rules mean. */
export function retryInWords(retry: RetryPolicy, goesOn: boolean): string {
  const attempts = retry.attempts ?? 5;
  const tries = attempts <= 1 ? t("editor.failing.once") : t("editor.failing.times", { attempts });
  return `${tries} ${t(goesOn ? "editor.failing.then_on" : "editor.failing.then_stop")}`;
}
