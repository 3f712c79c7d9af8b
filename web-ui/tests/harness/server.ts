/** The real binary in a process of its own, with a data directory that is thrown away. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

export const OWNER = { email: "owner@example.com", password: "correct horse battery" };

const REPOSITORY = resolve(import.meta.dirname, "../../..");
const BINARY =
  process.env.STELLWERK_BINARY ?? join(process.env.CARGO_TARGET_DIR ?? `${REPOSITORY}/target`, "debug/stellwerk");
/** How long a server may take to start or to stop before the test gives up. */
const PATIENCE_MS = 20_000;

export class Server {
  #process: ChildProcess | null = null;
  #address = "";
  #output = "";

  private constructor(
    readonly dataDir: string,
    private readonly settings: Readonly<Record<string, string>>,
  ) {}

  /** Starts a server on a free port. `settings` are further `STELLWERK_*` variables. */
  static async start(settings: Readonly<Record<string, string>> = {}): Promise<Server> {
    const server = new Server(await mkdtemp(join(tmpdir(), "stellwerk-browser-")), settings);
    await server.begin();
    return server;
  }

  /** Where it listens, without a slash at the end. */
  get url(): string {
    return this.#address;
  }

  /** All that the process has said so far. */
  get output(): string {
    return this.#output;
  }

  /** Starts the process; after {@link end} or {@link kill} again at the same address and with the same data. */
  async begin(): Promise<void> {
    const listen = this.#address ? new URL(this.#address).host : "127.0.0.1:0";
    const child = spawn(BINARY, ["serve"], { cwd: this.dataDir, env: this.#environment(listen), stdio: "pipe" });
    this.#process = child;
    this.#address = await this.#whenListening(child);
  }

  /** Tells the process to stop and waits until it is gone. */
  async end(): Promise<void> {
    await this.#signal("SIGTERM");
  }

  /** Ends the process without a warning, as a power failure would. */
  async kill(): Promise<void> {
    await this.#signal("SIGKILL");
  }

  /** Ends the process and removes its data. */
  async close(): Promise<void> {
    await this.end();
    await rm(this.dataDir, { recursive: true, force: true });
  }

  /** Runs another command of the same program on the same data and gives back what it prints. */
  async command(...words: readonly string[]): Promise<string> {
    const options = { cwd: this.dataDir, env: this.#environment("127.0.0.1:0") };
    const { stdout } = await promisify(execFile)(BINARY, [...words], options);
    return stdout.trim();
  }

  #environment(listen: string): Record<string, string> {
    return {
      PATH: process.env.PATH ?? "",
      STELLWERK_DATA_DIR: this.dataDir,
      STELLWERK_LISTEN: listen,
      STELLWERK_OWNER_EMAIL: OWNER.email,
      STELLWERK_OWNER_PASSWORD: OWNER.password,
      // The other systems of the tests live on this machine.
      STELLWERK_OUTGOING_ALLOW: "127.0.0.0/8,::1/128",
      STELLWERK_SHUTDOWN_WAIT_MS: "2000",
      STELLWERK_LOG: "warn",
      ...this.settings,
    };
  }

  #whenListening(child: ChildProcess): Promise<string> {
    let said = "";
    return new Promise((found, failed) => {
      const giveUp = (why: string) => failed(new Error(`${BINARY} ${why}:\n${said}`));
      const timer = setTimeout(() => giveUp("did not say where it listens"), PATIENCE_MS);
      const hear = (chunk: Buffer) => {
        said += chunk.toString();
        this.#output += chunk.toString();
        const address = /listens at (http:\/\/\S+?)\/?\s/.exec(said)?.[1];
        if (!address) return;
        clearTimeout(timer);
        found(address);
      };
      child.stdout?.on("data", hear);
      child.stderr?.on("data", hear);
      child.once("error", (error) => giveUp(error.message));
      child.once("exit", (code) => giveUp(`ended with ${code}`));
    });
  }

  async #signal(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise<void>((ended) => child.once("exit", () => ended()));
    child.kill(signal);
    const timer = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
    await gone;
    clearTimeout(timer);
  }
}
