import { fileURLToPath } from "node:url";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";
import { compressed } from "./compressed.ts";
import { partTexts } from "./part-texts.ts";
import { slim } from "./slim.ts";

// The server embeds `dist/` and serves every file in it at `/assets/<name>`; it finds the entry points by `manifest.json`.
export default defineConfig({
  base: "/assets/",
  plugins: [slim(), svelte(), partTexts(), compressed()],
  resolve: {
    ...(process.env.VITEST ? { conditions: ["browser"] } : {}),
    // The canvas animates nothing but pan and zoom; the general libraries for that weigh as much as the whole inspector.
    alias: {
      "d3-selection": fileURLToPath(new URL("src/motion/selection.ts", import.meta.url)),
      "d3-transition": fileURLToPath(new URL("src/motion/transition.ts", import.meta.url)),
      "d3-interpolate": fileURLToPath(new URL("src/motion/interpolate.ts", import.meta.url)),
    },
  },
  build: {
    target: "es2023",
    // With an older target the build would rewrite `light-dark()` into something that only works beside `color-scheme`.
    cssTarget: ["chrome123", "firefox121", "safari17.5"],
    outDir: "dist",
    assetsDir: "",
    manifest: "manifest.json",
    modulePreload: { polyfill: false },
    // Everything inlined as a data address would need an exception in the Content-Security-Policy.
    assetsInlineLimit: 0,
    cssCodeSplit: true,
    rollupOptions: {
      input: { editor: "src/main.ts" },
      output: {
        entryFileNames: "[name].[hash].js",
        chunkFileNames: "[name].[hash].js",
        assetFileNames: "[name].[hash][extname]",
        // What is needed together is one file; the bundler alone would cut it into many small ones, each with its own headers,
        // and each compressed by itself.
        codeSplitting: {
          groups: [
            { name: "base", tags: ["$initial"], priority: 4 },
            // What the settings of a step share with a page that only shows a run.
            { name: "execution", test: /\/(?:execution\.svelte\.ts|RunState\.svelte|json\/shape\.ts)$/, priority: 3 },
            { name: "data", test: /\/(?:JsonView|CopyButton)\.svelte$/, priority: 2 },
            { name: "settings", test: /\/(?:SidePanel|Inspector|StepTest)\.svelte$/, priority: 1 },
            { name: "webhook", test: /\/(?:TriggerPanel|(?:Choices|Settings)Field|WebhookSettings)\.svelte$/ },
          ],
        },
      },
    },
  },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
