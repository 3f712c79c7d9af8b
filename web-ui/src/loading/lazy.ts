/** Parts of the editor that are fetched when they are first needed, or before that while nothing else is to be done. */
import { isNear } from "./near.ts";
import { nearReference, reference } from "./reference.ts";

/** Loads a part together with the texts and node types that it speaks of, so that it never shows a bare key. */
export async function lazy<Part>(load: () => Promise<Part>): Promise<Part> {
  if (missing.size > 0) await fetchStyles();
  const [part] = await Promise.all([load(), isNear(load) ? nearReference() : reference()]);
  return part;
}

/** Style sheets that did not arrive. */
const missing = new Set<HTMLLinkElement>();

/** The bundler's loader asks for each style sheet only once, so without this a part that is tried again would come without its own. */
async function fetchStyles(): Promise<void> {
  const links = [...missing];
  missing.clear();
  await Promise.all(
    links.map((link) => {
      const again = link.cloneNode() as HTMLLinkElement;
      const arrived = new Promise((done, failed) => {
        again.onload = done;
        again.onerror = failed;
      });
      link.replaceWith(again);
      return arrived;
    }),
  );
}

/** Notices style sheets that do not arrive; called once. */
export function watchStyles(): void {
  // Such an event does not bubble, but passes the document on its way down.
  document.addEventListener("error", ({ target }) => target instanceof HTMLLinkElement && missing.add(target), true);
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

/** Does something once a hand, a key or the focus shows that the page is used. */
export function whenSomebodyIsThere(work: () => void): void {
  const seen = new AbortController();
  const { signal } = seen;
  const begin = () => {
    seen.abort();
    work();
  };
  for (const sign of ["pointermove", "pointerdown", "keydown", "focusin"] as const) {
    window.addEventListener(sign, begin, { signal, passive: true, capture: true });
  }
}

// Safari has no `requestIdleCallback`.
function whenIdle(work: () => void): void {
  if (typeof requestIdleCallback === "function") requestIdleCallback(work, { timeout: 2_000 });
  else setTimeout(work, 50);
}
