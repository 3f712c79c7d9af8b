/** Ids of nodes: short slugs that expressions can name without quotes. */

/** The longest id that the server takes. */
const LONGEST = 64;

export function isNodeId(text: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9_-]*$/.test(text) && text.length <= LONGEST;
}

/** An id that nobody has yet: `http.request` → `http_request`, `http_request_2`, … */
export function freshId(taken: ReadonlySet<string>, wish: string): string {
  const slug = wish
    .replace(/[^A-Za-z0-9]+/g, "_")
    .replace(/^_+|_+$/g, "")
    .slice(0, LONGEST - 8);
  const base = slug || "step";
  if (!taken.has(base)) return base;
  const stem = base.replace(/_\d+$/, "");
  let number = 2;
  while (taken.has(`${stem}_${number}`)) number++;
  return `${stem}_${number}`;
}
