/** What a file of tests stands on: a server, a browser that is signed in, and nothing that goes wrong unseen. */
import { mkdir } from "node:fs/promises";
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { Api } from "./api.ts";
import { CHROMIUM, FLAGS } from "./chromium.ts";
import { OWNER, Server } from "./server.ts";

export type Language = "en" | "de";

/** How a person sits in front of the server. */
export interface Seat {
  readonly language?: Language;
  readonly device?: "desktop" | "phone";
  readonly scheme?: "light" | "dark";
  readonly width?: number;
  readonly height?: number;
  /** A visitor without an account. */
  readonly stranger?: boolean;
  /** Without scripts, as pages must work too. */
  readonly withoutScript?: boolean;
}

/** One browser window with its own cookies. */
export interface Visitor {
  readonly page: Page;
  readonly context: BrowserContext;
  /** How often the person has pressed the mouse button so far, on whatever page. */
  clicks(): number;
  /** Another tab of the same person. */
  tab(): Promise<Page>;
  /** Messages on the console that this test provokes on purpose. */
  tolerate(message: RegExp): void;
}

type Cookies = Awaited<ReturnType<BrowserContext["storageState"]>>;

export class Stage {
  server!: Server;
  browser!: Browser;
  api!: Api;
  #cookies: Cookies | null = null;
  #open: { context: BrowserContext; faults: string[]; tolerated: RegExp[] }[] = [];

  /** A new window. It opens no page yet. */
  async visit(seat: Seat = {}): Promise<Visitor> {
    const cookies = seat.stranger ? null : await this.#signedIn();
    const context = await this.browser.newContext({ ...settingsOf(seat), baseURL: this.server.url });
    if (cookies) await context.addCookies(cookies.cookies);
    context.setDefaultTimeout(10_000);
    const faults: string[] = [];
    const tolerated: RegExp[] = [];
    let clicks = 0;
    await context.exposeBinding("reportClick", () => {
      clicks += 1;
    });
    await context.addInitScript(countClicks);
    context.on("page", (page) => listen(page, faults));
    this.#open.push({ context, faults, tolerated });
    const page = await context.newPage();
    return {
      page,
      context,
      clicks: () => clicks,
      tab: () => context.newPage(),
      tolerate: (message) => tolerated.push(message),
    };
  }

  /** Closes all windows and gives back what went wrong in them unseen. */
  async leave(failed: string | null): Promise<string[]> {
    const open = this.#open;
    this.#open = [];
    if (failed) await photograph(open, failed);
    await Promise.all(open.map(({ context }) => context.close()));
    return open.flatMap(({ faults, tolerated }) =>
      faults.filter((fault) => !tolerated.some((message) => message.test(fault))),
    );
  }

  async #signedIn(): Promise<Cookies> {
    if (this.#cookies) return this.#cookies;
    const context = await this.browser.newContext({ baseURL: this.server.url, locale: "en-US" });
    const page = await context.newPage();
    await signIn(page);
    this.#cookies = await context.storageState();
    await context.close();
    return this.#cookies;
  }
}

/** Fills in the form; the page must be on its way to somewhere that wants an account, or on the form already. */
export async function signIn(page: Page): Promise<void> {
  if (!page.url().includes("/sign-in")) await page.goto("/sign-in");
  await page.locator("input[name=email]").fill(OWNER.email);
  await page.locator("input[name=password]").fill(OWNER.password);
  await page.locator("input[name=password]").press("Enter");
  await page.waitForURL((url) => !url.pathname.startsWith("/sign-in"));
}

/** Starts server and browser before a file's tests and ends them afterwards; any fault on a console fails the test. */
export function prepareStage(settings: Readonly<Record<string, string>> = {}): Stage {
  const stage = new Stage();
  beforeAll(async () => {
    [stage.server, stage.browser] = await Promise.all([
      Server.start(settings),
      chromium.launch({ executablePath: CHROMIUM, args: FLAGS }),
    ]);
    stage.api = await Api.of(stage.server);
  });
  afterEach(async ({ task }) => {
    const failed = task.result?.state === "fail" ? task.name : null;
    expect(await stage.leave(failed), "nothing goes wrong on the console").toEqual([]);
  });
  afterAll(async () => {
    await stage.browser?.close();
    await stage.server?.close();
  });
  return stage;
}

function settingsOf(seat: Seat): BrowserContextOptions {
  const phone = seat.device === "phone";
  return {
    locale: seat.language === "de" ? "de-DE" : "en-US",
    timezoneId: "Europe/Berlin",
    colorScheme: seat.scheme ?? "light",
    viewport: { width: seat.width ?? (phone ? 390 : 1280), height: seat.height ?? (phone ? 844 : 800) },
    hasTouch: phone,
    isMobile: phone,
    javaScriptEnabled: !seat.withoutScript,
    permissions: seat.withoutScript ? [] : ["clipboard-read", "clipboard-write"],
  };
}

/** Runs in the page. A click that a key caused has no detail. */
function countClicks(): void {
  addEventListener(
    "click",
    (event) => {
      const report = (globalThis as unknown as { reportClick(): void }).reportClick;
      // A label passes its click on to its field; that is one click of the person.
      if (event.isTrusted && event.detail > 0) report();
    },
    { capture: true },
  );
}

function listen(page: Page, faults: string[]): void {
  page.on("pageerror", (error) => faults.push(`${page.url()}: ${error.stack ?? error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error") faults.push(`${page.url()}: ${message.text()}`);
  });
}

/** What the windows show when a test has failed lies beside the screenshots. */
async function photograph(open: readonly { context: BrowserContext }[], test: string): Promise<void> {
  const folder = new URL("../../shots/failed/", import.meta.url).pathname;
  await mkdir(folder, { recursive: true });
  const pages = open.flatMap(({ context }) => context.pages());
  for (const [index, page] of pages.entries()) {
    const name = test.replace(/[^a-z0-9]+/gi, "-").slice(0, 80);
    await page.screenshot({ path: `${folder}${name}-${index}.png` }).catch(() => undefined);
  }
}
