/**
 * An editable line whose expressions are chips. The element's content is only a picture of the text: after every change the
 * text is read back, so the document always holds a plain string, and what the browser does to the content does no harm.
 */
import { opensHere, type Piece } from "./template.ts";

/** How a chip looks at the moment. */
export interface ChipLook {
  readonly label: string;
  /** The value for the sample on one line; null while it is not known. */
  readonly value: string | null;
  readonly state: "plain" | "missing" | "fault";
  /** All of it, for the tooltip. */
  readonly title: string;
}

export interface ChipLineOptions {
  readonly multiline: boolean;
  readonly split: (text: string) => readonly Piece[];
  readonly look: (source: string) => ChipLook;
  /** `isTyped` is false for what should be undone by itself: a chip, a paste. */
  readonly onChange: (text: string, isTyped: boolean) => void;
  /** A chip was clicked, or Enter was pressed on it. */
  readonly onOpen: (piece: Piece) => void;
  /** Braces were opened right before `caret`. */
  readonly onBraces: (caret: number) => void;
  readonly onUndo: () => void;
  readonly onRedo: () => void;
}

export interface Range {
  readonly start: number;
  readonly end: number;
}

/** Stands where a caret could not be seen otherwise: at both ends and between two chips. It is no part of the text. */
const GAP = "\u2060";

export class ChipLine {
  #text = "";
  #pieces: readonly Piece[] = [];
  /** The last place of the caret, kept when the focus leaves. */
  #selection: Range = { start: 0, end: 0 };
  #isComposing = false;

  constructor(
    readonly root: HTMLElement,
    readonly options: ChipLineOptions,
  ) {}

  get text(): string {
    return this.#text;
  }

  get pieces(): readonly Piece[] {
    return this.#pieces;
  }

  get selection(): Range {
    return this.#selection;
  }

  get isFocused(): boolean {
    return this.root.ownerDocument.activeElement === this.root;
  }

