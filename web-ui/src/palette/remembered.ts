/** What this browser remembers about the list of steps. */

/** How many kinds of steps are remembered as used lately. */
const RECENT_COUNT = 5;
const RECENT_KEY = "stellwerk.recent_steps";
const DOCK_KEY = "stellwerk.steps_docked";

/** The kinds of steps that were used lately in this browser, the latest first. */
export function recentNames(): readonly string[] {
  try {
    const names: unknown = JSON.parse(read(RECENT_KEY) ?? "[]");
    return Array.isArray(names) ? names.filter((name) => typeof name === "string").slice(0, RECENT_COUNT) : [];
  } catch {
    // Somebody else's text: then nothing was used lately.
    return [];
  }
}

/** Whether the list of steps lies at the side in this browser. */
export function isDocked(): boolean {
  return read(DOCK_KEY) === "yes";
}

export function setDocked(docked: boolean): void {
  write(DOCK_KEY, docked ? "yes" : "no");
}

/** Remembers that a kind of step was used. */
export function remember(name: string): void {
  const names = [name, ...recentNames().filter((known) => known !== name)].slice(0, RECENT_COUNT);
  write(RECENT_KEY, JSON.stringify(names));
}

// A browser may refuse to store anything; then it is forgotten, which harms nobody.
function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function write(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {}
}
