/** What can be judged of a page without eyes: what a screen reader would stumble over, and what does not fit. */
import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "playwright-core";

/** What axe finds serious or critical, in a form that a person can act on. */
export async function seriousFindings(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
  const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  return serious.flatMap(({ id, nodes }) =>
    nodes.slice(0, 4).map(({ target, failureSummary }) => `${id}: ${target.join(" ")}: ${failureSummary ?? ""}`),
  );
}

/** What makes the page scroll sideways or is cut off at its right edge. */
export async function whatDoesNotFit(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    const found: string[] = [];
    if (document.documentElement.scrollWidth > width)
      found.push(`the page is ${document.documentElement.scrollWidth} wide`);
    // What scrolls inside something can be reached, and the canvas is larger than its window on purpose.
    const scrollsInside = (element: Element): boolean => {
      if (element.closest(".svelte-flow, .visually-hidden, .cm-editor")) return true;
      for (let around = element.parentElement; around && around !== document.body; around = around.parentElement) {
        if (["auto", "scroll"].includes(getComputedStyle(around).overflowX)) return true;
      }
      return false;
    };
    for (const element of document.querySelectorAll("main *, header *, dialog[open] *")) {
      const { left, right, width: own, height } = element.getBoundingClientRect();
      if (own <= 1 || height <= 1 || left >= width || right <= width + 1 || scrollsInside(element)) continue;
      if (!element.checkVisibility({ visibilityProperty: true })) continue;
      found.push(`${element.tagName.toLowerCase()}.${element.className}: ${Math.round(right)} > ${width}`);
    }
    return found.slice(0, 8);
  });
}

/** Words that are cut off without a sign of it. What somebody typed into a field may be longer than the field. */
export async function clippedWords(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const found: string[] = [];
    const words = "button, a, label, th, td, p, li, dt, dd, span, h1, h2, h3, h4, legend, select, summary, code, .pill";
    for (const element of document.querySelectorAll(words)) {
      const style = getComputedStyle(element);
      const clips = style.overflowX === "hidden" || style.overflowX === "clip";
      if (!clips || style.textOverflow === "ellipsis" || element.clientWidth <= 1) continue;
      // What only a screen reader reads is cut off for eyes on purpose.
      if (element.closest(".visually-hidden")) continue;
      if (element.scrollWidth > element.clientWidth + 1 && element.checkVisibility()) {
        found.push(`${element.tagName.toLowerCase()}: ${element.textContent?.trim().slice(0, 60)}`);
      }
    }
    return found;
  });
}

/** The editor fills the window exactly, so its page never scrolls. */
export async function whatIsTooHigh(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const { scrollHeight, clientHeight } = document.documentElement;
    return scrollHeight > clientHeight + 1 ? [`the page is ${scrollHeight} high in a window of ${clientHeight}`] : [];
  });
}

/** What lies over something else in the editor's header, where everything has a place of its own. */
export async function whatOverlaps(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const parts = [...document.querySelectorAll(".header > :not([popover])")]
      .filter((part) => part.checkVisibility({ visibilityProperty: true }))
      .map((part) => ({ name: `${part.tagName.toLowerCase()}.${part.className}`, box: part.getBoundingClientRect() }))
      .filter(({ box }) => box.width > 1 && box.height > 1);
    const common = (one: DOMRect, other: DOMRect) =>
      Math.min(
        Math.min(one.right, other.right) - Math.max(one.left, other.left),
        Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top),
      );
    return parts.flatMap((one, index) =>
      parts
        .slice(index + 1)
        .filter((other) => common(one.box, other.box) > 1)
        .map((other) => `${one.name} and ${other.name} lie over each other`),
    );
  });
}