  /** Shows another text. The caret goes where the change ends. */
  show(text: string): void {
    if (text === this.#text && this.root.childNodes.length > 0) return;
    const previous = this.#text;
    this.#draw(text);
    const end = text.length - sharedEnd(previous, text);
    this.#selection = { start: end, end };
    if (this.isFocused) this.select(end);
  }

  /** Puts the caret, or a selection, into the text. */
  select(start: number, end = start): void {
    this.#selection = { start, end };
    if (!this.isFocused) this.root.focus({ preventScroll: true });
    const [from, fromOffset] = this.#locate(start);
    const [to, toOffset] = end === start ? [from, fromOffset] : this.#locate(end);
    this.root.ownerDocument.getSelection()?.setBaseAndExtent(from, fromOffset, to, toOffset);
    this.#markChips();
  }

  /** Replaces a part of the text, as typing would, and puts the caret behind it if the line has the focus. */
  replace(range: Range, inserted: string): void {
    const { start, end } = this.#whole(range);
    const text = this.#text.slice(0, start) + inserted + this.#text.slice(end);
    const caret = start + inserted.length;
    this.#draw(text);
    this.#selection = { start: caret, end: caret };
    if (this.isFocused) this.select(caret);
    this.options.onChange(text, false);
  }

  /** Brings the chips' labels and values up to date. */
  refresh(): void {
    for (const chip of this.#chips()) paint(chip, this.options.look(chip.dataset.source ?? ""));
  }

  /** The place in the text under a point of the screen. */
  placeAt(x: number, y: number): number {
    const { ownerDocument } = this.root;
    const position = ownerDocument.caretPositionFromPoint?.(x, y);
    if (!position || !this.root.contains(position.offsetNode)) return this.#text.length;
    return this.#offsetOf(position.offsetNode, position.offset);
  }

  /** The selection changed somewhere in the document. */
  selectionChanged(): void {
    const selection = this.root.ownerDocument.getSelection();
    if (!this.isFocused || !selection?.anchorNode || !selection.focusNode || !this.root.contains(selection.anchorNode))
      return;
    const anchor = this.#offsetOf(selection.anchorNode, selection.anchorOffset);
    const focus = this.#offsetOf(selection.focusNode, selection.focusOffset);
    this.#selection = { start: Math.min(anchor, focus), end: Math.max(anchor, focus) };
    this.#markChips();
  }

  blurred(): void {
    for (const chip of this.#chips()) delete chip.dataset.selected;
  }

  keyPressed(event: KeyboardEvent): void {
    if (event.isComposing || event.altKey) return;
    const key = event.key.toLowerCase();
    if (event.ctrlKey || event.metaKey) {
      if (key === "z") this.#take(event, () => (event.shiftKey ? this.options.onRedo() : this.options.onUndo()));
      else if (key === "y") this.#take(event, this.options.onRedo);
      return;
    }
    if (event.shiftKey) return;
    const chip = this.#selectedChip();
    if (key === "enter" && chip) this.#take(event, () => this.options.onOpen(chip));
    else if (key === "arrowleft" || key === "arrowright") this.#moveOverChip(event, key === "arrowright", chip);
  }

  beforeInput(event: InputEvent): void {
    if (this.#isComposing || event.isComposing) return;
    const { inputType } = event;
    this.selectionChanged();
    if (inputType === "historyUndo") this.#take(event, this.options.onUndo);
    else if (inputType === "historyRedo") this.#take(event, this.options.onRedo);
    else if (inputType.startsWith("format")) event.preventDefault();
    else if (inputType === "insertParagraph" || inputType === "insertLineBreak") {
      this.#take(event, () => this.options.multiline && this.replace(this.#selection, "\n"));
    } else if (inputType.startsWith("delete")) this.#delete(event);
    else if (inputType === "insertText" && event.data !== null && this.#coversChip(this.#selection)) {
      const { data } = event;
      this.#take(event, () => this.#typed(this.#selection, data));
    }
  }

  /** The browser changed the content. */
  changed(): void {
    if (!this.#isComposing) this.#readBack();
  }

  compositionStarted(): void {
    this.#isComposing = true;
  }

  compositionEnded(): void {
    this.#isComposing = false;
    this.#readBack();
  }

  pasted(event: ClipboardEvent): void {
    const text = event.clipboardData?.getData("text/plain");
    if (text === undefined) return;
    this.selectionChanged();
    this.#take(event, () => this.#typed(this.#selection, this.#fitting(text)));
  }

  copied(event: ClipboardEvent, isCut: boolean): void {
    this.selectionChanged();
    const range = this.#whole(this.#selection);
    if (range.start === range.end) return;
    event.clipboardData?.setData("text/plain", this.#text.slice(range.start, range.end));
    this.#take(event, () => isCut && this.replace(range, ""));
  }

  dropped(event: DragEvent): void {
    const text = event.dataTransfer?.getData("text/plain");
    if (!text) return;
    const place = this.placeAt(event.clientX, event.clientY);
    this.root.focus({ preventScroll: true });
    this.#take(event, () => this.#typed({ start: place, end: place }, this.#fitting(text)));
  }

  clicked(event: MouseEvent): void {
    const chip = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-source]") : null;
    const piece = chip ? this.#pieceAt(this.#offsetOf(this.root, [...this.root.childNodes].indexOf(chip))) : undefined;
    if (!piece) return;
    this.select(piece.start, piece.end);
    this.options.onOpen(piece);
  }

  #take(event: Event, act: () => unknown): void {
    event.preventDefault();
    event.stopPropagation();
    act();
  }

  #typed(range: Range, text: string): void {
    this.replace(range, text);
    this.#askForField();
  }

  #fitting(text: string): string {
    const plain = text.replaceAll(GAP, "").replace(/\r\n?/g, "\n");
    return this.options.multiline ? plain : plain.replace(/\s*\n\s*/g, " ").trim();
  }

  /** The browser deletes text; a chip goes as a whole, which browsers do each in their own way. */
  #delete(event: InputEvent): void {
    const range = this.#neighbour(this.#selection, event.inputType.endsWith("Forward"));
    if (this.#coversChip(range)) this.#take(event, () => this.replace(range, ""));
  }

  /** The chip or the letter beside the caret. */
  #neighbour({ start, end }: Range, isForward: boolean): Range {
    if (start !== end) return { start, end };
    if (isForward) return { start, end: start + ([...this.#text.slice(start, start + 2)][0]?.length ?? 0) };
    const before = [...this.#text.slice(Math.max(0, start - 2), start)].at(-1)?.length ?? 0;
    return { start: start - before, end: start };
  }

  #moveOverChip(event: KeyboardEvent, isRight: boolean, selected: Piece | undefined): void {
    this.selectionChanged();
    const { start, end } = this.#selection;
    if (selected) {
      this.#take(event, () => this.select(isRight ? selected.end : selected.start));
      return;
    }
    if (start !== end) return;
    const next = this.#pieces.find(
      (piece) => piece.kind === "expression" && (isRight ? piece.start === start : piece.end === start),
    );
    if (next) this.#take(event, () => this.select(next.start, next.end));
  }

  #selectedChip(): Piece | undefined {
    const { start, end } = this.#selection;
    return this.#pieces.find((piece) => piece.kind === "expression" && piece.start === start && piece.end === end);
  }

  #pieceAt(start: number): Piece | undefined {
    return this.#pieces.find((piece) => piece.kind === "expression" && piece.start === start);
  }

  #coversChip({ start, end }: Range): boolean {
    return this.#pieces.some((piece) => piece.kind === "expression" && piece.start < end && piece.end > start);
  }

