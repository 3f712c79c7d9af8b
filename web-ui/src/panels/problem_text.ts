/** Problems of a draft in the person's words. */
import type { DraftProblem } from "../data.ts";
import type { Editor } from "../editor/editor.svelte.ts";
import { currentLocale, t, textFor } from "../texts/texts.ts";
import { nodeOf } from "../workflow/definition.ts";

/** Codes whose message tells something that the words for the code cannot: a place in a text, a name, a limit. */
const TELLING: ReadonlySet<string> = new Set([
  "box_too_deep",
  "circle",
  "duplicate_edge",
  "edge_leaves_box",
  "invalid_callback",
  "invalid_case",
  "invalid_condition",
  "invalid_expression",
  "invalid_field_name",
  "invalid_keep",
  "invalid_max_queued_runs",
  "invalid_order_by",
  "invalid_personal",
  "invalid_retry",
  "invalid_script",
  "invalid_setting",
  "not_a_choice",
  "not_in_a_box",
  "out_of_range",
  "reference_not_before",
  "retry_too_long",
  "too_many_nodes",
  "unknown_edge_end",
  "unknown_node_type",
  "unknown_parameter",
  "unknown_port",
  "unknown_reference",
  "wait_too_long",
  "wrong_type",
]);

/** Codes whose message quotes somebody else: what the language of expressions and scripts says about a text, and where in it. */
const QUOTING: ReadonlySet<string> = new Set(["invalid_expression", "invalid_script"]);

interface Words {
  readonly text: string;
  /** The server's own words where they tell more, for who reads them. */
  readonly detail: string | null;
}

interface ProblemText extends Words {
  /** What the field is called; none when it is not about one. */
  readonly field: string | null;
}

export function problemText(editor: Editor, problem: DraftProblem): ProblemText {
  return { ...wordsFor(problem), field: fieldTitle(editor, problem.node, problem.parameter) };
}

/** What is wrong, without where. */
export function wordsFor({ code, message }: DraftProblem): Words {
  const text = textFor(`draft.${code}`);
  const isRead = currentLocale() === "en" || QUOTING.has(code);
  return { text: text ?? message, detail: text !== undefined && isRead && TELLING.has(code) ? message : null };
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
