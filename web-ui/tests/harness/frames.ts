/** How smoothly the browser draws while something moves. */
import type { Page } from "playwright-core";

/** Frames per second between the start of `movement` and its end. */
export async function framesWhile(page: Page, movement: () => Promise<void>): Promise<number> {
  await page.evaluate(() => {
    const counter = { frames: 0, begin: performance.now(), isOn: true };
    (globalThis as unknown as { counter: typeof counter }).counter = counter;
    const count = () => {
      counter.frames += 1;
      if (counter.isOn) requestAnimationFrame(count);
    };
    requestAnimationFrame(count);
  });
  await movement();
  return page.evaluate(() => {
    const { counter } = globalThis as unknown as { counter: { frames: number; begin: number; isOn: boolean } };
    counter.isOn = false;
    return (counter.frames * 1000) / (performance.now() - counter.begin);
  });
}

/** Moves the held mouse to and fro, one step for each frame that was drawn, as a hand would. */
export async function sweep(page: Page, from: { x: number; y: number }, steps = 90): Promise<void> {
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  for (let step = 1; step <= steps; step += 1) {
    const way = Math.sin((step / steps) * Math.PI * 2) * 160;
    await page.mouse.move(from.x + way, from.y + way / 3);
  }
  await page.mouse.up();
}