  /** The range widened so that no chip is cut. */
  #whole({ start, end }: Range): Range {
    let range = { start, end };
    for (const piece of this.#pieces) {
      if (piece.kind === "text") continue;
      const isTouched =
        start === end ? piece.start < start && start < piece.end : piece.start < end && piece.end > start;
      if (isTouched) range = { start: Math.min(range.start, piece.start), end: Math.max(range.end, piece.end) };
    }
    return range;
  }

  #readBack(): void {
    const text = [...this.root.childNodes].map(textOf).join("");
    const selection = this.root.ownerDocument.getSelection();
    const isInside = selection?.focusNode && this.root.contains(selection.focusNode);
    const caret = isInside ? this.#offsetOf(selection.focusNode, selection.focusOffset) : text.length;
    const isChanged = text !== this.#text;
    this.#text = text;
    this.#pieces = this.options.split(text);
    if (!this.#isDrawn()) {
      this.#draw(text);
      if (this.isFocused) this.select(caret);
    }
    this.#selection = { start: caret, end: caret };
    if (!isChanged) return;
    this.options.onChange(text, true);
    this.#askForField();
  }

  #askForField(): void {
    const { start, end } = this.#selection;
    if (start === end && opensHere(this.#pieces, start)) this.options.onBraces(start);
  }

  /** Whether the content shows the pieces as they are now. */
  #isDrawn(): boolean {
    const nodes = [...this.root.childNodes];
    if (this.#text === "") return nodes.length === 0;
    if (this.#text.endsWith("\n")) return false;
    const shape = nodes.map((node) => (isChip(node) ? `\n${textOf(node)}\n` : textOf(node))).join("");
    const expected = this.#pieces.map((piece) => (piece.kind === "text" ? piece.raw : `\n${piece.raw}\n`)).join("");
    const hasRoom = nodes.every(
      (node, index) => !isChip(node) || (isText(nodes[index - 1]) && isText(nodes[index + 1])),
    );
    return shape === expected && hasRoom && nodes.every((node) => isChip(node) || isText(node));
  }

  #draw(text: string): void {
    this.#text = text;
    this.#pieces = this.options.split(text);
    const { ownerDocument } = this.root;
    const nodes: Node[] = [];
    const gap = () => nodes.push(ownerDocument.createTextNode(GAP));
    for (const piece of this.#pieces) {
      if (piece.kind === "text") {
        nodes.push(ownerDocument.createTextNode(piece.raw));
        continue;
      }
      if (!isText(nodes.at(-1))) gap();
      nodes.push(this.#chip(piece));
    }
    if (isChip(nodes.at(-1))) gap();
    // A last line without a letter is not shown otherwise.
    if (text.endsWith("\n")) nodes.push(ownerDocument.createElement("br"));
    this.root.replaceChildren(...nodes);
  }

  #chip(piece: Piece): HTMLElement {
    const chip = this.root.ownerDocument.createElement("span");
    chip.className = "chip";
    chip.contentEditable = "false";
    chip.dataset.raw = piece.raw;
    chip.dataset.source = piece.source;
    paint(chip, this.options.look(piece.source));
    return chip;
  }

  #chips(): NodeListOf<HTMLElement> {
    return this.root.querySelectorAll<HTMLElement>("[data-source]");
  }

  #markChips(): void {
    const { start, end } = this.#selection;
    let index = 0;
    const pieces = this.#pieces.filter((piece) => piece.kind === "expression");
    for (const chip of this.#chips()) {
      const piece = pieces[index++];
      if (piece && start <= piece.start && piece.end <= end) chip.dataset.selected = "";
      else delete chip.dataset.selected;
    }
  }

  /** How far into the text a place in the content is. */
  #offsetOf(node: Node, offset: number): number {
    let length = 0;
    if (node === this.root) {
      for (const child of [...this.root.childNodes].slice(0, offset)) length += textOf(child).length;
      return length;
    }
    for (const child of this.root.childNodes) {
      if (child.contains(node)) {
        if (isText(child)) return length + clean(child.data.slice(0, offset)).length;
        return length + (offset === 0 ? 0 : textOf(child).length);
      }
      length += textOf(child).length;
    }
    return length;
  }

  /** Where in the content a place of the text is. There is a text on both sides of every chip. */
  #locate(offset: number): [Node, number] {
    let left = offset;
    const nodes = [...this.root.childNodes];
    for (const [index, node] of nodes.entries()) {
      const { length } = textOf(node);
      if (isText(node) && left <= length) return [node, placeIn(node.data, left)];
      if (left < length) return [this.root, index];
      left -= length;
    }
    return [this.root, nodes.length];
  }
}

