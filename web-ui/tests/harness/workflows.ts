/** Workflows that tests begin with. */
import type { Definition, EdgeDefinition, JsonObject, NodeDefinition } from "../../src/workflow/definition.ts";

/** What a shop sends when an order is paid; the node type's own example has the same shape. */
export const ORDER = {
  id: "A-1001",
  amount: 129.9,
  customer: { name: "Jörg Weiß", email: "joerg.weiss@example.com" },
};

const SETTINGS = { timezone: "Europe/Berlin", max_parallel_runs: 10, run_timeout_ms: 3_600_000 };

export function node(id: string, type: string, params: JsonObject = {}, column = 0, row = 0): NodeDefinition {
  return { id, type, params, position: { x: column * 280, y: row * 120 } };
}

export function definition(nodes: readonly NodeDefinition[], edges: readonly string[]): Definition {
  return { nodes, edges: edges.map(edge), settings: SETTINGS };
}

/** `from -> to` or `from:port -> to`. */
function edge(text: string): EdgeDefinition {
  const [start = "", to = ""] = text.split(" -> ");
  const [from = "", port = "out"] = start.split(":");
  return { from, port, to };
}

/** An order arrives; large ones are told to another system. */
export function largeOrders(url: string): Definition {
  const when = { all: [{ left: "{{ $.trigger.body.amount }}", op: "greater_than", right: 100 }] };
  return definition(
    [
      node("order", "webhook", { slug: "order-paid" }),
      node("large", "filter", { when }, 1),
      node("tell", "http.request", tell(url), 2),
    ],
    ["order -> large", "large -> tell"],
  );
}

/** The parameters of a call that passes an order on. */
function tell(url: string): JsonObject {
  return {
    method: "POST",
    url: `${url}/orders`,
    body: { order: "{{ $.trigger.body.id }}", to: "{{ $.trigger.body.customer.email }}" },
  };
}

/** A trigger and rows of steps behind each other, `count` nodes in all. */
export function many(count: number): Definition {
  const nodes = [node("start", "webhook", { slug: "many" })];
  const edges: string[] = [];
  for (let index = 1; index < count; index += 1) {
    const id = `step_${index}`;

    nodes.push(node(id, "set_fields", { fields: { number: index } }, (index % 20) + 1, Math.floor(index / 20)));
    edges.push(index % 20 === 0 || index === 1 ? `start -> ${id}` : `step_${index - 1} -> ${id}`);
  }
  return definition(nodes, edges);
}

/** What a shop sends with the lines of an order; the last one is one that the other system does not take. */
export const ORDER_WITH_LINES = {
  id: "A-1002",
  lines: [
    { sku: "cup", count: 2 },
    { sku: "pot", count: 1 },
    { sku: "bad", count: 0 },
  ],
};

/** Puts a node into a box, at a place of its own. */
export function inside(box: string, step: NodeDefinition, x: number, y: number): NodeDefinition {
  return { ...step, parent: box, position: { x, y } };
}

/** Every line of an order becomes a piece of data, and lines of nothing stop with an error; the others go on. */
export function orderLines(): Definition {
  const when = { all: [{ left: "{{ $.item.count }}", op: "greater_than", right: 0 }] };
  const fields = { sku: "{{ $.item.sku }}", number: "{{ index }}" };
  return definition(
    [
      node("order", "webhook", { slug: "order-lines" }),
      {
        ...node("each", "for_each", { items: "{{ $.trigger.body.lines }}", on_failure: "continue" }),
        position: { x: 300, y: 0 },
      },
      inside("each", node("has", "if", { when }), 340, 80),
      inside("each", node("line", "set_fields", { fields }), 640, 80),
      inside("each", node("stop", "stop_with_error", { message: "A line of nothing" }), 640, 200),
      { ...node("after", "set_fields", { fields: { done: true } }), position: { x: 1000, y: 0 } },
    ],
    ["order -> each", "has:true -> line", "has:false -> stop", "each -> after"],
  );
}
