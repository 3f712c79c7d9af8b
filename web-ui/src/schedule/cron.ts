/** Schedules as people say them: each is written as one cron pattern, and a pattern that fits is read back as one. */

/** `every`: every so many minutes · `hourly`: at a minute · `daily`, `weekly`, `monthly`: at a time · `own`: a pattern as it is written. */
export type Schedule =
  | { readonly kind: "every"; readonly minutes: number }
  | { readonly kind: "hourly"; readonly minute: number }
  | { readonly kind: "daily"; readonly hour: number; readonly minute: number }
  | { readonly kind: "weekly"; readonly hour: number; readonly minute: number; readonly days: readonly number[] }
  | { readonly kind: "monthly"; readonly hour: number; readonly minute: number; readonly day: number | "L" }
  | { readonly kind: "own"; readonly pattern: string };

export type ScheduleKind = Schedule["kind"];

/** What divides an hour evenly, so that the distance is always the same. */
export const MINUTES: readonly number[] = [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30];
/** Every month has these; `L` is the last day of any. */
export const DAYS_OF_MONTH: readonly number[] = Array.from({ length: 28 }, (_, index) => index + 1);
/** As the week is read here; 0 is Sunday. */
export const WEEK: readonly number[] = [1, 2, 3, 4, 5, 6, 0];

/** The kind a new schedule of a kind begins with: in the morning, on workdays, on the first. */
export const BEGINNINGS: Readonly<Record<ScheduleKind, Schedule>> = {
  every: { kind: "every", minutes: 15 },
  hourly: { kind: "hourly", minute: 0 },
  daily: { kind: "daily", hour: 8, minute: 0 },
  weekly: { kind: "weekly", hour: 8, minute: 0, days: [1, 2, 3, 4, 5] },
  monthly: { kind: "monthly", hour: 8, minute: 0, day: 1 },
  own: { kind: "own", pattern: "0 8 * * 1-5" },
};

const SHORTHANDS: Readonly<Record<string, string>> = {
  "@hourly": "0 * * * *",
  "@daily": "0 0 * * *",
  "@weekly": "0 0 * * 0",
  "@monthly": "0 0 1 * *",
};

/** The cron pattern of a schedule. */
export function toCron(schedule: Schedule): string {
  switch (schedule.kind) {
    case "every":
      return `*/${schedule.minutes} * * * *`;
    case "hourly":
      return `${schedule.minute} * * * *`;
    case "daily":
      return `${schedule.minute} ${schedule.hour} * * *`;
    case "weekly":
      return `${schedule.minute} ${schedule.hour} * * ${[...schedule.days].sort().join(",")}`;
    case "monthly":
      return `${schedule.minute} ${schedule.hour} ${schedule.day} * *`;
    case "own":
      return schedule.pattern;
  }
}

/** What a pattern means; one that no form fits stays as it is written. */
export function fromCron(text: string): Schedule {
  const own: Schedule = { kind: "own", pattern: text };
  const pattern = SHORTHANDS[text.trim()] ?? text.trim();
  const fields = pattern.split(/\s+/);
  const [first = "", second = "", day = "", month = "", weekday = ""] = fields;
  if (fields.length !== 5 || month !== "*") return own;
  const every = /^\*\/(\d+)$/.exec(first)?.[1];
  if (every !== undefined) {
    const isPlain = second === "*" && day === "*" && weekday === "*" && MINUTES.includes(Number(every));
    return isPlain ? { kind: "every", minutes: Number(every) } : own;
  }
  const [minute, hour] = [numberOf(first, 59), numberOf(second, 23)];
  if (minute === null) return own;
  if (second === "*") return day === "*" && weekday === "*" ? { kind: "hourly", minute } : own;
  if (hour === null) return own;
  if (day === "*" && weekday === "*") return { kind: "daily", hour, minute };
  if (day === "*") {
    const days = daysOf(weekday);
    return days === null ? own : { kind: "weekly", hour, minute, days };
  }
  if (weekday !== "*") return own;
  if (day === "L") return { kind: "monthly", hour, minute, day };
  const number = numberOf(day, 28);
  return number === null || number === 0 ? own : { kind: "monthly", hour, minute, day: number };
}

function numberOf(text: string, most: number): number | null {
  return /^\d{1,2}$/.test(text) && Number(text) <= most ? Number(text) : null;
}

/** `1-5`, `1,3,5`, `0-2,6`; 7 is Sunday, too. */
function daysOf(text: string): readonly number[] | null {
  const days = new Set<number>();
  for (const part of text.split(",")) {
    const [, from, to] = /^([0-7])(?:-([0-7]))?$/.exec(part) ?? [];
    if (from === undefined) return null;
    if (to !== undefined && Number(to) < Number(from)) return null;
    for (let day = Number(from); day <= Number(to ?? from); day++) days.add(day % 7);
  }
  return [...days].sort();
}
