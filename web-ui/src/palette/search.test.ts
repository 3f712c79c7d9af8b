import { describe, expect, it } from "vitest";
import type { NodeKind, NodeType } from "../catalogue/catalogue.svelte.ts";
import { find, grouped } from "./search.ts";

function type(name: string, kind: NodeKind, title: string, description = ""): NodeType {
  return {
    name,
    kind,
    title,
    description,
    icon: "",
    parameters: [],
    ports: [],
    credential_required: false,
    safe_to_repeat: true,
  };
}

const types = [
  type("http.request", "action", "HTTP-Aufruf", "Sendet eine Anfrage an eine beliebige Adresse"),
  type("email.send", "action", "E-Mail senden"),
  type("contacts.delete", "action", "Kontakt löschen"),
  type("filter", "flow", "Filter", "Macht nur weiter, wenn die Bedingungen zutreffen"),
  type("webhook", "trigger", "Webhook"),
];
const names = (query: string) => find(types, query).map((found) => found.name);

describe("the search for a step", () => {
  it("finds everything when nothing is typed", () => {
    expect(names("  ")).toHaveLength(types.length);
  });

  it("puts a title before a description", () => {
    expect(names("senden")).toEqual(["email.send"]);
    expect(names("sende")).toEqual(["email.send", "http.request"]);
  });

  it("finds by the technical name, too", () => {
    expect(names("contacts")).toEqual(["contacts.delete"]);
  });

  it("needs no accents and no capitals", () => {
    expect(names("LOSCHEN")).toEqual(["contacts.delete"]);
  });

  it("wants every word to fit", () => {
    expect(names("mail senden")).toEqual(["email.send"]);
    expect(names("mail löschen")).toEqual([]);
  });

  it("groups by kind in the order of thinking, with what was used lately first", () => {
    const groups = grouped(types, ["email.send", "gone"]);
    expect(groups.map((group) => group.kind)).toEqual(["recent", "trigger", "flow", "action"]);
    expect(groups[0]?.nodeTypes.map((found) => found.name)).toEqual(["email.send"]);
  });
});
