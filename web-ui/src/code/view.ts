/**
 * The code editor proper, in a shadow root: there its styles are adopted style sheets, which the page's
 * Content-Security-Policy allows, while a style element would need an exception.
 */
import {
  autocompletion,
  type Completion,
  type CompletionContext,
  type CompletionResult,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching, indentUnit } from "@codemirror/language";
import { type Diagnostic, setDiagnostics } from "@codemirror/lint";
import { EditorState, type Extension, type Range } from "@codemirror/state";
import {
  Decoration,
  type DecorationSet,
  EditorView,
  keymap,
  lineNumbers,
  placeholder,
  ViewPlugin,
  type ViewUpdate,
} from "@codemirror/view";
import type { FunctionDoc } from "../catalogue/catalogue.svelte.ts";
import { currentLocale, t } from "../texts/texts.ts";
import type { JsonObject } from "../workflow/definition.ts";
import { completionAt } from "./completion.ts";
import { tokens } from "./rhai.ts";

export interface CodeOptions {
  readonly label: string;
  readonly placeholder: string;
  readonly readOnly: boolean;
  readonly functions: readonly FunctionDoc[];
  readonly context: () => JsonObject;
  readonly onChange: (text: string) => void;
  readonly onFocus: () => void;
}

export class CodeView {
  readonly #view: EditorView;

  constructor(host: HTMLElement, options: CodeOptions) {
    const root = host.attachShadow({ mode: "open", delegatesFocus: true });
    this.#view = new EditorView({ parent: root, root, extensions: extensions(options) });
    keepKeys(host);
  }

  /** Shows another text, unless it is what was typed here. */
  show(text: string): void {
    const { doc } = this.#view.state;
    if (doc.toString() !== text) this.#view.dispatch({ changes: { from: 0, to: doc.length, insert: text } });
  }

  insert(text: string, focus: boolean): void {
    this.#view.dispatch(this.#view.state.replaceSelection(text), { userEvent: "input" });
    if (focus) this.#view.focus();
  }

  /** Marks the places that the messages name: "… (line 2, column 5)". */
  showFaults(messages: readonly string[]): void {
    const { doc } = this.#view.state;
    const diagnostics = messages.map((message): Diagnostic => {
      const [, line = "1", column = "1"] = /\(line (\d+), column (\d+)\)/.exec(message) ?? [];
      const place = doc.line(Math.min(doc.lines, Math.max(1, Number(line))));
      const from = Math.min(place.to, place.from + Math.max(0, Number(column) - 1));
      return { from, to: Math.max(from, Math.min(place.to, from + 1)), severity: "error", message };
    });
    this.#view.dispatch(setDiagnostics(this.#view.state, diagnostics));
  }

  destroy(): void {
    this.#view.destroy();
  }
}

/** Keys that the page may have although they are pressed here. */
const OF_THE_PAGE: ReadonlySet<string> = new Set(["enter", "k", "s"]);

/** From outside a shadow root a key looks as if it were pressed on a plain element, where the canvas would take it. */
function keepKeys(host: HTMLElement): void {
  host.addEventListener("keydown", (event) => {
    const isPages = (event.ctrlKey || event.metaKey) && OF_THE_PAGE.has(event.key.toLowerCase());
    if (!isPages && event.key !== "Escape") event.stopPropagation();
  });
  for (const name of ["keyup", "copy", "cut", "paste"]) host.addEventListener(name, (event) => event.stopPropagation());
}

function extensions(options: CodeOptions): Extension[] {
  const keys = defaultKeymap.filter(({ key }) => key !== "Mod-Enter");
  return [
    lineNumbers(),
    history(),
    bracketMatching(),
    closeBrackets(),
    indentUnit.of("  "),
    colours,
    autocompletion({ override: [(context) => complete(context, options)], icons: false }),
    keymap.of([...closeBracketsKeymap, ...completionKeymap, ...historyKeymap, ...keys]),
    placeholder(options.placeholder),
    EditorView.lineWrapping,
    EditorView.contentAttributes.of({ "aria-label": options.label, spellcheck: "false", autocapitalize: "off" }),
    EditorView.updateListener.of((update) => changed(update, options)),
    EditorView.theme(THEME),
    EditorState.readOnly.of(options.readOnly),
    phrases(),
  ];
}

