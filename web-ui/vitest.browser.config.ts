import { defineConfig } from "vitest/config";

/** These look at the clock, so nothing else may run beside them. */
const MEASURED = ["tests/history.test.ts", "tests/speed.test.ts", "tests/weights.test.ts"];

const shared = {
  environment: "node",
  pool: "forks",
  testTimeout: 60_000,
  hookTimeout: 60_000,
  // How long a page may take on a busy machine. What must be quick is measured by the files above, or says so itself.
  expect: { poll: { timeout: 10_000 } },
  // A failed test is looked at, not tried until it passes.
  retry: 0,
} as const;

/**
 * The browser suite: the real binary, a real Chromium. `--mode shots` takes the screenshots instead of testing.
 * Each file starts a server of its own, so files may run beside each other.
 */
export default defineConfig(({ mode }) => {
  if (mode === "shots") return { test: { ...shared, include: ["tests/shots/*.ts"], maxWorkers: 2 } };
  const worked = { name: "worked", include: ["tests/*.test.ts"], exclude: MEASURED, maxWorkers: 2 };
  const measured = { name: "measured", include: MEASURED, maxWorkers: 1 };
  return {
    test: {
      projects: [
        { test: { ...shared, ...worked, sequence: { groupOrder: 0 } } },
        { test: { ...shared, ...measured, sequence: { groupOrder: 1 } } },
      ],
    },
  };
});
