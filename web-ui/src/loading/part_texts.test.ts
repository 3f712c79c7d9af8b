import { expect, test } from "vitest";
import { keysIn } from "../../part-texts.ts";

const KEYS = ["editor.close", "editor.closed", "status.failed", "status.paused", "failure.timeout.title"];

test("the texts at the start are those that the code names", () => {
  expect(keysIn('t("editor.close");t(`failure.timeout.title`)', KEYS)).toEqual([
    "editor.close",
    "failure.timeout.title",
  ]);
});

test("of keys that are put together the page gets all that begin so", () => {
  expect(keysIn(`t(\`status.\${state}\`)`, KEYS)).toEqual(["status.failed", "status.paused"]);
});
