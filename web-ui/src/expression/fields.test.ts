import { expect, test } from "vitest";
import { fieldsOf, search } from "./fields.ts";
import { printPath } from "./path.ts";

const context = {
  trigger: { method: "POST", body: { id: 1, items: [{ price: 2 }, { price: 3 }], empty: {} } },
  steps: { crm: { id: "c" }, later: { id: "x" } },
  run: { id: "r", started_at: "now" },
  workflow: { id: "w", name: "W" },
};

test("the fields of the request and of the steps before are listed, the body first", () => {
  expect(fieldsOf(context, ["crm"]).map(({ path }) => printPath(path))).toEqual([
    "$.trigger.body.id",
    "$.trigger.body.items[0].price",
    "$.trigger.body.items[0]",
    "$.trigger.body.items",
    "$.trigger.body.empty",
    "$.trigger.body",
    "$.trigger.method",
    "$.trigger",
    "$.steps.crm.id",
    "$.steps.crm",
    "$.run.id",
    "$.run.started_at",
    "$.workflow.name",
    "$.workflow.id",
  ]);
});

test("a search needs all its words, and a name that begins with the last one comes first", () => {
  const names = ["Body › customer › e-mail", "Body › mail address", "Create contact › id", "Body › email"];
  const found = (query: string) =>
    search(
      names.map((name) => ({ name })),
      query,
    ).map(({ name }) => name);
  expect(found("")).toEqual(names);
  expect(found("body mail")).toEqual(["Body › mail address", "Body › customer › e-mail", "Body › email"]);
  expect(found("customer.e-MAIL")).toEqual(["Body › customer › e-mail"]);
  expect(found("nothing")).toEqual([]);
});
