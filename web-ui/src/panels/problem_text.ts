/** Problems of a draft in the person's words. */
import type { DraftProblem } from "../data.ts";
import type { Editor } from "../editor/editor.svelte.ts";
import { t, textFor } from "../texts/texts.ts";
import { nodeOf } from "../workflow/definition.ts";

/** Codes whose message tells something that the words for the code cannot: a place in a text, a name, a limit. */
const TELLING =
  /^(invalid_|wrong_type|out_of_range|not_a_choice|unknown_|duplicate_|too_many|circle|reference_|expression_)/;

export interface ProblemText {
  readonly text: string;
  /** The server's own words where they tell more. */
  readonly detail: string | null;
  /** What the field is called; none when it is not about one. */
  readonly field: string | null;
}

export function problemText(editor: Editor, problem: DraftProblem): ProblemText {
  const text = textFor(`draft.${problem.code}`);
  const detail = text !== undefined && TELLING.test(problem.code) ? problem.message : null;
  return { text: text ?? problem.message, detail, field: fieldTitle(editor, problem.node, problem.parameter) };
}

/** What a person knows a field of a node as; `node` alone means the node as a whole. */
export function fieldTitle(editor: Editor, node: string | null, field: string | null): string | null {
  if (field === null || field === "node") return null;
  const name = field.split(/[.[]/)[0] ?? field;
  const definition = node === null ? undefined : nodeOf(editor.definition, node);
  const parameter = definition && editor.nodeType(definition)?.parameters.find((known) => known.name === name);
  return parameter?.title ?? textFor(`editor.field.${name === "settings" ? field.slice(9) : name}`) ?? name;
}

/** How a node is called in a list; the workflow itself when it is about none. */
export function nodeTitle(editor: Editor, id: string | null): string {
  const node = id === null ? undefined : nodeOf(editor.definition, id);
  return node ? editor.titleOf(node) : (id ?? t("editor.problems.workflow"));
}

/** Shows what a problem is about: the field, the node, or the settings of the workflow. */
export function goTo(editor: Editor, problem: DraftProblem): void {
  if (problem.node !== null) {
    editor.open(problem.node, problem.parameter ?? undefined);
    editor.canvas.reveal(problem.node);
  } else if (problem.parameter?.startsWith("settings.")) {
    editor.panel = "settings";
  } else {
    editor.canvas.openPalette();
  }
}
