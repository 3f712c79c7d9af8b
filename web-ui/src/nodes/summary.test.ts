import { beforeAll, describe, expect, it } from "vitest";
import english from "../../../crates/server/messages/en.json";
import { Catalogue, type NodeType, type Parameter } from "../catalogue/catalogue.svelte.ts";
import { useTexts } from "../texts/texts.ts";
import type { JsonObject, NodeDefinition } from "../workflow/definition.ts";
import { summaryOf, summaryText } from "./summary.ts";

const operators = [
  { name: "greater_than", title: "is greater than", needs_right: true },
  { name: "is_empty", title: "is empty", needs_right: false },
];
const catalogue = new Catalogue([], operators);

function nodeType(name: string, parameters: readonly Partial<Parameter>[] = []): NodeType {
  return {
    name,
    kind: "action",
    title: "Title of the type",
    description: "What the type does",
    icon: "",
    parameters: parameters.map((one) => ({ name: "x", kind: "text", title: "X", required: false, ...one })),
    ports: [],
    credential_required: false,
    safe_to_repeat: true,
  };
}

function node(type: string, params: JsonObject, title?: string): NodeDefinition {
  return { id: "one", type, params, position: { x: 0, y: 0 }, ...(title ? { title } : {}) };
}

function line(type: string, params: JsonObject, parameters: readonly Partial<Parameter>[] = []): string {
  return summaryText(summaryOf(node(type, params), nodeType(type, parameters), catalogue));
}

beforeAll(() => useTexts("en", english));

describe("the line on a card", () => {
  it("names method and address of a request without what all addresses have", () => {
    expect(line("http.request", { method: "POST", url: "https://api.example.com/orders" })).toBe(
      "POST api.example.com/orders",
    );
  });

  it("shows an expression as the name of its field", () => {
    const params = { to: ["{{ $.trigger.body.customer.email }}"], subject: "Welcome" };
    const parts = summaryOf(node("email.send", params), nodeType("email.send"), catalogue);
    expect(summaryText(parts)).toBe("To email: Welcome");
    expect(parts.filter((part) => part.isField).map((part) => part.text)).toEqual(["email"]);
  });

  it("names the list when a path ends with an index, and keeps another expression as it is", () => {
    expect(line("http.request", { url: "{{ $.trigger.body.items[0] }}" })).toBe("GET items");
    expect(line("http.request", { url: "{{ vars.base + 1 }}" })).toBe("GET vars.base + 1");
  });

  it("reads a condition as a sentence", () => {
    const row = { left: "{{ $.trigger.body.amount }}", op: "greater_than", right: 100 };
    expect(line("filter", { when: { all: [row] } })).toBe("amount is greater than 100");
    expect(line("filter", { when: row })).toBe("amount is greater than 100");
  });

  it("joins conditions by their word and brackets nested groups", () => {
    const empty = (name: string) => ({ left: `{{ $.trigger.body.${name} }}`, op: "is_empty" });
    const when = { all: [empty("a"), { any: [empty("b"), empty("c")] }] };
    expect(line("if", { when })).toBe("a is empty and (b is empty or c is empty)");
  });

  it("takes the first line of a script, without the signs of a comment", () => {
    expect(line("code", { script: "\n  // Sum of all items\nlet a = 1;" })).toBe("Sum of all items");
  });

  it("names what a webhook listens to", () => {
    expect(line("webhook", {})).toBe("Every POST request");
    expect(line("webhook", { slug: "order-paid", methods: ["POST", "PUT"] })).toBe("POST, PUT …/order-paid");
  });

  it("shows the first two texts of a type that nothing special is known about", () => {
    const parameters: Partial<Parameter>[] = [
      { name: "channel" },
      { name: "text", kind: "long_text" },
      { name: "thread" },
    ];
    expect(line("slack.send_message", { channel: "#orders", text: "New order", thread: "7" }, parameters)).toBe(
      "#orders · New order",
    );
  });

  it("says that something is missing only when something required is", () => {
    expect(line("contacts.upsert", {}, [{ name: "email", required: true }])).toBe("Not set up yet");
    expect(line("contacts.list", {}, [{ name: "limit" }])).toBe("What the type does");
  });

  it("tells the type when the person gave the step another title", () => {
    const parts = summaryOf(node("contacts.list", {}, "My people"), nodeType("contacts.list"), catalogue);
    expect(summaryText(parts)).toBe("Title of the type");
  });

  it("says which type is missing", () => {
    expect(summaryText(summaryOf(node("sap.book", {}), undefined, catalogue))).toBe(
      "This kind of step is not installed: sap.book",
    );
  });

  it("never grows beyond what can be seen", () => {
    const when = { all: Array.from({ length: 50 }, () => ({ left: "a", op: "is_empty" })) };
    expect(summaryOf(node("filter", { when }), nodeType("filter"), catalogue).length).toBeLessThanOrEqual(12);
  });
});
