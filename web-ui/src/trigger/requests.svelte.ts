/** The last requests of one trigger, kept up to date while somebody looks. */
import { call } from "../api/client.ts";
import type { Editor } from "../editor/editor.svelte.ts";
import { faultText } from "../execution/fault.ts";
import { saveSample } from "../execution/samples.ts";
import { liveOf } from "../live/live.svelte.ts";
import type { News } from "../live/news.ts";
import type { Json, JsonObject } from "../workflow/definition.ts";
import { endpointOf, type Received, refusalOf } from "./request.ts";

/** A received request in the list. */
export interface Request {
  readonly id: string;
  readonly status: "accepted" | "kept" | "duplicate" | "refused";
  readonly reason: { readonly code: string; readonly message: string } | null;
  readonly received_at: string;
  readonly method: string;
  readonly body_bytes: number;
  readonly run: string | null;
}

/** A received request with its content. */
export interface RequestDetail extends Request, Received {}

/** How many requests can be chosen from. */
const SHOWN = 20;

export class Requests {
  readonly #editor: Editor;
  readonly #node: string;
  readonly #endpoint: string;
  items = $state.raw<readonly Request[]>([]);
  isLoaded = $state(false);
  fault = $state("");
  /** What arrived while somebody looked, or was looked up in the list. */
  shown = $state.raw<RequestDetail | null>(null);
  /** Becomes true when the first request became the sample by itself. */
  hasSavedSample = $state(false);
  #isReading = false;
  #mustRead = false;

  constructor(editor: Editor, node: string, url: string) {
    this.#editor = editor;
    this.#node = node;
    this.#endpoint = endpointOf(url);
  }

  /** Follows what arrives until the returned function is called. */
  follow(): () => void {
    const stop = liveOf(this.#editor).subscribe((news) => this.#hear(news));
    void this.#read();
    return stop;
  }

  /** Makes a request of the list the sample. What was turned away has no content that could be one; it is only shown. */
  async choose(request: Request): Promise<void> {
    await this.#careful(async () => {
      const detail = await readRequest(request.id);
      this.shown = detail;
      if (isUsable(detail)) await this.#use(detail);
    });
  }

  #hear(news: News): void {
    const isMine = news.type === "refresh" || (news.type === "event" && news.node === this.#node);
    if (isMine) void this.#read();
  }

  /** Reads the list. Under a stream of requests it is read again and again, but never twice at a time. */
  async #read(): Promise<void> {
    this.#mustRead = true;
    if (this.#isReading) return;
    this.#isReading = true;
    while (this.#mustRead) {
      this.#mustRead = false;
      await this.#careful(() => this.#readOnce());
    }
    this.#isReading = false;
  }

  async #readOnce(): Promise<void> {
    const known = this.items[0]?.id;
    const { items } = await call<{ items: readonly Request[] }>(
      "GET",
      `/events?endpoint=${this.#endpoint}&limit=${SHOWN}`,
    );
    const isFirst = !this.isLoaded;
    this.items = items;
    this.isLoaded = true;
    const newest = items[0];
    if (newest && !isFirst && newest.id !== known) {
      this.hasSavedSample = false;
      this.shown = await readRequest(newest.id);
    }
    if (!this.#editor.samples.has(this.#node)) await this.#takeFirst();
  }

  /** Real data are better than the made-up example, so the first request becomes the sample by itself. */
  async #takeFirst(): Promise<void> {
    const first = this.items.find(isUsable);
    if (!first || this.#editor.readOnly) return;
    const detail = this.shown?.id === first.id ? this.shown : await readRequest(first.id);
    await this.#use(detail);
    this.hasSavedSample = true;
  }

  async #use(detail: RequestDetail): Promise<void> {
    const { method, headers, query, body } = detail;
    const value: JsonObject = { method, headers, query, body: body as Json };
    await saveSample(this.#editor, this.#node, { source: "event", event: detail.id, value });
  }

  async #careful(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.fault = "";
    } catch (error) {
      this.fault = faultText(error);
    }
  }
}

/** Whether a request has a content that can be a sample. */
export function isUsable(request: Request): boolean {
  return request.status !== "refused";
}

/** Why a request was turned away, in the reader's language; the inbox says the same. Empty when it was not. */
export function refusalText({ reason, method }: Pick<Request, "reason" | "method">): string {
  return reason === null ? "" : refusalOf(reason.code, method, reason.message);
}

function readRequest(id: string): Promise<RequestDetail> {
  return call("GET", `/events/${id}`);
}
