/** The real curl, because it is what people paste. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Runs a curl line as a person's shell would. */
export async function runCurlLine(line: string): Promise<Answer> {
  if (!/^curl\s/.test(line)) throw new Error(`This is no curl line: ${line}`);
  return run("sh", ["-c", `${line} -sS --max-time 20 -w '\\n%{http_code}'`]);
}

/** Sends JSON to an address. */
export async function sendJson(url: string, body: unknown, ...more: readonly string[]): Promise<Answer> {
  const json = ["-H", "Content-Type: application/json", "--data-binary", JSON.stringify(body)];
  return run("curl", ["-sS", "--max-time", "20", "-w", "\\n%{http_code}", ...json, ...more, url]);
}

/** The status stands on a line of its own behind the body. */
async function run(program: string, words: readonly string[]): Promise<Answer> {
  const { stdout } = await promisify(execFile)(program, [...words]);
  const end = stdout.lastIndexOf("\n");
  return { status: Number(stdout.slice(end + 1)), body: stdout.slice(0, end) };
}
