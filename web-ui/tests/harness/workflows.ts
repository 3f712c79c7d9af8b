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
