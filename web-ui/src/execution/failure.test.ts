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

test("our own sentences stand in the reader's language, and those of others as they were said", () => {
  const refused = error("address_refused", { host: "intern", address: "10.0.0.8" });
  expect(explain(refused)).toMatchObject({ reason: refused.message, message: "" });
  useTexts("de", german);
  expect(explain(refused)).toMatchObject({ reason: "„intern“ führt zu 10.0.0.8.", message: refused.message });
  expect(explain(error("stopped"))).toMatchObject({ reason: "The server's words.", message: "" });
  expect(explain(error("parameter", { problem: "not_a_choice" })).reason).toBe(german["draft.not_a_choice"]);
  expect(explain(error("called", { error: error("stopped") })).reason).toBe(german["failure.stopped.title"]);
});

test("a reason is left out where a fact for it is missing", () => {
  useTexts("de", german);
  expect(explain(error("address_refused", { host: "intern" })).reason).toBe("");
  expect(explain(error("host_refused", { address: "https://a", allowed: [] })).reason).toBe("");
  expect(explain(error("host_refused", { address: "https://a", allowed: ["b", "c"] })).reason).toContain("b, c");
  expect(explain(error("timeout")).reason).toBe("");
});

test("a kind of failure that is not known yet shows the server's words", () => {
  expect(explain(error("something_new")).title).toBe("The server's words.");
});

test("a field is called what the form calls it", () => {
  const nodeType = { parameters: [{ name: "body", title: "Content" }] } as unknown as NodeType;
  expect(fieldTitle(nodeType, "body.items[0].ref")).toBe("Content › items › 0 › ref");
  expect(fieldTitle(undefined, "url")).toBe("url");
});
