/**
 * Takes the place of `d3-selection` below the canvas (see `vite.config.ts`). Dragging and zooming need one element, its
 * listeners and two properties; the library is made for drawing whole documents.
 */

type Listener = (this: EventTarget, event: Event) => void;
type Options = AddEventListenerOptions | boolean;

interface Heard {
  readonly type: string;
  readonly name: string;
  readonly given: Listener;
  /** What the browser knows it by: the same function may be given under several names. */
  readonly listener: (event: Event) => void;
  readonly options: Options | undefined;
}

const heard = new WeakMap<EventTarget, Heard[]>();

/** One element or window, or none. */
export class Selection {
  readonly #element: EventTarget | null;

  constructor(element: EventTarget | null) {
    this.#element = element;
  }

  node(): EventTarget | null {
    return this.#element;
  }

  /** Nothing is ever bound to an element here. */
  datum(): undefined {
    return undefined;
  }

  each(action: (this: EventTarget) => void): this {
    if (this.#element) action.call(this.#element);
    return this;
  }

  call<Rest extends unknown[]>(action: (selection: this, ...rest: Rest) => void, ...rest: Rest): this {
    action(this, ...rest);
    return this;
  }

  filter(isWanted: (this: EventTarget) => boolean): Selection {
    return this.#element && isWanted.call(this.#element) ? this : new Selection(null);
  }

  style(name: string, value: string): this {
    return this.each(function () {
      (this as HTMLElement).style.setProperty(name, value);
    });
  }

  /** The value of a property; with a value or what makes one from the element, sets it. */
  property(name: string): unknown;
  property(name: string, value: unknown): this;
  property(name: string, ...values: readonly unknown[]): unknown {
    const fields = this.#element as Record<string, unknown> | null;
    if (values.length === 0) return fields?.[name];
    const [value] = values;
    if (fields) fields[name] = typeof value === "function" ? value.call(this.#element) : value;
    return this;
  }

  /**
   * The listener for `type.name`; with one, puts it in the place of that, with null takes it away. Several stand apart by
   * blanks; `.name` alone means all with that name.
   */
  on(types: string): Listener | undefined;
  on(types: string, listener: Listener | null, options?: Options): this;
  on(types: string, ...given: readonly [(Listener | null)?, Options?]): unknown {
    const element = this.#element;
    const wanted = types.split(" ").map((text) => {
      const [type = "", name = ""] = text.split(".");
      return { type, name };
    });
    const known = (element && heard.get(element)) ?? [];
    const isMeant = (one: Heard) =>
      wanted.some(({ type, name }) => name === one.name && (type === "" || type === one.type));
    if (given.length === 0) return known.find(isMeant)?.given;
    if (!element) return this;
    const [listener, options] = given;
    for (const one of known.filter(isMeant)) element.removeEventListener(one.type, one.listener, one.options);
    const added = (listener ? wanted : []).map((place): Heard => {
      const call = (event: Event) => listener?.call(element, event);
      return { ...place, given: listener as Listener, listener: call, options };
    });
    for (const one of added) element.addEventListener(one.type, one.listener, one.options);
    heard.set(element, [...known.filter((one) => !isMeant(one)), ...added]);
    return this;
  }
}

export function select(element: EventTarget | null): Selection {
  return new Selection(element);
}

/** Where an event happened, from the upper left corner of an element. */
export function pointer(event: Place, element = event.currentTarget as Element | null): [number, number] {
  let source = event;
  while (source.sourceEvent) source = source.sourceEvent;
  if (!element) return [source.clientX, source.clientY];
  const { left, top } = element.getBoundingClientRect();
  return [source.clientX - left - element.clientLeft, source.clientY - top - element.clientTop];
}

/** An event of a pointer or a touch, or what dragging and zooming make of one. */
interface Place {
  readonly clientX: number;
  readonly clientY: number;
  readonly currentTarget?: EventTarget | null;
  readonly sourceEvent?: Place;
}
