/** A server that has been in use: something of everything, so that no page is empty. */
import type { Api } from "./api.ts";
import { eventually } from "./api.ts";
import { sendJson } from "./curl.ts";
import { openSink, type Sink } from "./sink.ts";
import { definition, largeOrders, many, node, ORDER } from "./workflows.ts";

export interface Population {
  readonly sink: Sink;
  /** An active workflow with runs that succeeded, failed, and stopped at its filter. */
  readonly orders: string;
  readonly succeeded: string;
  readonly failed: string;
  /** The event of the run that succeeded. */
  readonly event: string;
  /** A draft that cannot be published. */
  readonly broken: string;
  /** A workflow of 200 nodes. */
  readonly large: string;
  readonly credential: string;
  readonly mail: string;
}

const LONG =
  "Bestellungen aus dem Onlineshop in die Warenwirtschaft übertragen und die Buchhaltungsabteilung benachrichtigen";

export async function populate(api: Api): Promise<Population> {
  const sink = await openSink(({ path }) =>
    path.startsWith("/gone") ? { status: 404, body: "no such order" } : { status: 201, body: '{"id":4711}' },
  );
  const orders = await createActive(api, "Paid orders", largeOrders(sink.url));
  const done = await send(api, orders, ORDER);
  await send(api, orders, { ...ORDER, id: "A-1002", amount: 12 });
  const lost = await createActive(api, LONG, failing(sink.url));
  const failed = await send(api, lost, ORDER);
  const welcome = await createActive(api, "New customers", greeting());
  await send(api, welcome, ORDER);
  const broken = await api.createWorkflow("Half done", definition([node("call", "http.request")], []));
  const large = await api.createWorkflow("Two hundred steps", many(200));
  await api.createWorkflow("Just begun", definition([node("start", "webhook", { slug: "begun" })], []));
  const credential = await api.call<{ id: string }>("POST", "/credentials", {
    name: "The shop's token",
    kind: "http_bearer",
    hosts: ["127.0.0.1"],
    fields: { token: "very secret" },
  });
  const mail = await eventually("a mail lies in the outbox", async () => {
    const { items } = await api.call<{ items: readonly { id: string }[] }>("GET", "/outbox");
    return items[0]?.id;
  });
  return {
    sink,
    orders,
    succeeded: done.run,
    failed: failed.run,
    event: done.event,
    broken: broken.id,
    large: large.id,
    credential: credential.id,
    mail,
  };
}

async function createActive(api: Api, name: string, draft: ReturnType<typeof definition>): Promise<string> {
  const { id } = await api.createWorkflow(name, draft);
  await api.activate(id);
  return id;
}

/** Sends an order to a workflow and waits until its run has ended. */
export async function send(api: Api, workflow: string, body: unknown): Promise<{ event: string; run: string }> {
  const answer = await sendJson(await api.webhookOf(workflow), body);
  const receipt = JSON.parse(answer.body) as { event: string; run: string };
  await api.endedRun(receipt.run);
  return receipt;
}

function failing(url: string) {
  const call = { ...node("fetch", "http.request", { url: `${url}/gone` }, 1), retry: { attempts: 1 } };
  return definition([node("order", "webhook", { slug: "lost" }), call], ["order -> fetch"]);
}

function greeting() {
  const contact = {
    email: "{{ $.trigger.body.customer.email }}",
    name: "{{ $.trigger.body.customer.name }}",
    fields: { note: LONG },
  };
  const mail = {
    to: ["{{ $.trigger.body.customer.email }}"],
    subject: "Welcome, {{ $.trigger.body.customer.name }}!",
    text: "Good to have you here.",
    html: "<p>Good to have <b>you</b> here.</p>",
  };
  const nodes = [
    node("customer", "webhook", { slug: "customer" }),
    node("contact", "contacts.upsert", contact, 1),
    node("mail", "email.send", mail, 2),
  ];
  return definition(nodes, ["customer -> contact", "contact -> mail"]);
}

/** Every page that a signed-in person can open, by a short name. */
export function placesOf(people: Population): Readonly<Record<string, string>> {
  return {
    "workflow-list": "/",
    import: "/workflows/import",
    editor: `/workflows/${people.orders}`,
    "editor-with-problems": `/workflows/${people.broken}`,
    runs: "/runs",
    "runs-none-found": "/runs?text=nothing-has-this",
    "run-succeeded": `/runs/${people.succeeded}`,
    "run-failed": `/runs/${people.failed}?node=fetch`,
    inbox: "/inbox",
    event: `/events/${people.event}`,
    contacts: "/contacts",
    outbox: "/outbox",
    mail: `/outbox/${people.mail}`,
    credentials: "/credentials",
    "credential-new": "/credentials/new",
    "credential-new-bearer": "/credentials/new?kind=http_bearer",
    credential: `/credentials/${people.credential}`,
    settings: "/settings",
    users: "/settings/users",
    tokens: "/settings/tokens",
  };
}
