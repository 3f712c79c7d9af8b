import { expect, test } from "vitest";
import { pointer, select } from "./selection.ts";

function hear(target: EventTarget, type: string): void {
  target.dispatchEvent(new Event(type));
}

test("a listener takes the place of the one with the same type and name, and leaves others alone", () => {
  const target = new EventTarget();
  const said: string[] = [];
  const selected = select(target);
  selected.on("down.drag", () => said.push("first"));
  selected.on("down.zoom", () => said.push("zoom"));
  selected.on("down.drag", () => said.push("second"));
  hear(target, "down");
  expect(said).toEqual(["zoom", "second"]);
});

test("a listener goes by type and name, by name alone, and can be asked for", () => {
  const target = new EventTarget();
  let count = 0;
  const listener = () => {
    count += 1;
  };
  select(target).on("down.drag up.drag", listener).on("down.zoom", listener);
  expect(select(target).on("up.drag")).toBe(listener);
  select(target).on("up.drag", null);
  expect(select(target).on("up.drag")).toBeUndefined();
  hear(target, "up");
  hear(target, "down");
  expect(count).toBe(2);
  select(target).on(".drag", null);
  hear(target, "down");
  expect(count).toBe(3);
});

test("what was heard while capturing is taken away again", () => {
  const target = new EventTarget();
  let count = 0;
  select(target).on("move.drag", () => (count += 1), { capture: true });
  select(target).on("move.drag", null);
  hear(target, "move");
  expect(count).toBe(0);
});

test("a property is set from a value or from what makes one of the element", () => {
  const target = Object.assign(new EventTarget(), { size: 2 });
  const selected = select(target).property("zoom", function (this: typeof target) {
    return this.size * 2;
  });
  expect(selected.property("zoom")).toBe(4);
  expect(select(null).property("zoom", 1).on("x.y", null).property("zoom")).toBeUndefined();
});

test("what is not wanted is left out of all that follows", () => {
  const target = new EventTarget();
  let count = 0;
  select(target)
    .filter(() => false)
    .on("down.drag", () => (count += 1))
    .each(() => (count += 1));
  hear(target, "down");
  expect(count).toBe(0);
});

test("a place is measured from the element's inner corner, through what wraps the event", () => {
  const element = { getBoundingClientRect: () => ({ left: 10, top: 20 }), clientLeft: 1, clientTop: 2 };
  const event = { clientX: 0, clientY: 0, sourceEvent: { clientX: 111, clientY: 222 } };
  expect(pointer(event, element as unknown as Element)).toEqual([100, 200]);
});
