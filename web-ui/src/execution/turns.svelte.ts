/** The turns of the boxes in a run: which one of each lies over the canvas, and the lists to choose from. */
import { call } from "../api/client.ts";
import type { Run, Step, Turn, TurnCounts } from "../data.ts";
import type { Editor } from "../editor/editor.svelte.ts";
import { boxesAround, boxOf, isBox } from "../workflow/boxes.ts";

/** How many turns one page of the list has. */
export const PAGE = 50;

export interface TurnPage {
  readonly counts: TurnCounts;
  readonly items: readonly Turn[];
}

class Turns {
  readonly #editor: Editor;
  /** The latest wish of each box; what is answered later is out of date. */
  readonly #wanted = new Map<string, string>();
  /** The run that the wishes are about. */
  #run = "";

  constructor(editor: Editor) {
    this.#editor = editor;
  }

  /** Reads a page of a box' turns; with a status only those. */
  list(box: string, from: number, status: Step["status"] | null = null, limit = PAGE): Promise<TurnPage> {
    const query = new URLSearchParams({ node: box, from: String(from), limit: String(limit) });
    const outer = this.#outerOf(box);
    if (outer !== "") query.set("outer", outer);
    if (status !== null) query.set("status", status);
    return call("GET", `/runs/${this.#editor.run?.id}/turns?${query}`);
  }

  /** Lays a turn over the canvas. */
  async choose(box: string, number: number): Promise<void> {
    const outer = this.#outerOf(box);
    await this.#read(box, outer === "" ? String(number) : `${outer}/${number}`);
  }

  /** Lays a turn over the canvas that is worth a look: the one that the address names, a failed one, or the first. */
  async begin(box: string): Promise<void> {
    const { run } = this.#editor;
    const counts = run && this.#editor.stepOf(box)?.turns;
    if (!run || !counts || counts.count === 0 || this.#wanted.get(box)?.startsWith(`${run.id} `)) return;
    const [named, asked] = (new URLSearchParams(location.search).get("turn") ?? "").split(":");
    if (named === box && asked && this.#editor.readOnly) return this.#read(box, asked);
    const failed = counts.failed === 0 ? undefined : (await this.list(box, 0, "failed", 1)).items[0];
    await this.choose(box, failed?.number ?? 0);
  }

  /** Reads the chosen turns again while the run goes on. */
  async refresh(): Promise<void> {
    for (const [box, { iteration }] of [...this.#editor.turns]) {
      // Somebody may have chosen another one that is still being read.
      const wish = this.#wanted.get(box)?.split(" ")[1];
      await this.#read(box, wish ?? iteration);
    }
  }

  /** Which turn of the box around a box is shown; empty outside of boxes. */
  #outerOf(box: string): string {
    const outer = boxOf(this.#editor.definition, box);
    return outer === undefined ? "" : (this.#editor.turns.get(outer)?.iteration ?? "");
  }

  async #read(box: string, iteration: string): Promise<void> {
    const editor = this.#editor;
    const id = editor.run?.id;
    if (id === undefined) return;
    if (this.#run !== id) editor.turns = new Map();
    this.#run = id;
    const wish = `${id} ${iteration}`;
    this.#wanted.set(box, wish);
    const { steps } = await call<Run>("GET", `/runs/${id}?turn=${encodeURIComponent(`${box}:${iteration}`)}`);
    if (this.#wanted.get(box) !== wish || editor.run?.id !== id) return;
    const own = steps.filter((step) => boxOf(editor.definition, step.node) === box);
    const turns = new Map(editor.turns);
    turns.set(box, { iteration, steps: new Map(own.map((step) => [step.node, step])) });
    // A turn of an inner box belongs to one turn of the outer.
    for (const other of turns.keys())
      if (isInner(editor, other, box, iteration, turns.get(other)?.iteration)) turns.delete(other);
    for (const other of this.#wanted.keys()) if (other !== box && !turns.has(other)) this.#wanted.delete(other);
    editor.turns = turns;
  }
}

function isInner(editor: Editor, box: string, outer: string, iteration: string, own = ""): boolean {
  return boxesAround(editor.definition, box).includes(outer) && !own.startsWith(`${iteration}/`);
}

/** Whether a node is a box of which turns can be shown. */
export function hasTurns(editor: Editor, id: string): boolean {
  const node = editor.definition.nodes.find((known) => known.id === id);
  return isBox(node) && (editor.stepOf(id)?.turns?.count ?? 0) > 0;
}

const all = new WeakMap<Editor, Turns>();

export function turnsOf(editor: Editor): Turns {
  const known = all.get(editor) ?? new Turns(editor);
  all.set(editor, known);
  return known;
}
