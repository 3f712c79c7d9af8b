import { beforeAll, expect, test } from "vitest";
import german from "../../../crates/server/messages/de.json";
import type { CredentialKind } from "../catalogue/catalogue.svelte.ts";
import { useTexts } from "../texts/texts.ts";
import { fieldFault } from "./field_fault.ts";

beforeAll(() => useTexts("de", german));

const field = (name: string, choices: readonly string[] = []) => ({ name, default: "", choices });
const kind = {
  name: "shop",
  hosts: [],
  hosts_from: "address",
  fields: [field("address"), field("token"), field("plan", ["small", "large"])],
} as unknown as CredentialKind;

test("a fault is told at its field, in the reader's language", () => {
  const fault = (place: string | null, given: Record<string, string> = {}) => fieldFault(kind, place, given, []);
  expect(fault("hosts")).toBe(german["form.hosts_missing"]);
  expect(fault("fields.token")).toBe(german["form.missing"]);
  expect(fault("fields.token", { token: "a\nb" })).toBe(german["form.line_break"]);
  expect(fault("fields.address", { address: "not an address" })).toBe(german["form.address_invalid"]);
  expect(fault("fields.plan", { plan: "huge" })).toBe(german["form.not_a_choice"]);
});

test("what the browser cannot tell is left to the server's words", () => {
  expect(fieldFault(kind, null, {}, [])).toBeUndefined();
  expect(fieldFault(kind, "fields.gone", {}, [])).toBeUndefined();
  expect(fieldFault(kind, "fields.token", { token: "fine" }, [])).toBeUndefined();
  expect(fieldFault(kind, "hosts", {}, ["api.example.com"])).toBeUndefined();
});
