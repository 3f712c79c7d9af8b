/** The server's API, called as a program with a token would. */
import type { Definition, Json, JsonObject } from "../../src/workflow/definition.ts";
import type { Server } from "./server.ts";

export interface StoredWorkflow {
  readonly id: string;
  readonly name: string;
  readonly revision: number;
  readonly state: string;
  readonly published_version: number | null;
  readonly definition: Definition;
}

export interface StoredRun {
  readonly id: string;
  readonly status: string;
  readonly version: number | null;
  readonly steps: readonly { readonly node: string; readonly status: string; readonly output: Json }[];
}

export class Api {
  private constructor(
    private readonly server: Server,
    private readonly token: string,
  ) {}

  static async of(server: Server): Promise<Api> {
    return new Api(server, await server.command("token", "create", "--name", "browser tests"));
  }

  /** Calls `/api/v1{path}` and throws when the answer is no success. */
  async call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const headers: Record<string, string> = { Authorization: `Bearer ${this.token}` };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    const content = body === undefined ? null : JSON.stringify(body);
    const response = await fetch(`${this.server.url}/api/v1${path}`, { method, headers, body: content });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return (text === "" ? undefined : JSON.parse(text)) as T;
  }

  createWorkflow(name: string, definition: Partial<Definition> = {}): Promise<StoredWorkflow> {
    return this.call("POST", "/workflows", { name, definition });
  }

  workflow(id: string): Promise<StoredWorkflow> {
    return this.call("GET", `/workflows/${id}`);
  }

  /** Publishes the draft and lets its triggers start runs. */
  async activate(id: string): Promise<void> {
    await this.call("POST", `/workflows/${id}/publish`, {});
    await this.call("POST", `/workflows/${id}/activate`);
  }

  /** The address of the first webhook trigger. */
  async webhookOf(id: string): Promise<string> {
    const { items } = await this.call<{ items: readonly { url: string }[] }>("GET", `/workflows/${id}/webhooks`);
    const [first] = items;
    if (!first) throw new Error(`The workflow ${id} has no webhook`);
    return first.url;
  }

  /** Stores example data for a node. */
  async saveSample(workflow: string, node: string, value: JsonObject): Promise<void> {
    await this.call("PUT", `/workflows/${workflow}/samples/${node}`, { source: "edited", value });
  }

  /** Waits until a run has ended, and gives it back. */
  async endedRun(id: string): Promise<StoredRun> {
    return eventually(`the run ${id} ends`, async () => {
      const run = await this.call<StoredRun>("GET", `/runs/${id}`);
      return ["succeeded", "failed", "dead", "cancelled"].includes(run.status) ? run : null;
    });
  }
}

/** Asks again and again until there is an answer, for what happens in another process at its own time. */
export async function eventually<T>(what: string, ask: () => Promise<T | null | undefined>): Promise<T> {
  const begin = performance.now();
  for (;;) {
    const answer = await ask();
    if (answer !== null && answer !== undefined) return answer;
    if (performance.now() - begin > 15_000) throw new Error(`This did not happen within 15 seconds: ${what}`);
    await new Promise((again) => setTimeout(again, 25));
  }
}
