/** What lies under a step that is dragged over the canvas. */
import { isBox } from "../workflow/boxes.ts";
import { type Definition, edgeKey, nodeOf, type Position } from "../workflow/definition.ts";
import type { DropTarget } from "./canvas.svelte.ts";

/** The kind of data that a step carries while it is dragged from the palette. */
export const NODE_TYPE_MEDIA = "application/x-stellwerk-node-type";

/** What a step would be connected with if it were dropped at a point of the screen. */
export function dropTargetAt(definition: Definition, point: Position): DropTarget {
  for (const element of document.elementsFromPoint(point.x, point.y)) {
    const port = element.closest<HTMLElement>("[data-port]");
    const node = element.closest<HTMLElement>(".svelte-flow__node")?.dataset.id;
    if (port?.dataset.port && node) return { kind: "port", node, port: port.dataset.port };
    const key = element.closest(".svelte-flow__edge")?.getAttribute("data-id");
    const edge = key ? definition.edges.find((known) => edgeKey(known) === key) : undefined;
    if (edge) return { kind: "edge", edge };
    if (node && isBox(nodeOf(definition, node))) return { kind: "box", box: node };
  }
  return { kind: "canvas" };
}
