/** Numbers, times and sizes as the person's language writes them. */
import { currentLocale } from "./texts.ts";

/** A length of time: `120 ms`, `1.2 s`, `2 min 5 s`. */
export function durationText(millis: number): string {
  if (millis < 1_000) return unit(Math.max(0, Math.round(millis)), "millisecond");
  if (millis < 59_950) return unit(Math.round(millis / 100) / 10, "second");
  const seconds = Math.round(millis / 1_000);
  if (seconds < 3_600) return join(unit(Math.floor(seconds / 60), "minute"), seconds % 60, "second");
  const minutes = Math.round(seconds / 60);
  return join(unit(Math.floor(minutes / 60), "hour"), minutes % 60, "minute");
}

/** A moment of today as a time, an earlier one with its date. */
export function timeText(moment: string, now = new Date()): string {
  const date = new Date(moment);
  const isToday = date.toDateString() === now.toDateString();
  const options: Intl.DateTimeFormatOptions = isToday
    ? { timeStyle: "medium" }
    : { dateStyle: "short", timeStyle: "short" };
  return new Intl.DateTimeFormat(currentLocale(), options).format(date);
}

/** A number of bytes: `312 B`, `4.2 kB`. */
export function sizeText(bytes: number): string {
  if (bytes < 1_000) return unit(bytes, "byte");
  if (bytes < 1_000_000) return unit(Math.round(bytes / 100) / 10, "kilobyte");
  return unit(Math.round(bytes / 100_000) / 10, "megabyte");
}

/** The milliseconds between two moments; up to now while the end is open, none while the beginning is. */
export function millisBetween(start: string | null, end: string | null, now = Date.now()): number | null {
  if (start === null) return null;
  return Math.max(0, (end === null ? now : Date.parse(end)) - Date.parse(start));
}

function unit(value: number, name: string): string {
  const options: Intl.NumberFormatOptions = { style: "unit", unit: name, unitDisplay: "short" };
  return new Intl.NumberFormat(currentLocale(), options).format(value);
}

function join(first: string, rest: number, name: string): string {
  return rest === 0 ? first : `${first} ${unit(rest, name)}`;
}
