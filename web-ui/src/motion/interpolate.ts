/** Takes the place of `d3-interpolate` below the canvas (see `vite.config.ts`): only views `[x, y, width]` are interpolated there. */

/** From one view to another, evenly: over the short moments of a fit or a zoom nobody sees the difference to a curve. */
export function interpolate(from: readonly number[], to: readonly number[]): (progress: number) => number[] {
  return (progress) => from.map((start, index) => start + ((to[index] ?? start) - start) * progress);
}

export { interpolate as interpolateZoom };
