/** One connection to the server's news for everything on the page. */
import type { Editor } from "../editor/editor.svelte.ts";
import { type News, readNews } from "./news.ts";

type Listener = (news: News) => void;

/** How long a page that nobody sees keeps its connection. A browser allows only six of them to one server over HTTP/1.1. */
const HIDDEN_LIMIT_MS = 60_000;
/** How long to wait before connecting again after the server has closed the connection for good. */
const RECONNECT_MS = 3_000;

class Live {
  /** Whether news arrive right now. */
  connected = $state(false);
  readonly #address: string;
  readonly #listeners = new Set<Listener>();
  #source: EventSource | null = null;
  #hasBeenOpen = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(address: string) {
    this.#address = address;
    addEventListener("pagehide", () => this.#close());
    addEventListener("pageshow", () => this.#open());
    document.addEventListener("visibilitychange", () => this.#seen(document.visibilityState === "visible"));
  }

  /** Calls `listener` for all news until the returned function is called. */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    this.#open();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#close();
    };
  }

  #open(): void {
    clearTimeout(this.#timer);
    if (this.#source || this.#listeners.size === 0) return;
    const source = new EventSource(this.#address);
    this.#source = source;
    source.onopen = () => {
      this.connected = true;
      // Between two connections nobody listened.
      if (this.#hasBeenOpen) this.#tell({ type: "refresh" });
      this.#hasBeenOpen = true;
    };
    source.onerror = () => {
      this.connected = false;
      // The browser connects again by itself, except after an answer that is no stream (signed out, server restarting).
      if (source.readyState !== EventSource.CLOSED || this.#source !== source) return;
      this.#source = null;
      this.#timer = setTimeout(() => this.#open(), RECONNECT_MS);
    };
    for (const name of ["event", "run", "step"]) {
      source.addEventListener(name, (message: MessageEvent<string>) => {
        const news = readNews(message.data);
        if (news) this.#tell(news);
      });
    }
    source.addEventListener("missed", () => this.#tell({ type: "refresh" }));
  }

  #close(): void {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
    this.connected = false;
  }

  #seen(isSeen: boolean): void {
    clearTimeout(this.#timer);
    if (isSeen) this.#open();
    else this.#timer = setTimeout(() => this.#close(), HIDDEN_LIMIT_MS);
  }

  #tell(news: News): void {
    for (const listener of [...this.#listeners]) listener(news);
  }
}

const lives = new WeakMap<Editor, Live>();

/** The news of the workflow that is edited, or of the run that is looked at. It connects when the first one listens. */
export function liveOf(editor: Editor): Live {
  const known = lives.get(editor);
  if (known) return known;
  const run = editor.mode === "run" ? editor.run : null;
  const live = new Live(`/api/v1/live?${run ? `run=${run.id}` : `workflow=${editor.workflowId}`}`);
  lives.set(editor, live);
  return live;
}
