import { expect, test } from "vitest";
import { partsOf } from "./exchange.ts";

test("an HTTP exchange is read apart", () => {
  const parts = partsOf({
    request: { method: "POST", url: "https://a.test/x", headers: { accept: "*/*" }, body: { a: 1 } },
    response: { status: 201, url: "https://a.test/x", headers: {}, body: null, duration_ms: 12 },
  });
  expect(parts).toMatchObject({ title: "POST https://a.test/x", status: 201, duration_ms: 12 });
  expect(parts.request).toEqual({ headers: { accept: "*/*" }, body: { a: 1 }, rest: {} });
  expect(parts.response.rest).toEqual({});
});

test("an address that the request was sent on to is shown", () => {
  const parts = partsOf({
    request: { method: "GET", url: "https://a.test/x" },
    response: { status: 200, url: "https://a.test/y", redirects: [{ status: 307 }] },
  });
  expect(parts.response.rest).toEqual({ url: "https://a.test/y", redirects: [{ status: 307 }] });
});

test("a request without an answer has no status", () => {
  expect(
    partsOf({ request: { method: "GET", url: "https://a.test/" }, response: { duration_ms: 5 } }).status,
  ).toBeNull();
});

test("a mail is shown with all its parts", () => {
  const parts = partsOf({ request: { to: ["a@b.test"], subject: "Hi" }, response: { duration_ms: 3 } });
  expect(parts.title).toBe("");
  expect(parts.request.rest).toEqual({ to: ["a@b.test"], subject: "Hi" });
});
