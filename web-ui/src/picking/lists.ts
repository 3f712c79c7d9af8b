/** The workflows and tables of this installation, for fields that choose one of them. Each list is read once for a page. */
import { call } from "../api/client.ts";

export interface Named {
  readonly id: string;
  readonly name: string;
}

const lists = new Map<string, Promise<readonly Named[]>>();

export function workflows(): Promise<readonly Named[]> {
  return listOf("/workflows");
}

export function tables(): Promise<readonly Named[]> {
  return listOf("/tables");
}

function listOf(path: string): Promise<readonly Named[]> {
  const known = lists.get(path);
  if (known) return known;
  const reading = call<{ items: readonly Named[] }>("GET", path).then(({ items }) => items);
  lists.set(path, reading);
  // What could not be read is asked for again the next time.
  reading.catch(() => lists.delete(path));
  return reading;
}
