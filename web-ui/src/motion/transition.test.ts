import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Selection } from "./selection.ts";
import { interrupt } from "./transition.ts";

/** What the canvas' library calls. */
interface Animated {
  duration(duration_ms: number): Animated;
  ease(ease: (progress: number) => number): Animated;
  on(types: string, listener: (this: Element) => void): Animated;
  tween(name: string, frame: (this: Element) => (this: Element, progress: number) => void): Animated;
  call(action: (animated: Animated, ...rest: number[]) => void, ...rest: number[]): Animated;
  selection(): unknown;
}

/** Frames that the test lets pass. */
let frames = new Map<number, (now_ms: number) => void>();
let last = 0;
let heard: string[] = [];
let seen: number[] = [];
let element: Element;

beforeEach(() => {
  [frames, last, heard, seen, element] = [new Map(), 0, [], [], {} as Element];
  vi.stubGlobal("requestAnimationFrame", (work: (now_ms: number) => void) => {
    frames.set(++last, work);
    return last;
  });
  vi.stubGlobal("cancelAnimationFrame", (request: number) => frames.delete(request));
});
afterEach(() => {
  vi.unstubAllGlobals();
});

function frame(now_ms: number): void {
  const due = [...frames.values()];
  frames.clear();
  for (const work of due) work(now_ms);
}

/** Its types do not know what the module puts on every selection. */
function select(of: Element | null = element): { transition(): Animated; interrupt(): unknown } {
  return new Selection(of) as never;
}

function animate(): Animated {
  const listen = (type: string) => () => heard.push(type);
  return select()
    .transition()
    .duration(200)
    .on("start.zoom", listen("start"))
    .on("interrupt.zoom end.zoom", listen("over"))
    .tween("zoom", () => (progress) => seen.push(progress));
}

test("an animation begins in the next frame, passes evenly and ends exactly where it should", () => {
  animate();
  expect(heard).toEqual([]);
  for (const now_ms of [1_000, 1_050, 1_100, 1_250]) frame(now_ms);
  expect(seen).toEqual([0, 0.25, 0.5, 1]);
  expect([heard, frames.size]).toEqual([["start", "over"], 0]);
});

test("easing bends the way and leaves its end alone", () => {
  animate().ease((progress) => progress ** 2 * 0.9);
  for (const now_ms of [0.5, 100.5, 200.5]) frame(now_ms);
  expect(seen).toEqual([0, 0.225, 1]);
});

test("an animation that is interrupted says so and stands still", () => {
  animate();
  frame(1_000);
  interrupt(element);
  frame(1_050);
  expect([seen, heard, frames.size]).toEqual([[0], ["start", "over"], 0]);
});

test("an animation that never began has nothing to end", () => {
  animate();
  select().interrupt();
  frame(1_000);
  expect([seen, heard]).toEqual([[], []]);
});

test("a second animation of the same element takes the place of the first", () => {
  animate();
  frame(1_000);
  animate();
  expect(heard).toEqual(["start", "over"]);
  frame(2_000);
  frame(2_200);
  expect([seen, heard]).toEqual([
    [0, 0, 1],
    ["start", "over", "start", "over"],
  ]);
});

test("a selection of nothing is animated without a word", () => {
  select(null).transition().duration(10);
  expect(frames.size).toBe(0);
});

test("what is called gets the animation and its arguments, and the selection is there for it", () => {
  const given: unknown[] = [];
  const animated = animate().call((...all) => given.push(...all), 1, 2);
  expect(given).toEqual([animated, 1, 2]);
  expect(animated.selection()).toBeInstanceOf(Selection);
});
