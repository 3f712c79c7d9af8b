/** Finds node types by what a person types. */
import type { NodeKind, NodeType } from "../catalogue/catalogue.svelte.ts";

/** The kinds in the order in which a person thinks of them. */
const KINDS: readonly NodeKind[] = ["trigger", "flow", "data", "action"];

export interface Group {
  readonly kind: NodeKind | "recent";
  readonly nodeTypes: readonly NodeType[];
}

/** The node types that fit, best first; all of them when nothing is typed. Every word has to fit somewhere. */
export function find(nodeTypes: readonly NodeType[], query: string): readonly NodeType[] {
  const words = plain(query).split(/\s+/).filter(Boolean);
  if (words.length === 0) return nodeTypes;
  return nodeTypes
    .map((nodeType, index) => ({ nodeType, index, score: words.map((word) => rank(nodeType, word)) }))
    .filter(({ score }) => score.every((points) => points > 0))
    .sort((one, other) => sum(other.score) - sum(one.score) || one.index - other.index)
    .map(({ nodeType }) => nodeType);
}

/** Puts what was used lately first, then everything by kind. */
export function grouped(nodeTypes: readonly NodeType[], recent: readonly string[]): readonly Group[] {
  const used = recent.flatMap((name) => nodeTypes.filter((nodeType) => nodeType.name === name));
  const byKind = KINDS.map((kind) => ({ kind, nodeTypes: nodeTypes.filter((nodeType) => nodeType.kind === kind) }));
  const groups: readonly Group[] = [{ kind: "recent", nodeTypes: used }, ...byKind];
  return groups.filter((group) => group.nodeTypes.length > 0);
}

/** How well a word fits: the title counts most, and the beginning of a word more than its middle. */
function rank(nodeType: NodeType, word: string): number {
  const title = plain(nodeType.title);
  if (title === word) return 6;
  if (title.startsWith(word)) return 5;
  if (title.split(/[\s\-/]+/).some((part) => part.startsWith(word))) return 4;
  if (plain(nodeType.name).includes(word)) return 3;
  if (title.includes(word)) return 2;
  return plain(nodeType.description).includes(word) ? 1 : 0;
}

/** Lower case and without accents, so that "loschen" finds "löschen". */
function plain(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
