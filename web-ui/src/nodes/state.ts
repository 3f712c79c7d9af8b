/** How a step fared in the run that lies over the canvas, in one word. */
import type { Step } from "../data.ts";
import { durationText, millisBetween } from "../texts/format.ts";
import { textFor } from "../texts/texts.ts";

/** `filtered`: it ran and ended its branch on purpose, which is nothing to worry about. */
export type CardState = Step["status"] | "filtered";

/** The state of a step; a node that the run never came to counts as skipped. */
export function stateOf(step: Step | undefined): CardState {
  if (!step) return "skipped";
  return isFiltered(step) ? "filtered" : step.status;
}

/** The state as a word. */
export function stateText(state: CardState): string {
  return textFor(`status.${state}`) ?? state;
}

/** How long the step took; empty until it has ended, and for one that never had its turn. */
export function stepDuration(step: Step | undefined): string {
  if (!step?.finished_at || step.attempts.length === 0) return "";
  const millis = millisBetween(step.started_at, step.finished_at);
  return millis === null ? "" : durationText(millis);
}

/** Whether the step had its turn and ended its branch on purpose. */
export function isFiltered(step: Step): boolean {
  return step.status === "skipped" && step.attempts.length > 0;
}
