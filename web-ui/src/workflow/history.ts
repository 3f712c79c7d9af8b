/** Undo and redo: whole documents are kept, so no edit needs an inverse. */

/** How many steps can be undone. */
export const DEPTH = 200;

export interface History<T> {
  readonly past: readonly T[];
  readonly present: T;
  readonly future: readonly T[];
  /** What the latest step was about; a step of the same kind right after it joins it (typing in one field, say). */
  readonly mergeKey: string | null;
}

export function begin<T>(present: T): History<T> {
  return { past: [], present, future: [], mergeKey: null };
}

/** A new step. Equal documents make none. */
export function push<T>(history: History<T>, next: T, mergeKey: string | null = null): History<T> {
  if (next === history.present) return history;
  if (mergeKey !== null && mergeKey === history.mergeKey) return { ...history, present: next, future: [] };
  return { past: [...history.past, history.present].slice(-DEPTH), present: next, future: [], mergeKey };
}

export function undo<T>(history: History<T>): History<T> {
  const previous = history.past.at(-1);
  if (previous === undefined) return history;
  return {
    past: history.past.slice(0, -1),
    present: previous,
    future: [history.present, ...history.future],
    mergeKey: null,
  };
}

export function redo<T>(history: History<T>): History<T> {
  const [next, ...future] = history.future;
  if (next === undefined) return history;
  return { past: [...history.past, history.present], present: next, future, mergeKey: null };
}

/**
 * Brings all of a history up to a document that somebody else changed, too: `bring` puts their changes into an earlier or
 * undone state. Without it an undo would take back what the person has not done. Steps that say the same afterwards are one.
 */
export function rebase<T>(
  history: History<T>,
  present: T,
  bring: (state: T) => T,
  isSame: (one: T, other: T) => boolean,
): History<T> {
  const withoutRepeats = (states: readonly T[]) =>
    states.filter((state, index) => index === 0 || !isSame(states[index - 1] as T, state));
  return {
    past: withoutRepeats([...history.past.map(bring), present]).slice(0, -1),
    present,
    future: withoutRepeats([present, ...history.future.map(bring)]).slice(1),
    mergeKey: null,
  };
}
