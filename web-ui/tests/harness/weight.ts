/** What a page costs: bytes on the wire, and the time until something is seen. */
import type { Page } from "playwright-core";

export interface Weight {
  /** All that came before the page could be used, as it was compressed. */
  readonly bytes: number;
  /** With what the page fetched afterwards, while nobody had to wait for it. */
  readonly bytesInAll: number;
  /** What of all that is script. */
  readonly scriptBytes: number;
  /** Kilobytes by file, for the message of a failed test. */
  readonly files: Readonly<Record<string, string>>;
  readonly usableMs: number;
  readonly firstPaintMs: number;
}

/** Opens a page with an empty cache. It can be used when `usable` is seen. */
export async function weigh(page: Page, path: string, usable = "main"): Promise<Weight> {
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  await session.send("Network.setCacheDisabled", { cacheDisabled: true });
  await page.addInitScript(noteWhenSeen, usable);
  await page.goto(path, { waitUntil: "load" });
  await page.locator(usable).first().waitFor();
  // A stream of news never ends, so the network does not fall silent; but the page has nothing left to ask for.
  await page.evaluate(() => new Promise((idle) => requestIdleCallback(idle)));
  // The browser says when it has painted only a moment later.
  await page.waitForFunction(() => performance.getEntriesByName("first-contentful-paint").length > 0);
  const weight = await page.evaluate(sumUp);
  await session.detach();
  return weight;
}

/** Runs in the page: remembers the moment when something is seen first. */
function noteWhenSeen(selector: string): void {
  const look = () => {
    const found = document.querySelector(selector);
    if (found?.checkVisibility({ visibilityProperty: true })) {
      (globalThis as unknown as { usableMs: number }).usableMs = performance.now();
    } else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}

/** Runs in the page: what it has fetched so far. */
export function sumUp(): Weight {
  const { usableMs } = globalThis as unknown as { usableMs: number };
  const loads = [
    ...performance.getEntriesByType("navigation"),
    ...performance.getEntriesByType("resource"),
  ] as PerformanceResourceTiming[];
  const sum = (entries: PerformanceResourceTiming[]) =>
    entries.reduce((all, { encodedBodySize }) => all + encodedBodySize, 0);
  const needed = loads.filter(({ startTime }) => startTime < usableMs);
  const [paint] = performance.getEntriesByName("first-contentful-paint");
  return {
    bytes: sum(needed),
    bytesInAll: sum(loads),
    scriptBytes: sum(loads.filter(({ name }) => new URL(name).pathname.endsWith(".js"))),
    files: Object.fromEntries(
      needed.map(({ name, encodedBodySize }) => [new URL(name).pathname, (encodedBodySize / 1000).toFixed(1)]),
    ),
    usableMs,
    firstPaintMs: paint?.startTime ?? Number.NaN,
  };
}
