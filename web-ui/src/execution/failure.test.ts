import { readFileSync } from "node:fs";
import { beforeEach, expect, test } from "vitest";
import german from "../../../crates/server/messages/de.json";
import english from "../../../crates/server/messages/en.json";
import type { NodeType } from "../catalogue/catalogue.svelte.ts";
import { useTexts } from "../texts/texts.ts";
import { explain, fieldTitle } from "./failure.ts";

const error = (code: string, details = {}) => ({ code, message: "The server's words.", retryable: false, details });

beforeEach(() => useTexts("en", english));

test("every kind of failure that the engine knows is explained in both languages", () => {
  const source = readFileSync(new URL("../../../crates/model/src/error.rs", import.meta.url), "utf8");
  const list = /ErrorCode \{([\s\S]*?)\n {4}\}/.exec(source)?.[1] ?? "";
  const codes = [...list.matchAll(/^ +\w+ = "(\w+)",$/gm)].map((match) => match[1] ?? "");
  expect(codes).toContain("script_limit");
  for (const [language, texts] of Object.entries({ en: english, de: german })) {
    useTexts(language, texts);
    for (const code of codes) {
      const { title, advice } = explain(error(code, { status: 418 }));
      expect(title, code).not.toBe("The server's words.");
      expect(advice.length, code).toBeGreaterThan(20);
    }
  }
});

test("a status is explained by its own text where there is one", () => {
  const titles = [401, 404, 418, 503].map((status) => explain(error("http_status", { status, body: "" })).title);
  expect(new Set(titles).size).toBe(4);
  expect(titles[2]).toContain("418");
  expect(titles[3]).toContain("503");
});

test("what the other side said stands in its own place", () => {
  expect(explain(error("http_status", { status: 422, body: "email is taken" })).answer).toBe("email is taken");
  expect(explain(error("dns")).answer).toBeNull();
});

test("a place in a script and the time to wait are named", () => {
  const failure = explain({ ...error("script", { line: 3, column: 7 }), retryable: true, retry_after_ms: 2_000 });
  expect(failure.place).toBe("Line 3, column 7");
  expect(failure.hints).toHaveLength(1);
});

test("a kind of failure that is not known yet shows the server's words", () => {
  expect(explain(error("something_new")).title).toBe("The server's words.");
});

test("a field is called what the form calls it", () => {
  const nodeType = { parameters: [{ name: "body", title: "Content" }] } as unknown as NodeType;
  expect(fieldTitle(nodeType, "body.items[0].ref")).toBe("Content › items › 0 › ref");
  expect(fieldTitle(undefined, "url")).toBe("url");
});
