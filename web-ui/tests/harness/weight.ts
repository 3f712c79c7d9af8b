/** What a page costs: bytes on the wire, and the time until something is seen. */
import type { Page } from "playwright-core";

export interface Weight {
  readonly bytes: number;
  /** Kilobytes by file, for the message of a failed test. */
  readonly files: Readonly<Record<string, string>>;
  readonly firstPaintMs: number;
}

/** Opens a page with an empty cache and adds up what the server sent for it, headers included. */
export async function weigh(page: Page, path: string): Promise<Weight> {
  const session = await page.context().newCDPSession(page);
  const names = new Map<string, string>();
  const files: Record<string, string> = {};
  let bytes = 0;
  await session.send("Network.enable");
  await session.send("Network.setCacheDisabled", { cacheDisabled: true });
  session.on("Network.responseReceived", ({ requestId, response }) => names.set(requestId, response.url));
  session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    const url = names.get(requestId);
    if (!url?.startsWith("http")) return;
    bytes += encodedDataLength;
    files[new URL(url).pathname] = (encodedDataLength / 1000).toFixed(1);
  });
  await page.goto(path, { waitUntil: "load" });
  // A stream of news never ends, so the network does not fall silent; what the page needs has been asked for by now.
  await page.evaluate(() => new Promise((idle) => requestIdleCallback(idle)));
  const firstPaintMs = await firstPaint(page);
  await session.detach();
  return { bytes, files, firstPaintMs };
}

/** When the first words were painted, in milliseconds after the page was asked for. */
async function firstPaint(page: Page): Promise<number> {
  return page.evaluate(
    () =>
      new Promise<number>((found) => {
        const observer = new PerformanceObserver((list) => {
          const paint = list.getEntries().find(({ name }) => name === "first-contentful-paint");
          if (paint) found(paint.startTime);
        });
        observer.observe({ type: "paint", buffered: true });
      }),
  );
}
