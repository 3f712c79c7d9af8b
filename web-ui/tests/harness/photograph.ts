import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "playwright-core";

const FOLDER = join(import.meta.dirname, "../../shots");

/** Writes what the window shows to `shots/<name>[-<variant>].png`; pages are photographed in full length. */
export async function photograph(page: Page, name: string, variant = ""): Promise<void> {
  await mkdir(FOLDER, { recursive: true });
  // Whatever glides in has arrived.
  await page.evaluate(() => {
    const ending = document.getAnimations().filter(({ effect }) => effect?.getComputedTiming().endTime !== Infinity);
    return Promise.allSettled(ending.map((animation) => animation.finished));
  });
  const path = join(FOLDER, `${[name, variant].filter(Boolean).join("-")}.png`);
  await page.evaluate(rest);
  await page.screenshot({ path, fullPage: true, animations: "disabled" });
}

/** Runs in the page: a canvas that is being moved has come to rest. */
async function rest(): Promise<void> {
  let last: string | null | undefined;
  for (let still = 0; still < 20; still += 1) {
    const now = document.querySelector(".svelte-flow__viewport")?.getAttribute("style");
    if (now !== last) still = 0;
    last = now;
    await new Promise(requestAnimationFrame);
  }
}
