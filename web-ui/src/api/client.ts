/** Calls of the server's API from a signed-in page. */

/** An answer that says what went wrong (RFC 9457). */
export class ApiProblem extends Error {
  constructor(
    readonly status: number,
    /** A stable code such as `revision_conflict`. */
    readonly code: string,
    readonly detail: string,
    /** The whole problem document. */
    readonly document: Readonly<Record<string, unknown>>,
  ) {
    super(detail);
  }
}

/** The server could not be reached at all. */
export class Unreachable extends Error {}

let csrf = "";

/** Sets the token that every write carries. */
export function useCsrf(token: string): void {
  csrf = token;
}

/** What the browser is told about a call. `keepalive` lets it outlive the page. */
type Options = Pick<RequestInit, "signal" | "keepalive">;

/** Calls `/api/v1{path}`. Throws {@link ApiProblem} or {@link Unreachable}. */
export async function call<T>(
  method: string,
  path: string,
  body?: unknown,
  options: AbortSignal | Options = {},
): Promise<T> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (method !== "GET") headers["X-CSRF-Token"] = csrf;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const chosen = options instanceof AbortSignal ? { signal: options } : options;
  const init: RequestInit = { ...chosen, method, headers, credentials: "same-origin" };
  if (body !== undefined) init.body = JSON.stringify(body);
  let response: Response;
  try {
    response = await fetch(`/api/v1${path}`, init);
  } catch (error) {
    if (chosen.signal?.aborted) throw error;
    throw new Unreachable(String(error));
  }
  const text = await response.text();
  const parsed = parse(text);
  if (response.ok) return parsed as T;
  const document = (typeof parsed === "object" && parsed !== null ? parsed : {}) as Record<string, unknown>;
  const code = typeof document.code === "string" ? document.code : `http_${response.status}`;
  const detail = typeof document.detail === "string" ? document.detail : response.statusText;
  throw new ApiProblem(response.status, code, detail, document);
}

/** Fetches a new token after the person signed in again in another tab. Tells whether there is one. */
export async function renewCsrf(): Promise<boolean> {
  try {
    const response = await fetch(location.href, { credentials: "same-origin" });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const data = parse(page.getElementById("editor-data")?.textContent ?? "") as { csrf?: unknown } | undefined;
    if (typeof data?.csrf !== "string") return false;
    csrf = data.csrf;
    return true;
  } catch {
    return false;
  }
}

function parse(text: string): unknown {
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
