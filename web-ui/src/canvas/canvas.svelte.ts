/** What the canvas has open, and what it offers to buttons, menus and keys that live elsewhere. */
import { MediaQuery } from "svelte/reactivity";
import type { EdgeDefinition, Position } from "../workflow/definition.ts";

/** An output of a step. */
export interface PortReference {
  readonly node: string;
  readonly port: string;
}

/** Where a step that is picked in the palette goes. Without anything it goes to the free middle of the view. */
export interface PaletteRequest {
  /** The port that leads to it. */
  readonly from?: PortReference;
  /** The connection that it goes into. */
  readonly edge?: EdgeDefinition;
  /** Its place on the canvas. */
  readonly at?: Position;
  /** The box that it comes into. */
  readonly box?: string | undefined;
  /** Where on the screen the person is looking, so that the palette opens there. */
  readonly anchor?: Position;
}

/** A context menu that lies open: where on the screen, and about what. */
export interface MenuRequest {
  readonly anchor: Position;
  readonly about: "node" | "edge" | "canvas";
}

/** What a step that is being dragged in would be connected with if it were dropped now. */
export type DropTarget =
  | { readonly kind: "port"; readonly node: string; readonly port: string }
  | { readonly kind: "edge"; readonly edge: EdgeDefinition }
  | { readonly kind: "box"; readonly box: string }
  | { readonly kind: "canvas" };

/** What only the mounted canvas can do. */
export interface Viewport {
  fit(): void;
  zoomIn(): void;
  zoomOut(): void;
  /** Brings a step into view if it is not, and gives it the keyboard focus when asked to. */
  reveal(node: string, focus?: boolean): void;
  /** The place in the document under a point of the screen. */
  placeAt(anchor: Position): Position;
  /** The place in the document in the middle of what is seen. */
  middle(): Position;
}

// One for all lines: each query that is listened to costs.
const coarse = typeof matchMedia === "undefined" ? null : new MediaQuery("(pointer: coarse)");

export class CanvasState {
  /** None until the canvas is mounted. */
  viewport = $state.raw<Viewport | null>(null);
  palette = $state.raw<PaletteRequest | null>(null);
  menu = $state.raw<MenuRequest | null>(null);
  /** The step whose "connect to…" lies open. */
  connecting = $state.raw<string | null>(null);
  /** The steps whose "into a box…" lies open. */
  boxing = $state.raw<readonly string[] | null>(null);
  /** The boxes that are folded up. */
  collapsed = $state.raw<ReadonlySet<string>>(new Set());
  /** Whether the person has moved the view or touched anything in it; until then it follows the room that it has. */
  isMoved = false;
  /** Counts up when the cards have to go back to where the document has them. */
  redraw = $state(0);
  /** The box that what is being dragged would come into. */
  dropBox = $state.raw<string | null>(null);
  /** The port that was tapped; the next tap on a step connects it. */
  tapped = $state.raw<PortReference | null>(null);
  /** Whether the list of steps lies at the side. */
  docked = $state.raw(false);
  /** What lies under a step that is dragged in. */
  drop = $state.raw<DropTarget | null>(null);
  /** What a screen reader says about the latest gesture. */
  said = $state.raw("");
  /** The connection under the pointer, by its key. */
  hoveredEdge = $state.raw<string | null>(null);

  /** Whether fingers are what points here, so that nothing may wait for a pointer that hovers. */
  get isTouch(): boolean {
    return coarse?.current ?? false;
  }

  /** Opens the search for a step to add. */
  openPalette(request: PaletteRequest = {}): void {
    this.tapped = null;
    this.palette = request;
  }

  /** Folds a box up, or opens it. */
  fold(box: string, isFolded = !this.collapsed.has(box)): void {
    if (this.collapsed.has(box) === isFolded) return;
    const { collapsed } = this;
    this.collapsed = new Set(isFolded ? [...collapsed, box] : [...collapsed].filter((other) => other !== box));
  }

  /** Opens "connect to…" for a step. */
  openConnect(node: string): void {
    this.tapped = null;
    this.connecting = node;
  }

  fit(): void {
    this.viewport?.fit();
  }

  zoomIn(): void {
    this.viewport?.zoomIn();
  }

  zoomOut(): void {
    this.viewport?.zoomOut();
  }

  /** Brings a step into view. */
  reveal(node: string, focus = false): void {
    this.viewport?.reveal(node, focus);
  }
}
