/** Parts of the editor that are fetched when they are first needed, or before that while nothing else is to be done. */
import { reference } from "./reference.ts";

/** Loads a part together with the texts and node types that it speaks of, so that it never shows a bare key. */
export async function lazy<Part>(load: () => Promise<Part>): Promise<Part> {
  const [part] = await Promise.all([load(), reference()]);
  return part;
}

/**
 * Fetches what is needed next, one after the other and only while the browser has nothing else to do, so that a click later
 * waits for nothing. Who pays for every byte has said so to the browser, and fetches on demand.
 */
export function fetchWhenIdle(parts: readonly (() => Promise<unknown>)[]): void {
  const { connection } = navigator as { connection?: { readonly saveData?: boolean } };
  const [next, ...later] = parts;
  if (!next || connection?.saveData) return;
  whenIdle(() => {
    // What could not be fetched is fetched on demand, and says then what is wrong.
    void lazy(next)
      .catch(() => {})
      .then(() => fetchWhenIdle(later));
  });
}

// Safari has no `requestIdleCallback`.
function whenIdle(work: () => void): void {
  if (typeof requestIdleCallback === "function") requestIdleCallback(work, { timeout: 2_000 });
  else setTimeout(work, 50);
}
