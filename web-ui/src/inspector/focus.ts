/** Finds the field of a parameter path. */

/** How long a part of the form that is loaded on demand is waited for. */
const PATIENCE_MS = 3_000;

/** Brings the field for a path such as `body.items[2]` into view and gives it the focus, as soon as it is drawn. */
export function focusParameter(root: HTMLElement, parameter: string): void {
  if (focusNow(root, parameter)) return;
  const observer = new MutationObserver(() => {
    if (focusNow(root, parameter)) observer.disconnect();
  });
  observer.observe(root, { childList: true, subtree: true });
  setTimeout(() => observer.disconnect(), PATIENCE_MS);
}

function focusNow(root: HTMLElement, parameter: string): boolean {
  const place = [...root.querySelectorAll<HTMLElement>("[data-path]")]
    .filter((element) => isWithin(parameter, element.dataset.path ?? ""))
    .sort((left, right) => (left.dataset.path ?? "").length - (right.dataset.path ?? "").length)
    .at(-1);
  if (!place) return false;
  const folded = place.closest("details");
  if (folded) folded.open = true;
  const reduced = matchMedia("(prefers-reduced-motion: reduce)").matches;
  place.scrollIntoView({ block: "center", behavior: reduced ? "auto" : "smooth" });
  const field = place.matches(FOCUSABLE) ? place : place.querySelector<HTMLElement>(FOCUSABLE);
  field?.focus({ preventScroll: true });
  return true;
}

/** Whether a path is the place itself or lies in it. */
export function isWithin(path: string, place: string): boolean {
  return place !== "" && (path === place || path.startsWith(`${place}.`) || path.startsWith(`${place}[`));
}

const FOCUSABLE = '[data-focus], input, select, textarea, [role="textbox"], button';
