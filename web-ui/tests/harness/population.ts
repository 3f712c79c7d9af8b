/** A server that has been in use: something of everything, so that no page is empty. */
import type { Definition } from "../../src/workflow/definition.ts";
import type { Api } from "./api.ts";
import { eventually } from "./api.ts";
import { runCurlLine, sendJson } from "./curl.ts";
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
  /** The runs of the active workflow send its secret. */
  readonly credential: string;
  readonly mail: string;
  /** A request that was turned away. */
  readonly refused: string;
  /** A run that waits for a person's decision. */
  readonly waiting: string;
  /** A group of dead letters, as its page names it. */
  readonly group: string;
  readonly table: string;
}

/** What the population's credential holds. */
export const SECRET = "very secret";

const LONG =
  "Bestellungen aus dem Onlineshop in die Warenwirtschaft übertragen und die Buchhaltungsabteilung benachrichtigen";

export async function populate(api: Api): Promise<Population> {
  const sink = await openSink(({ path }) =>
    path.startsWith("/gone") ? { status: 404, body: "no such order" } : { status: 201, body: '{"id":4711}' },
  );
  const credential = await api.call<{ id: string }>("POST", "/credentials", {
    name: "The shop's token",
    kind: "http_bearer",
    hosts: ["127.0.0.1"],
    fields: { token: SECRET },
  });
  const orders = await createActive(api, "Paid orders", withCredential(largeOrders(sink.url), credential.id));
  const done = await send(api, orders, ORDER);
  await send(api, orders, { ...ORDER, id: "A-1002", amount: 12 });
  const lost = await createActive(api, LONG, failing(sink.url));
  const failed = await send(api, lost, ORDER);
  const welcome = await createActive(api, "New customers", greeting());
  await send(api, welcome, ORDER);
  const broken = await api.createWorkflow("Half done", definition([node("call", "http.request")], []));
  const large = await api.createWorkflow("Two hundred steps", many(200));
  await api.createWorkflow("Just begun", definition([node("start", "webhook", { slug: "begun" })], []));
  const asking = await createActive(api, "Large refunds", refunds());
  const waiting = await beginRun(api, asking);
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
    refused: await refuse(api, orders),
    waiting,
    group: await deadGroup(api),
    table: await makeTable(api),
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

/** Lets the calls of a workflow sign in with a credential. */
function withCredential(draft: Definition, credential: string): Definition {
  const nodes = draft.nodes.map((one) => (one.type === "http.request" ? { ...one, credential } : one));
  return { ...draft, nodes };
}

/** Sends what is no JSON and gives back the id under which it was turned away. */
async function refuse(api: Api, workflow: string): Promise<string> {
  await runCurlLine(`curl ${await api.webhookOf(workflow)} -H 'Content-Type: application/json' --data '{"id": '`);
  return eventually("a request is turned away", async () => {
    const { items } = await api.call<{ items: readonly { id: string; status: string }[] }>("GET", "/events");
    return items.find(({ status }) => status === "refused")?.id;
  });
}

/** Starts a run that comes to a person's decision, and gives back its id. */
async function beginRun(api: Api, workflow: string): Promise<string> {
  const { run } = JSON.parse((await sendJson(await api.webhookOf(workflow), ORDER)).body) as { run: string };
  return eventually("the run waits", async () => {
    const { steps } = await api.call<{ steps: readonly { status: string }[] }>("GET", `/runs/${run}`);
    return steps.some(({ status }) => status === "waiting") ? run : null;
  });
}

async function deadGroup(api: Api): Promise<string> {
  return eventually("a run is given up", async () => {
    const { items } = await api.call<{ items: readonly { group: string }[] }>("GET", "/dead-letters/groups");
    return items[0]?.group;
  });
}

async function makeTable(api: Api): Promise<string> {
  const columns = [
    { name: "customer", type: "text" },
    { name: "total", type: "number" },
    { name: "vip", type: "boolean" },
  ];
  const { id } = await api.call<{ id: string }>("POST", "/tables", { name: "Customers", columns });
  const values = { customer: "Jörg Weiß", total: 129.9, vip: true };
  await api.call("POST", `/tables/${id}/rows`, { key: "joerg.weiss@example.com", values });
  return id;
}

function refunds() {
  const wait = node("decide", "wait", { mode: "approval", message: "{{ $.trigger.body.id }}" }, 1);
  return definition([node("refund", "webhook", { slug: "refund" }), wait], ["refund -> decide"]);
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
    persons: "/settings/persons",
    about: "/settings/about",
    "dry-run": `/workflows/${people.orders}/dry-run`,
    "run-waiting": `/runs/${people.waiting}?node=decide`,
    replay: `/runs/${people.failed}/replay`,
    "event-refused": `/events/${people.refused}`,
    "dead-letters": "/dead-letters",
    "dead-letters-decided": "/dead-letters?show=decided",
    "dead-letters-group": `/dead-letters?group=${people.group}`,
    tables: "/tables",
    table: `/tables/${people.table}`,
    storage: "/storage",
    "storage-remove": `/storage/remove?workflow=${people.orders}&days=30`,
    audit: "/audit",
  };
}

/** Pages that answer with an error, and with which. */
export const ERROR_PAGES: Readonly<Record<string, readonly [path: string, status: number]>> = {
  "not-found": ["/nowhere", 404],
  "workflow-not-found": ["/workflows/01890000-0000-7000-8000-000000000000", 404],
};
