/** Years of runs in a few seconds. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Server } from "./server.ts";

const DAY_MS = 86_400_000;

/** Copies the newest run `count` times over the last month. The server is stopped meanwhile. */
export async function fillHistory(server: Server, count: number): Promise<void> {
  await server.end();
  const database = join(server.dataDir, "stellwerk.sqlite");
  const script = join(import.meta.dirname, "seed.py");
  // What is older than the server keeps would be removed while the test looks at it.
  await promisify(execFile)("python3", [script, database, String(count), String(20 * DAY_MS)]);
  await server.begin();
}
