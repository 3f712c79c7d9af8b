/** What clicks, keys and drags on the canvas mean. */
import type { Connection, OnConnectEnd } from "@xyflow/svelte";
import { tryToConnect } from "../connection/connecting.ts";
import type { Editor } from "../editor/editor.svelte.ts";
import { lazy } from "../loading/lazy.ts";
import { boxesAround } from "../workflow/boxes.ts";
import type { EdgeDefinition, Position } from "../workflow/definition.ts";
import type { MenuRequest } from "./canvas.svelte.ts";
import { dropTargetAt, NODE_TYPE_MEDIA } from "./dropping.ts";

/** How long a finger rests until the menu opens, and how far it may tremble meanwhile. */
const LONG_PRESS_MS = 550;
const TREMBLE_PX = 8;

export class Gestures {
  readonly #editor: Editor;
  #resting = 0;
  #restsAt: Position = { x: 0, y: 0 };

  constructor(editor: Editor) {
    this.#editor = editor;
  }

  /** A line that was let go: over a step it connects, over nothing it asks for the step that should come there. */
  readonly finishLine: OnConnectEnd = (event, state) => {
    const from = state.fromHandle;
    if (state.isValid || !from?.id) return;
    const anchor = pointOf(event);
    const below = document.elementFromPoint(anchor.x, anchor.y);
    const under = state.toNode?.id ?? below?.closest<HTMLElement>(".svelte-flow__node")?.dataset.id;
    // The ground of the box that a step lies in is as good as an empty canvas.
    const isGround = under !== undefined && boxesAround(this.#editor.definition, from.nodeId).includes(under);
    const target = isGround ? undefined : under;
    if (target === from.nodeId) return;
    if (target) tryToConnect(this.#editor, { from: from.nodeId, port: from.id, to: target });
    else if (below?.closest(".svelte-flow")) this.#search(anchor, { node: from.nodeId, port: from.id });
  };

  clickNode(id: string, event: { ctrlKey: boolean; metaKey: boolean; shiftKey: boolean }): void {
    const { tapped } = this.#editor.canvas;
    if (tapped && !this.#editor.readOnly) {
      tryToConnect(this.#editor, { from: tapped.node, port: tapped.port, to: id });
    } else if (!event.ctrlKey && !event.metaKey && !event.shiftKey) this.#editor.open(id);
  }

  clickPane(event: MouseEvent): void {
    const editor = this.#editor;
    editor.canvas.tapped = null;
    if (editor.panel === "node") editor.panel = "none";
    if (event.detail === 2 && !editor.readOnly) this.#search({ x: event.clientX, y: event.clientY });
  }

  openMenu(event: MouseEvent, about: MenuRequest["about"]): void {
    if (this.#editor.readOnly) return;
    event.preventDefault();
    const box = (event.target as Element).getBoundingClientRect();
    // The menu key names no place.
    const isPointed = event.clientX !== 0 || event.clientY !== 0;
    const anchor = isPointed ? { x: event.clientX, y: event.clientY } : { x: box.left + 20, y: box.top + 20 };
    this.#editor.canvas.menu = { about, anchor };
  }

  /** Enter opens what has the focus. */
  press(event: KeyboardEvent): void {
    const { canvas, readOnly } = this.#editor;
    if (event.key === "Escape" && canvas.tapped) {
      event.preventDefault();
      canvas.tapped = null;
    }
    const element = event.target as Element;
    const id = element.getAttribute("data-id");
    // With a modifier it means something else.
    if (event.key !== "Enter" || event.ctrlKey || event.metaKey || !id) return;
    if (element.classList.contains("svelte-flow__node")) {
      event.preventDefault();
      this.clickNode(id, event);
    } else if (element.classList.contains("svelte-flow__edge") && !readOnly) {
      event.preventDefault();
      this.#editor.select([], [id]);
      const box = element.getBoundingClientRect();
      canvas.menu = { about: "edge", anchor: { x: box.x + box.width / 2, y: box.y + box.height / 2 } };
    }
  }

  /**
   * With Control the canvas would take a focused step out of the selection on Enter, and whoever listens to Control and Enter
   * would find nothing selected. So the key goes past the canvas.
   */
  passOn(event: KeyboardEvent): void {
    const { key, ctrlKey, metaKey, shiftKey } = event;
    if (key !== "Enter" || !(ctrlKey || metaKey) || !(event.target as Element).classList.contains("svelte-flow__node"))
      return;
    event.stopPropagation();
    window.dispatchEvent(new KeyboardEvent("keydown", { key, ctrlKey, metaKey, shiftKey, cancelable: true }));
  }

  /** A finger that rests on something opens its menu; browsers on iOS have no event for that. */
  restFinger(event: PointerEvent): void {
    this.liftFinger();
    const element = (event.target as Element).closest(".svelte-flow__node, .svelte-flow__edge, .svelte-flow__pane");
    if (event.pointerType !== "touch" || !event.isPrimary || !element || this.#editor.readOnly) return;
    this.#restsAt = { x: event.clientX, y: event.clientY };
    this.#resting = window.setTimeout(() => {
      const id = element.getAttribute("data-id");
      const isEdge = element.classList.contains("svelte-flow__edge");
      const isKnown = id !== null && this.#editor.selectedNodes.has(id);
      if (id && !isKnown) this.#editor.select(isEdge ? [] : [id], isEdge ? [id] : []);
      this.#editor.canvas.menu = { about: id ? (isEdge ? "edge" : "node") : "canvas", anchor: this.#restsAt };
    }, LONG_PRESS_MS);
  }

  moveFinger(event: PointerEvent): void {
    const { x, y } = this.#restsAt;
    if (Math.hypot(event.clientX - x, event.clientY - y) > TREMBLE_PX) this.liftFinger();
  }

  liftFinger(): void {
    clearTimeout(this.#resting);
  }

  dragOver(event: DragEvent): void {
    const { readOnly, canvas, definition } = this.#editor;
    if (readOnly || !event.dataTransfer?.types.includes(NODE_TYPE_MEDIA)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    canvas.drop = dropTargetAt(definition, { x: event.clientX, y: event.clientY });
  }

  /** A step from the palette comes where it was dropped, connected with what lay there. */
  drop(event: DragEvent): void {
    const { canvas, catalogue } = this.#editor;
    const nodeType = catalogue.get(event.dataTransfer?.getData(NODE_TYPE_MEDIA) ?? "");
    const target = canvas.drop;
    canvas.drop = null;
    if (!nodeType || !target) return;
    event.preventDefault();
    // The pointer holds the card by its icon.
    const place = canvas.viewport?.placeAt({ x: event.clientX - 30, y: event.clientY - 30 });
    void lazy(() => import("../palette/adding.ts")).then(({ addStep }) => {
      if (target.kind === "edge") addStep(this.#editor, nodeType, { edge: target.edge });
      else if (target.kind === "port") {
        addStep(this.#editor, nodeType, { from: { node: target.node, port: target.port } });
      } else if (target.kind === "box") {
        addStep(this.#editor, nodeType, { box: target.box, ...(place ? { at: place } : {}) });
      } else addStep(this.#editor, nodeType, place ? { at: place } : {});
    });
  }

  #search(anchor: Position, from?: { node: string; port: string }): void {
    const { canvas } = this.#editor;
    const at = canvas.viewport?.placeAt(anchor);
    canvas.openPalette({ anchor, ...(at ? { at } : {}), ...(from ? { from } : {}) });
  }
}

/** What the canvas calls a connection, as the document's edge. */
export function edgeOf(
  connection: Pick<Connection, "source" | "target"> & { sourceHandle?: string | null },
): EdgeDefinition {
  return { from: connection.source, port: connection.sourceHandle ?? "", to: connection.target };
}

function pointOf(event: MouseEvent | TouchEvent): Position {
  const touch = "changedTouches" in event ? event.changedTouches[0] : event;
  return { x: touch?.clientX ?? 0, y: touch?.clientY ?? 0 };
}
