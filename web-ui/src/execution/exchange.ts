/** What an exchange of a step shows at a glance; see `engine::effects::exchange` for what it holds. */
import type { Json, JsonObject } from "../workflow/definition.ts";

export interface ExchangeParts {
  /** `POST https://api.example.com/orders`, or none for what is no HTTP request. */
  readonly title: string;
  /** Null when no answer came. */
  readonly status: number | null;
  readonly duration_ms: number | null;
  readonly request: MessageParts;
  readonly response: MessageParts;
}

export interface MessageParts {
  readonly headers: JsonObject;
  readonly body: Json;
  /** Everything else that is worth reading. */
  readonly rest: JsonObject;
}

export function partsOf(exchange: JsonObject): ExchangeParts {
  const request = objectAt(exchange, "request");
  const response = objectAt(exchange, "response");
  const isHttp = typeof request.method === "string" && typeof request.url === "string";
  const { status, duration_ms } = response;
  return {
    title: isHttp ? `${request.method as string} ${request.url as string}` : "",
    status: typeof status === "number" ? status : null,
    duration_ms: typeof duration_ms === "number" ? duration_ms : null,
    request: messageOf(request, isHttp ? ["method", "url"] : []),
    response: messageOf(
      response,
      response.url === request.url ? ["status", "duration_ms", "url"] : ["status", "duration_ms"],
    ),
  };
}

function messageOf(message: JsonObject, shownElsewhere: readonly string[]): MessageParts {
  const hidden = [...shownElsewhere, "headers", "body"];
  const rest = Object.entries(message).filter(([name, value]) => !hidden.includes(name) && value !== null);
  return { headers: objectAt(message, "headers"), body: message.body ?? null, rest: Object.fromEntries(rest) };
}

function objectAt(value: JsonObject, name: string): JsonObject {
  const inner = value[name];
  return typeof inner === "object" && inner !== null && !Array.isArray(inner) ? (inner as JsonObject) : {};
}
