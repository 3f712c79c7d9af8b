/**
 * Takes the place of `d3-transition` below the canvas (see `vite.config.ts`): pan and zoom are all that is ever animated
 * there, so interpolation of colours, styles and texts would only be weight.
 */
import { Selection } from "./selection.ts";

type Listener = (this: Element) => void;
type Frame = (this: Element, progress: number) => void;

const running = new WeakMap<Element, Transition>();

/** Ends what is being animated on an element. */
export function interrupt(element: Element): void {
  running.get(element)?.stop();
}

/** One animated change of the first element of a selection, begun in the next frame. */
class Transition {
  readonly #selected: Selection;
  readonly #element: Element | null;
  readonly #listeners: [type: string, listener: Listener][] = [];
  readonly #tweens: ((this: Element) => Frame)[] = [];
  #duration_ms = 250;
  #ease = (progress: number) => progress;
  #frames: Frame[] = [];
  #request = 0;
  #startedAt_ms = 0;

  constructor(selected: Selection) {
    this.#selected = selected;
    this.#element = selected.node() as Element | null;
    if (!this.#element) return;
    interrupt(this.#element);
    running.set(this.#element, this);
    this.#request = requestAnimationFrame((now) => this.#start(now));
  }

  selection(): Selection {
    return this.#selected;
  }

  duration(duration_ms: number): this {
    this.#duration_ms = duration_ms;
    return this;
  }

  ease(ease: (progress: number) => number): this {
    this.#ease = ease;
    return this;
  }

  /** `types` are event names with an optional `.suffix`, separated by blanks. */
  on(types: string, listener: Listener): this {
    for (const type of types.split(" ")) this.#listeners.push([type.split(".")[0] ?? type, listener]);
    return this;
  }

  tween(_name: string, frame: (this: Element) => Frame): this {
    this.#tweens.push(frame);
    return this;
  }

  call<Rest extends unknown[]>(action: (transition: this, ...rest: Rest) => void, ...rest: Rest): this {
    action(this, ...rest);
    return this;
  }

  stop(): void {
    cancelAnimationFrame(this.#request);
    this.#leave();
    // What never began has nothing to end.
    if (this.#startedAt_ms !== 0) this.#emit("interrupt");
  }

  #start(now_ms: number): void {
    const element = this.#element;
    if (!element) return;
    this.#startedAt_ms = now_ms;
    this.#emit("start");
    this.#frames = this.#tweens.map((tween) => tween.call(element));
    this.#step(now_ms);
  }

  #step(now_ms: number): void {
    const element = this.#element;
    if (!element) return;
    const progress = Math.min(1, (now_ms - this.#startedAt_ms) / this.#duration_ms);
    for (const frame of this.#frames) frame.call(element, progress < 1 ? this.#ease(progress) : 1);
    if (progress < 1) {
      this.#request = requestAnimationFrame((next_ms) => this.#step(next_ms));
    } else {
      this.#leave();
      this.#emit("end");
    }
  }

  #leave(): void {
    if (this.#element && running.get(this.#element) === this) running.delete(this.#element);
  }

  #emit(type: string): void {
    const element = this.#element;
    if (!element) return;
    for (const [name, listener] of this.#listeners) if (name === type) listener.call(element);
  }
}

Object.assign(Selection.prototype, {
  transition(this: Selection): Transition {
    return new Transition(this);
  },
  interrupt(this: Selection): Selection {
    return this.each(function () {
      interrupt(this as Element);
    });
  },
});
