/** Takes the place of `d3-interpolate` below the canvas (see `vite.config.ts`): only views `[x, y, width]` are interpolated there. */
export { interpolateZoom } from "d3-interpolate/zoom";

/** From one list of numbers to another, evenly. */
export function interpolate(from: readonly number[], to: readonly number[]): (progress: number) => number[] {
  return (progress) => from.map((start, index) => start + ((to[index] ?? start) - start) * progress);
}
