/** Another system on this machine, to which workflows speak; it remembers what it was sent. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** What to answer; `null` lets the sender wait until the sink is closed. */
export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Sink {
  readonly url: string;
  readonly received: readonly Received[];
  close(): Promise<void>;
}

/** Opens a sink. Without `reply` it says 201 with an id to everything. */
export async function openSink(reply: (request: Received) => Reply | null = created): Promise<Sink> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    void read(request).then((entry) => {
      received.push(entry);
      answer(response, reply(entry));
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    const closed = new Promise<void>((done) => server.close(() => done()));
    server.closeAllConnections();
    await closed;
  };
  return { url: `http://127.0.0.1:${port}`, received, close };
}

function created(): Reply {
  return { status: 201, headers: { "content-type": "application/json" }, body: '{"id":4711}' };
}

async function read(request: IncomingMessage): Promise<Received> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { method = "", url: path = "", headers } = request;
  return { method, path, headers, body: Buffer.concat(chunks).toString() };
}

function answer(response: ServerResponse, reply: Reply | null): void {
  if (!reply) return;
  response.writeHead(reply.status, reply.headers);
  response.end(reply.body);
}
