/**
 * Leaves the built files behind as the server sends them: compressed with gzip. That happens once here instead of in every server,
 * so it may take the time of Zopfli, which finds the smallest file that any browser can unpack.
 */
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { gzipAsync } from "@gfx/zopfli";
import type { Plugin } from "vite";

const COMPRESSED = /\.(?:js|css)$/;

export function compressed(): Plugin {
  let isRelease = true;
  return {
    name: "stellwerk-compressed",
    apply: "build",
    configResolved(config) {
      isRelease = config.mode === "production";
    },
    async writeBundle({ dir = "" }, bundle) {
      for (const name of Object.keys(bundle).filter((file) => COMPRESSED.test(file))) {
        const path = join(dir, name);
        const content = await readFile(path);
        // Who watches the build waits for it.
        await writeFile(`${path}.gz`, isRelease ? await gzipAsync(content, { numiterations: 15 }) : gzipSync(content));
        await rm(path);
      }
    },
  };
}
