/** How paths and values read for a person. It knows nothing of the language: the words come in. */
import type { Json } from "../workflow/definition.ts";
import type { Path, Step } from "./path.ts";

/** The words that stand for the parts of the context. */
export interface Words {
  readonly trigger: string;
  readonly run: string;
  readonly workflow: string;
  readonly variables: string;
  /** What a turn of a box is about, and which one it is. */
  readonly item: string;
  readonly index: string;
  /** Of the trigger's own parts: `body`, `headers`, … */
  readonly part: (name: string) => string | undefined;
  /** The title of a step, if there is one with this id. */
  readonly stepTitle: (id: string) => string | undefined;
}

/** `$.trigger.body.customer.email` reads "Body › customer › email", `$.steps.crm.id` "Create contact › id". */
export function readableName(path: Path, words: Words): string {
  return nameParts(path, words).join(" › ");
}

/** A value on one line, cut. */
export function preview(value: Json, longest = 32): string {
  const text = typeof value === "string" ? value.replace(/\s+/g, " ") : JSON.stringify(value);
  return text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
}

function nameParts(path: Path, words: Words): string[] {
  const [root, first, ...rest] = path;
  if (root === "trigger") {
    if (first === undefined) return [words.trigger];
    const part = typeof first === "string" ? words.part(first) : undefined;
    return [part ?? shown(first), ...rest.map(shown)];
  }
  if (root === "steps" && typeof first === "string") return [words.stepTitle(first) ?? first, ...rest.map(shown)];
  const known: Readonly<Record<string, string>> = {
    run: words.run,
    workflow: words.workflow,
    vars: words.variables,
    item: words.item,
    index: words.index,
  };
  if (root === undefined) return ["$"];
  return [(typeof root === "string" && known[root]) || shown(root), ...path.slice(1).map(shown)];
}

/** People count from one. */
function shown(step: Step): string {
  if (typeof step === "string") return step === "" ? "''" : step;
  return step < 0 ? `#${step}` : `#${step + 1}`;
}
