/** Which Chromium the suite uses, and how it is set up to measure on a machine without a graphics card. */
import { accessSync, constants } from "node:fs";

const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

function find(): string {
  const folders = (process.env.PATH ?? "").split(":");
  const candidates = NAMES.flatMap((name) => folders.map((folder) => `${folder}/${name}`));
  const found = candidates.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  if (!found) throw new Error("Chromium is missing: install it, or name it in the variable CHROMIUM.");
  return found;
}

export const CHROMIUM = process.env.CHROMIUM ?? find();

/** Chromium refuses its own sandbox to the superuser, as whom a build machine often works. */
export const FLAGS = [...(process.getuid?.() === 0 ? ["--no-sandbox"] : []), "--disable-dev-shm-usage"];