function changed(update: ViewUpdate, { onChange, onFocus }: CodeOptions): void {
  const isOwn = update.transactions.some((transaction) => {
    return (
      transaction.isUserEvent("input") ||
      transaction.isUserEvent("delete") ||
      transaction.isUserEvent("move") ||
      transaction.isUserEvent("undo") ||
      transaction.isUserEvent("redo")
    );
  });
  if (update.docChanged && isOwn) onChange(update.state.doc.toString());
  if (update.focusChanged && update.view.hasFocus) onFocus();
}

function complete(context: CompletionContext, options: CodeOptions): CompletionResult | null {
  const before = context.state.sliceDoc(0, context.pos);
  const completion = completionAt(before, options.context(), options.functions);
  if (!completion) return null;
  const isBegun = completion.from < context.pos || before.endsWith(".");
  if (!isBegun && !context.explicit) return null;
  const convert = ({ label, kind, detail, info, apply, back }: (typeof completion.proposals)[number]): Completion => ({
    label,
    type: kind,
    detail,
    ...(info ? { info: () => infoNode(info) } : {}),
    apply: (view, _, from, to) => {
      const start = from - back;
      view.dispatch({
        changes: { from: start, to, insert: apply },
        selection: { anchor: start + apply.length },
        userEvent: "input.complete",
      });
    },
    boost: kind === "property" ? 2 : kind === "variable" ? 1 : 0,
  });
  return { from: completion.from, options: completion.proposals.map(convert), validFor: /^\w*$/ };
}

function infoNode(info: string): Node {
  const node = document.createElement("div");
  node.className = "cm-info-text";
  node.textContent = info;
  return node;
}

const colours = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet;
    constructor(view: EditorView) {
      this.decorations = colour(view.state);
    }
    update({ docChanged, state }: ViewUpdate) {
      if (docChanged) this.decorations = colour(state);
    }
  },
  { decorations: (plugin) => plugin.decorations },
);

function colour(state: EditorState): DecorationSet {
  const marks = tokens(state.doc.toString()).map(({ kind, start, end }): Range<Decoration> => {
    return Decoration.mark({ class: `cm-t-${kind}` }).range(start, end);
  });
  return Decoration.set(marks);
}

/** What CodeMirror itself says, for screen readers above all. */
function phrases(): Extension {
  if (currentLocale() === "en") return [];
  return EditorState.phrases.of({ Completions: t("editor.code.completions"), Diagnostics: t("editor.code.faults") });
}

const THEME = {
  "&": {
    fontSize: "0.84rem",
    color: "var(--text)",
    backgroundColor: "var(--surface)",
    minHeight: "12rem",
    maxHeight: "60vh",
  },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.55", overflow: "auto" },
  ".cm-content": { caretColor: "var(--text)", padding: "0.5rem 0" },
  ".cm-gutters": { backgroundColor: "var(--sunken)", color: "var(--muted)", border: "0" },
  ".cm-placeholder": { color: "var(--muted)", whiteSpace: "pre-wrap" },
  ".cm-matchingBracket": { backgroundColor: "var(--accent-ground)", outline: "1px solid var(--accent)" },
  ".cm-t-comment": { color: "var(--muted)", fontStyle: "italic" },
  ".cm-t-text": { color: "var(--good)" },
  ".cm-t-number": { color: "var(--warn)" },
  ".cm-t-keyword": { color: "var(--busy)", fontWeight: "600" },
  ".cm-t-call": { color: "var(--accent-strong)" },
  ".cm-lintRange-error": {
    backgroundImage: "none",
    textDecoration: "underline wavy var(--bad)",
    backgroundColor: "var(--bad-ground)",
  },
  ".cm-tooltip": {
    backgroundColor: "var(--raised)",
    color: "var(--text)",
    border: "1px solid var(--line)",
    borderRadius: "8px",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--mono)", maxHeight: "14rem" },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": {
    backgroundColor: "var(--accent-ground) !important",
    color: "var(--text) !important",
  },
  ".cm-completionDetail": { color: "var(--muted)", fontStyle: "normal" },
  ".cm-info-text": { fontFamily: "var(--sans)", whiteSpace: "pre-wrap", maxWidth: "22rem" },
} as const;
