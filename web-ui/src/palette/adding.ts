/** Adding a step: it connects itself, is selected, and its settings open. */
import type { PaletteRequest } from "../canvas/canvas.svelte.ts";
import type { NodeType } from "../catalogue/catalogue.svelte.ts";
import type { Editor } from "../editor/editor.svelte.ts";
import { addNode } from "../workflow/edits.ts";
import { openEnd } from "../workflow/graph.ts";
import { CARD_HEIGHT, CARD_WIDTH } from "../workflow/placing.ts";

/** How many kinds of steps are remembered as used lately. */
const RECENT_COUNT = 5;
const RECENT_KEY = "stellwerk.recent_steps";
const DOCK_KEY = "stellwerk.steps_docked";

/** Adds a step where the request says. Nothing happens where nothing may be changed. */
export function addStep(editor: Editor, nodeType: NodeType, request: PaletteRequest = {}): void {
  if (editor.readOnly) return;
  const { definition, id } = addNode(editor.definition, nodeType, placeFor(editor, request), request);
  editor.apply(() => definition);
  remember(nodeType.name);
  editor.open(id);
  editor.canvas.reveal(id);
}

/** The kinds of steps that were used lately in this browser, the latest first. */
export function recentNames(): readonly string[] {
  try {
    const names: unknown = JSON.parse(read(RECENT_KEY) ?? "[]");
    return Array.isArray(names) ? names.filter((name) => typeof name === "string").slice(0, RECENT_COUNT) : [];
  } catch {
    // Somebody else's text: then nothing was used lately.
    return [];
  }
}

/** Behind the selected step, or without one at the end; where no way is free it is not connected. */
export function afterSelection(editor: Editor): PaletteRequest {
  const from = openEnd(editor.definition, editor.catalogue, editor.selectedNode?.id);
  return from ? { from } : {};
}

/** Whether the list of steps lies at the side in this browser. */
export function isDocked(): boolean {
  return read(DOCK_KEY) === "yes";
}

export function setDocked(docked: boolean): void {
  write(DOCK_KEY, docked ? "yes" : "no");
}

function remember(name: string): void {
  const names = [name, ...recentNames().filter((known) => known !== name)].slice(0, RECENT_COUNT);
  write(RECENT_KEY, JSON.stringify(names));
}

// A browser may refuse to store anything; then it is forgotten, which harms nobody.
function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function write(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {}
}

/** A step that follows no other comes where the person looks; the first of all at the beginning. */
function placeFor(editor: Editor, request: PaletteRequest) {
  if (request.at) return request.at;
  if (request.from || request.edge || editor.definition.nodes.length === 0) return null;
  const middle = editor.canvas.viewport?.middle();
  return middle ? { x: middle.x - CARD_WIDTH / 2, y: middle.y - CARD_HEIGHT / 2 } : null;
}
