import { expect, test } from "vitest";
import { preview, readableName, type Words } from "./names.ts";

const words: Words = {
  trigger: "Request",
  run: "Run",
  workflow: "Workflow",
  variables: "Variables",
  item: "Item",
  index: "Turn",
  part: (name) => ({ body: "Body", headers: "Headers" })[name],
  stepTitle: (id) => (id === "crm" ? "Create contact" : undefined),
};

test("a path reads as its parts, beginning with what it belongs to", () => {
  expect(readableName(["trigger", "body", "customer", "email"], words)).toBe("Body › customer › email");
  expect(readableName(["item", "sku"], words)).toBe("Item › sku");
  expect(readableName(["trigger"], words)).toBe("Request");
  expect(readableName(["trigger", "event"], words)).toBe("event");
  expect(readableName(["steps", "crm", "id"], words)).toBe("Create contact › id");
  expect(readableName(["steps", "gone", "id"], words)).toBe("gone › id");
  expect(readableName(["run", "id"], words)).toBe("Run › id");
  expect(readableName(["trigger", "body", "items", 0, "name"], words)).toBe("Body › items › #1 › name");
});

test("a value is shown on one line and cut", () => {
  expect(preview("a\n  b")).toBe("a b");
  expect(preview({ a: [1, null] })).toBe('{"a":[1,null]}');
  expect(preview("x".repeat(40))).toBe(`${"x".repeat(31)}…`);
});
