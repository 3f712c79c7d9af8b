import { expect, test } from "vitest";
import type { NodeType } from "../catalogue/catalogue.svelte.ts";
import { effectOf, readable } from "./effect.ts";

const context = { trigger: { body: { email: "ann@example.com", id: 7 } }, steps: {} };
const action = (safe_to_repeat: boolean) => ({ kind: "action", title: "Do it", safe_to_repeat }) as unknown as NodeType;
const node = (type: string, params = {}) => ({ id: "n", type, position: { x: 0, y: 0 }, params });

test("what only computes or reads asks nothing", () => {
  expect(effectOf(node("filter"), { kind: "flow" } as NodeType, context)).toBeNull();
  expect(effectOf(node("http.request", { url: "https://a.test" }), action(false), context)).toBeNull();
  expect(effectOf(node("http.request", { method: "head" }), action(false), context)).toBeNull();
  expect(effectOf(node("contacts.find"), action(true), context)).toBeNull();
  expect(effectOf(node("hubspot.find_contacts"), action(true), context)).toBeNull();
});

test("a request that changes something names its method and where it goes, with the sample's values", () => {
  const params = { method: "POST", url: "https://erp.test/orders/{{ $.trigger.body.id }}?key={{ $.x }}" };
  expect(effectOf(node("http.request", params), action(false), context)).toEqual({
    kind: "http",
    method: "POST",
    target: "erp.test/orders/7",
  });
});

test("a method that is only known at run time is asked about", () => {
  const params = { method: "{{ $.trigger.body.method }}", url: "{{ $.trigger.body.nothing }}" };
  expect(effectOf(node("http.request", params), action(false), context)).toMatchObject({ kind: "http", target: "…" });
});

test("a mail names its recipients", () => {
  const params = { to: ["{{ $.trigger.body.email }}", "b@example.com"] };
  expect(effectOf(node("email.send", params), action(false), context)).toEqual({
    kind: "mail",
    target: "ann@example.com, b@example.com",
  });
});

test("an operation that writes in another system is named by its title", () => {
  expect(effectOf(node("hubspot.upsert_contact"), action(true), context)).toEqual({
    kind: "other",
    operation: "Do it",
  });
  expect(effectOf(node("contacts.upsert", { email: "a@b.test" }), action(true), context)).toEqual({
    kind: "contacts",
    target: "a@b.test",
  });
});

test("an expression that is more than a path stays open", () => {
  expect(readable("a {{ 1 + 1 }} b", context)).toBe("a … b");
  expect(readable(undefined, context)).toBe("");
});
