/** What the command palette offers: actions, steps to go to, steps to add. */
import type { Editor } from "../editor/editor.svelte.ts";
import { addStep } from "../palette/adding.ts";
import { afterSelection } from "../palette/places.ts";
import { t } from "../texts/texts.ts";
import type { Action } from "./action.ts";
import { actionOf, actions } from "./registry.ts";
import { shown } from "./shortcuts.ts";

export interface Entry {
  readonly id: string;
  readonly text: string;
  /** What a search also finds it by. */
  readonly words: string;
  /** At the end of the line: keys, or what kind of thing it is. */
  readonly hint: string;
  readonly icon?: Action["icon"];
  run(): void;
}

/** Longer lists are not read. */
const MOST = 40;

/** Everything that can be done now. */
export function entriesOf(editor: Editor): readonly Entry[] {
  const commands = actions
    .filter((action) => action.id !== "commands" && action.enabled(editor))
    .map((action) => ({
      id: `action/${action.id}`,
      text: t(action.label),
      words: action.id,
      hint: action.shortcuts?.[0] ? shown(action.shortcuts[0]) : "",
      icon: action.icon,
      run: () => void action.run(editor),
    }));
  const steps = editor.definition.nodes.map((node) => ({
    id: `step/${node.id}`,
    text: t("editor.commands.go_to", { step: editor.titleOf(node) }),
    words: `${node.id} ${node.type}`,
    hint: editor.nodeType(node)?.title ?? node.type,
    run: () => {
      editor.open(node.id);
      editor.canvas.reveal(node.id, true);
    },
  }));
  if (editor.readOnly) return [...commands, ...steps];
  const additions = editor.catalogue.nodeTypes.map((nodeType) => ({
    id: `add/${nodeType.name}`,
    text: t("editor.commands.add", { step: nodeType.title }),
    words: `${nodeType.name} ${nodeType.description}`,
    hint: "",
    icon: actionOf("add").icon,
    run: () => addStep(editor, nodeType, afterSelection(editor)),
  }));
  return [...commands, ...steps, ...additions];
}

/** The entries that hold every word of a search, those first whose text begins with it. */
export function search(entries: readonly Entry[], query: string): readonly Entry[] {
  const words = plain(query).split(/\s+/).filter(Boolean);
  const found = entries.filter((entry) => {
    const text = plain(`${entry.text} ${entry.words}`);
    return words.every((word) => text.includes(word));
  });
  const rank = (entry: Entry) => {
    const text = plain(entry.text);
    if (words.every((word) => text.includes(word))) return text.startsWith(words[0] ?? "") ? 0 : 1;
    return 2;
  };
  return found.sort((one, other) => rank(one) - rank(other)).slice(0, MOST);
}

function plain(text: string): string {
  return text
    .normalize("NFKD")
    .replace(/\p{Diacritic}/gu, "")
    .toLowerCase();
}
