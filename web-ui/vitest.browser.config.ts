import { defineConfig } from "vitest/config";

/**
 * The browser suite: the real binary, a real Chromium. `--mode shots` takes the screenshots instead of testing.
 * Each file starts a server of its own, so files may run beside each other.
 */
export default defineConfig(({ mode }) => ({
  test: {
    include: mode === "shots" ? ["tests/shots/*.ts"] : ["tests/*.test.ts"],
    environment: "node",
    pool: "forks",
    maxWorkers: Number(process.env.BROWSER_WORKERS ?? 2),
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // A failed test is looked at, not tried until it passes.
    retry: 0,
  },
}));
