/** Short messages about what just happened. They are read aloud and go away by themselves. */

interface Link {
  readonly text: string;
  readonly href: string;
}

interface Button {
  readonly text: string;
  readonly run: () => void;
}

export interface ToastOptions {
  readonly kind?: "info" | "good" | "bad";
  readonly link?: Link;
  readonly button?: Button;
}

interface Toast extends ToastOptions {
  readonly id: number;
  readonly text: string;
}

/** Long enough to read; what offers something to do stays longer. */
const SHOWN_MS = 6_000;
const SHOWN_WITH_OFFER_MS = 15_000;
/** More than these would cover the canvas. */
const MOST = 3;

class Toasts {
  items = $state.raw<readonly Toast[]>([]);
  #last = 0;

  show(text: string, options: ToastOptions = {}): void {
    const id = ++this.#last;
    const others = this.items.filter((item) => item.text !== text);
    this.items = [...others, { ...options, id, text }].slice(-MOST);
    // An error stays until it is closed.
    if (options.kind === "bad") return;
    const shown_ms = options.link || options.button ? SHOWN_WITH_OFFER_MS : SHOWN_MS;
    setTimeout(() => this.close(id), shown_ms);
  }

  close(id: number): void {
    this.items = this.items.filter((item) => item.id !== id);
  }
}

export const toasts = new Toasts();

/** Shows a message. */
export function toast(text: string, options: ToastOptions = {}): void {
  toasts.show(text, options);
}
