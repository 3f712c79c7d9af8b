/** The data that a step may use as the visible rows of a tree. It draws nothing. */

import { preview } from "../expression/names.ts";
import { type Path, printPath } from "../expression/path.ts";
import { gist, type Kind, kindOf, membersOf, sizeOf } from "../json/shape.ts";
import type { Json } from "../workflow/definition.ts";

/** Where a tree begins: the trigger or a step. */
export interface Root {
  readonly path: Path;
  readonly name: string;
  readonly value: Json;
  /** Only the node type's example; nothing real was seen yet. */
  readonly isExample: boolean;
  /** Whether it lies open at first: what people look for does. */
  readonly isOpen: boolean;
}

export interface TreeRow {
  /** The path as it is written; also what is put into a field. */
  readonly id: string;
  readonly path: Path;
  readonly name: string;
  readonly value: Json;
  readonly kind: Kind;
  /** The value, or what is in it, on one line. */
  readonly text: string;
  /** From 1. */
  readonly level: number;
  readonly isOpen: boolean;
  readonly hasMembers: boolean;
  readonly root: Root;
  /** Above zero this is no value but the row that shows more of the value above: so many are hidden. */
  readonly more: number;
}

/** How much of the tree is open. */
export interface Opened {
  /** By {@link TreeRow.id}: what the person opened or closed. */
  readonly rows: ReadonlyMap<string, boolean>;
  /** By id: how many members are shown. */
  readonly shown: ReadonlyMap<string, number>;
}

/** How many members are shown at first, and how many more each time. */
export const MEMBERS = 30;
/** What a search looks at and shows at most, so that typing stays quick with big samples. */
const MOST_VISITED = 20_000;
const MOST_FOUND = 200;

/** The rows that are visible. With a search: those whose name or value has it, with all that is above them. */
export function visibleRows(roots: readonly Root[], opened: Opened, query = ""): readonly TreeRow[] {
  const wanted = query.trim().toLocaleLowerCase();
  return wanted === "" ? roots.flatMap((root) => open(root, opened)) : found(roots, wanted);
}

/** The row that a first letter leads to: the next one below whose name begins with it. */
export function typedAhead(rows: readonly TreeRow[], current: number, letter: string): number {
  const wanted = letter.toLocaleLowerCase();
  for (let step = 1; step <= rows.length; step++) {
    const index = (current + step) % rows.length;
    if (rows[index]?.name.toLocaleLowerCase().startsWith(wanted)) return index;
  }
  return current;
}

function open(root: Root, opened: Opened): readonly TreeRow[] {
  const rows: TreeRow[] = [];
  const visit = (path: Path, name: string, value: Json, level: number) => {
    const id = printPath(path);
    const members = sizeOf(value);
    const isOpen = members > 0 && (opened.rows.get(id) ?? isOpenAtFirst(root, path, value));
    rows.push({ ...row(root, path, name, value, level), isOpen, more: 0 });
    if (!isOpen) return;
    const list = membersOf(value, opened.shown.get(id) ?? MEMBERS);
    for (const [member, child] of ordered(path, list)) {
      visit([...path, stepOf(value, member)], nameOf(value, member), child, level + 1);
    }
    const more = members - list.length;
    if (more > 0) rows.push({ ...row(root, path, "", null, level + 1), id: `${id}…`, isOpen: false, more });
  };
  visit(root.path, root.name, root.value, 1);
  return rows;
}

function found(roots: readonly Root[], wanted: string): readonly TreeRow[] {
  const rows: TreeRow[] = [];
  let visited = 0;
  /** Tells whether anything in the value matches; the rows of a branch without a match are taken back. */
  const visit = (root: Root, path: Path, name: string, value: Json, level: number): boolean => {
    visited += 1;
    if (visited > MOST_VISITED || rows.length > MOST_FOUND) return false;
    const at = rows.length;
    const size = sizeOf(value);
    rows.push({ ...row(root, path, name, value, level), isOpen: size > 0, more: 0 });
    const isMatch = `${name} ${size > 0 ? "" : String(value)}`.toLocaleLowerCase().includes(wanted);
    let hasMatch = false;
    for (const [member, child] of membersOf(value, MOST_VISITED)) {
      const step = stepOf(value, member);
      if (visit(root, [...path, step], nameOf(value, member), child, level + 1)) hasMatch = true;
    }
    if (!hasMatch) rows.length = at + (isMatch ? 1 : 0);
    const own = rows[at];
    if (own && !hasMatch) rows[at] = { ...own, isOpen: false };
    return isMatch || hasMatch;
  };
  for (const root of roots) visit(root, root.path, root.name, root.value, 1);
  return rows;
}

function row(root: Root, path: Path, name: string, value: Json, level: number) {
  const kind = kindOf(value);
  const hasMembers = sizeOf(value) > 0;
  const text = kind === "list" || kind === "object" ? gist(value) : preview(value, 60);
  return { id: printPath(path), path, name, value, kind, text, level, hasMembers, root };
}

/** Of a request the body lies open with the objects in it; of a step its members. Lists would push the rest away. */
function isOpenAtFirst(root: Root, path: Path, value: Json): boolean {
  if (path.length === root.path.length) return root.isOpen;
  if (path[0] !== "trigger" || path[1] !== "body") return false;
  return path.length === 2 || (!Array.isArray(value) && path.every((step) => typeof step === "string"));
}

/** The body of a request comes first. */
function ordered<T extends readonly [string, Json]>(path: Path, members: readonly T[]): readonly T[] {
  if (path.length !== 1 || path[0] !== "trigger") return members;
  return members.toSorted(([left], [right]) => Number(right === "body") - Number(left === "body"));
}

function stepOf(value: Json, member: string): string | number {
  return Array.isArray(value) ? Number(member) : member;
}

/** People count from one. */
function nameOf(value: Json, member: string): string {
  return Array.isArray(value) ? `#${Number(member) + 1}` : member;
}
