/**
 * How large a card is and where its ports lie, so that the canvas has no need to measure two hundred of them before it can
 * draw the first line. The styles of card and port say the same.
 */
import type { NodeHandle } from "@xyflow/svelte";
import { Position } from "@xyflow/svelte";
import type { CardShape } from "../canvas/elements.ts";
import type { PortSpec } from "../catalogue/catalogue.svelte.ts";
import type { Size } from "../workflow/boxes.ts";
import { ERROR, type NodeDefinition } from "../workflow/definition.ts";
import { CARD_HEIGHT, CARD_WIDTH } from "../workflow/measures.ts";

/** Room for each way out. */
const WAY_PX = 28;
/** Where the way after a failure begins, as a part of the width. */
const ERROR_AT = 0.85;

/** How high a card with these ports is. */
function cardHeight(ports: readonly PortSpec[]): number {
  return Math.max(CARD_HEIGHT, waysOf(ports).length * WAY_PX + 8);
}

/** How far below the card's upper edge a way out lies. */
export function wayTop(ports: readonly PortSpec[], name: string): number {
  const ways = waysOf(ports);
  const index = ways.findIndex((port) => port.name === name);
  return Math.round(((index + 0.5) * cardHeight(ports)) / ways.length);
}

/** Where all ports lie, also one that shows only while the card is selected. `height` is that of the whole box, if it is one. */
function handlesOf(ports: readonly PortSpec[], hasInput: boolean, size_px: number, box: Size | null): NodeHandle[] {
  const [width, height] = [box?.width ?? CARD_WIDTH, box?.height ?? cardHeight(ports)];
  const around = (x: number, y: number) => ({
    x: x - size_px / 2,
    y: y - size_px / 2,
    width: size_px,
    height: size_px,
  });
  const handles: NodeHandle[] = ports.map((port) =>
    port.name === ERROR
      ? { type: "source", id: port.name, position: Position.Bottom, ...around(width * ERROR_AT, height) }
      : { type: "source", id: port.name, position: Position.Right, ...around(width, wayTop(ports, port.name)) },
  );
  if (hasInput) handles.push({ type: "target", position: Position.Left, ...around(0, cardHeight(ports) / 2) });
  return handles;
}

function waysOf(ports: readonly PortSpec[]): readonly PortSpec[] {
  return ports.filter((port) => port.name !== ERROR);
}

/** Of how many pixels a port is, for a mouse and for a finger; see the canvas' styles. */
const PORT_PX = { fine: 11, coarse: 15 } as const;

const shapes = new WeakMap<NodeDefinition, { readonly key: string; readonly shape: CardShape }>();

/** The shape of a node's card; the same object until its ports change. */
export function shapeOf(
  node: NodeDefinition,
  ports: readonly PortSpec[],
  hasInput: boolean,
  isTouch: boolean,
): CardShape {
  const key = `${hasInput} ${isTouch} ${ports.map((port) => port.name).join("\n")}`;
  const known = shapes.get(node);
  if (known?.key === key) return known.shape;
  const size_px = isTouch ? PORT_PX.coarse : PORT_PX.fine;
  const shape = { height: cardHeight(ports), handles: (box: Size | null) => handlesOf(ports, hasInput, size_px, box) };
  shapes.set(node, { key, shape });
  return shape;
}
