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
  await page.screenshot({ path, fullPage: true, animations: "disabled" });
}
