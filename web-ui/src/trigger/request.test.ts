import { expect, test } from "vitest";
import { exampleOf } from "../workflow/example.ts";
import { curlLine, endpointOf, methodsOf, outgoingOf, parseSample, receivedOf } from "./request.ts";

const URL = "https://flows.example/hooks/v1/order/0190";
const node = (params = {}) => ({ id: "order", type: "webhook", position: { x: 0, y: 0 }, params });
const line = (sample: Parameters<typeof receivedOf>[0], methods = ["POST"]) =>
  curlLine(URL, outgoingOf(receivedOf(sample), methods));

test("a curl line carries method, content type and body of the sample", () => {
  expect(line({ body: { id: "A-1", amount: 5 } })).toBe(
    `curl ${URL} -H 'Content-Type: application/json' --data-raw '{"id":"A-1","amount":5}'`,
  );
  expect(line({ method: "PUT", body: { a: 1 } }, ["POST", "PUT"])).toContain("curl -X PUT ");
  expect(line({ method: "POST", body: null })).toBe(`curl -X POST ${URL}`);
});

test("a method that the webhook does not take is replaced by one that it takes", () => {
  expect(line({ method: "DELETE", query: { q: "a b" }, body: 1 }, ["GET"])).toBe(`curl '${URL}?q=a+b'`);
});

test("quotes in a body survive the shell", () => {
  expect(line({ body: "it's" })).toBe(`curl ${URL} -H 'Content-Type: text/plain' --data-raw 'it'\\''s'`);
});

test("a form is sent as a form, a lost multipart body as JSON", () => {
  const form = { headers: { "content-type": "application/x-www-form-urlencoded" }, body: { a: ["1", "2"], b: "ü" } };
  expect(outgoingOf(receivedOf(form), ["POST"]).body).toBe("a=1&a=2&b=%C3%BC");
  const multipart = { headers: { "content-type": "multipart/form-data; boundary=x" }, body: { a: "1" } };
  expect(outgoingOf(receivedOf(multipart), ["POST"])).toMatchObject({
    contentType: "application/json",
    body: '{"a":"1"}',
  });
});

test("a text that is JSON stays JSON", () => {
  const sample = { headers: { "content-type": "application/json; charset=utf-8" }, body: "hello" };
  expect(outgoingOf(receivedOf(sample), ["POST"])).toMatchObject({ contentType: "application/json", body: '"hello"' });
});

test("the sender's own header fields go along, those of the way, secrets and broken ones do not", () => {
  const headers = {
    "x-delivery-id": "A 1",
    "x-shop": "Nord",
    "x-api-key": "•••",
    "x-forwarded-for": "10.0.0.1",
    "x-shop-hmac-sha256": "mB3k",
    "x-odd": ["a", "b"],
    "x-umlaut": "ü",
    authorization: "•••",
    "user-agent": "shop/1",
    host: "shop.example",
  };
  const outgoing = outgoingOf(receivedOf({ headers, body: { id: 1 } }), ["POST"]);
  expect(outgoing.headers).toEqual({ "x-delivery-id": "A 1", "x-shop": "Nord" });
  expect(line({ headers, body: { id: 1 } })).toBe(
    `curl ${URL} -H 'Content-Type: application/json' -H 'x-delivery-id: A 1' -H 'x-shop: Nord' --data-raw '{"id":1}'`,
  );
  expect(line({ method: "GET", headers: { "x-shop": "Nord" } }, ["GET"])).toBe(`curl ${URL} -H 'x-shop: Nord'`);
});

test("what a sample lacks is empty", () => {
  expect(receivedOf(undefined)).toEqual({ method: "POST", headers: {}, query: {}, body: null });
  expect(receivedOf({ method: "get", body: 0 })).toEqual({ method: "GET", headers: {}, query: {}, body: 0 });
});

test("a trigger's own sample stands in the body of its type's example", () => {
  const nodeType = { kind: "trigger", sample_output: { method: "POST", body: { id: 1 } } } as unknown as Parameters<
    typeof exampleOf
  >[1];
  expect(exampleOf(node({ sample: { mine: true } }), nodeType)).toEqual({ method: "POST", body: { mine: true } });
  expect(exampleOf(node(), nodeType)).toEqual({ method: "POST", body: { id: 1 } });
  expect(exampleOf(node(), undefined)).toBeNull();
});

test("methods default to POST and are written in capitals", () => {
  expect(methodsOf(node())).toEqual(["POST"]);
  expect(methodsOf(node({ methods: ["get", 5, "PUT"] }))).toEqual(["GET", "PUT"]);
});

test("an edited sample must be JSON and have a part of a request", () => {
  expect(parseSample('{"body":1}')).toEqual({ value: { body: 1 } });
  expect(parseSample("{")).toMatchObject({ fault: "json" });
  expect(parseSample('{"amount":1}')).toMatchObject({ fault: "object" });
  expect(parseSample("[1]")).toMatchObject({ fault: "object" });
});

test("the endpoint is the last part of the address", () => {
  expect(endpointOf(URL)).toBe("0190");
});
