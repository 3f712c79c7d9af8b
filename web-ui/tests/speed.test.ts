import { expect, test } from "vitest";
import { framesWhile, sweep } from "./harness/frames.ts";
import { prepareStage } from "./harness/stage.ts";
import { many } from "./harness/workflows.ts";

const stage = prepareStage();

/** Shares of a slow moment on a busy machine do not count: the best of three rounds does. */
async function best(rounds: () => Promise<number>): Promise<number> {
  const found = [await rounds(), await rounds(), await rounds()];
  console.info("frames a second", found.map(Math.round));
  return Math.max(...found);
}

/** How often a page is opened: what else a busy machine does must not decide. */
const ROUNDS = 5;

test("a workflow of 200 nodes can be used within a second", async () => {
  const { id } = await stage.api.createWorkflow("Large", many(200));
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const { page } = await stage.visit();
    await page.addInitScript(() => {
      const look = () => {
        const cards = document.querySelectorAll('[data-testid^="node-"]');
        const [first] = cards;
        if (cards.length === 200 && first?.checkVisibility({ visibilityProperty: true })) {
          (globalThis as unknown as { usableMs: number }).usableMs = performance.now();
        } else requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
    });
    await page.goto(`/workflows/${id}`);
    const usable = await page.waitForFunction(() => (globalThis as unknown as { usableMs?: number }).usableMs);
    times.push((await usable.jsonValue()) ?? Number.NaN);
    // What it fetches and draws afterwards is not to slow the next one down.
    await page.close();
  }
  console.info("200 nodes usable after", times.map(Math.round), "ms");
  expect(Math.min(...times)).toBeLessThanOrEqual(1_000);
});

test("200 nodes move with at least 50 frames a second, one dragged or all together", async () => {
  const { page } = await stage.visit();
  const { id } = await stage.api.createWorkflow("Large", many(200));
  await page.goto(`/workflows/${id}`);
  await page.getByTestId("node-step_190").waitFor();
  const canvas = await page.getByTestId("canvas").boundingBox();
  if (!canvas) throw new Error("The canvas has no size");
  const card = await page.getByTestId("node-step_105").boundingBox();
  if (!card) throw new Error("The card has no size");
  const middle = { x: card.x + card.width / 2, y: card.y + card.height / 2 };
  const dragging = await best(() => framesWhile(page, () => sweep(page, middle)));
  const ground = { x: canvas.x + canvas.width / 2, y: canvas.y + canvas.height - 60 };
  const panning = await best(() => framesWhile(page, () => sweep(page, ground)));
  expect({ dragging, panning }).toSatisfy(() => dragging >= 50 && panning >= 50);
});