/** The place behind so many letters; in a gap that is behind it, where browsers draw the caret. */
function placeIn(data: string, letters: number): number {
  let place = data.startsWith(GAP) ? 1 : 0;
  for (let left = letters; left > 0; place++) if (data.charAt(place) !== GAP) left--;
  return place;
}

function clean(data: string): string {
  return data.replaceAll(GAP, "");
}

function textOf(node: Node): string {
  if (isChip(node)) return node.dataset.raw ?? "";
  if (node.nodeName === "BR") return "";
  return clean(node.textContent ?? "");
}

function isChip(node: Node | undefined): node is HTMLElement {
  return node !== undefined && node.nodeType === 1 && (node as HTMLElement).dataset.raw !== undefined;
}

function isText(node: Node | undefined): node is Text {
  return node?.nodeType === 3;
}

function paint(chip: HTMLElement, look: ChipLook): void {
  chip.dataset.state = look.state;
  chip.title = look.title;
  const parts = [part(chip, "chip-name", look.label)];
  if (look.value !== null) parts.push(part(chip, "chip-value", look.value));
  if (chip.textContent !== parts.map((node) => node.textContent).join("")) chip.replaceChildren(...parts);
}

function part(chip: HTMLElement, className: string, text: string): HTMLElement {
  const node = chip.ownerDocument.createElement("span");
  node.className = className;
  node.textContent = text;
  return node;
}

/** How many letters two texts share at their ends. */
function sharedEnd(left: string, right: string): number {
  const most = Math.min(left.length, right.length);
  let shared = 0;
  while (shared < most && left.charAt(left.length - 1 - shared) === right.charAt(right.length - 1 - shared)) shared++;
  return shared;
}
