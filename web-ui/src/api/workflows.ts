/** The addresses that the editor's frame needs, with their types. */
import type { Workflow } from "../data.ts";
import type { Definition } from "../workflow/definition.ts";
import { call, renewCsrf } from "./client.ts";

/** A change of a draft; what is left out stays as it is. */
export interface Change {
  readonly revision: number;
  readonly name?: string;
  readonly definition?: Definition;
}

/** A workflow's state after it was published, activated or paused. */
export type WorkflowState = Omit<Workflow, "definition" | "problems">;

export interface Version {
  readonly version: number;
  readonly published_at: string;
  readonly published_by: string | null;
}

/** One workflow on the server. */
export class WorkflowApi {
  readonly #path: string;

  constructor(id: string) {
    this.#path = `/workflows/${id}`;
  }

  read(): Promise<Workflow> {
    return call("GET", this.#path);
  }

  /** With `keepalive` it is finished even when the page is closed meanwhile. */
  save(change: Change, keepalive: boolean): Promise<Workflow> {
    return call("PUT", this.#path, change, { keepalive });
  }

  /** Publishes the draft with this revision, so that nothing is published that the person has not seen. */
  publish(revision: number): Promise<WorkflowState & { readonly version: number }> {
    return call("POST", `${this.#path}/publish`, { revision });
  }

  setActive(active: boolean): Promise<WorkflowState> {
    return call("POST", `${this.#path}/${active ? "activate" : "pause"}`);
  }

  async versions(): Promise<readonly Version[]> {
    const { items } = await call<{ items: readonly Version[] }>("GET", `${this.#path}/versions`);
    return items;
  }

  version(number: number): Promise<Version & { readonly definition: Definition }> {
    return call("GET", `${this.#path}/versions/${number}`);
  }

  /** Makes another workflow; answers with its id. */
  async create(name: string, definition: Definition): Promise<string> {
    const { id } = await call<Workflow>("POST", "/workflows", { name, definition });
    return id;
  }

  renewCsrf(): Promise<boolean> {
    return renewCsrf();
  }
}
