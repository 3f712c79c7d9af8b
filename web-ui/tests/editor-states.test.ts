import { beforeAll, describe, expect, test } from "vitest";
import { EditorPage } from "./harness/editor-page.ts";
import { EDITOR_STATES, makeRichWorkflow } from "./harness/editor-states.ts";
import { clippedWords, seriousFindings, whatDoesNotFit, whatIsTooHigh } from "./harness/looks.ts";
import { openSink } from "./harness/sink.ts";
import { prepareStage, type Seat } from "./harness/stage.ts";

const stage = prepareStage();
let workflow: string;

beforeAll(async () => {
  const sink = await openSink();
  workflow = await makeRichWorkflow(stage.api, sink.url);
  return () => sink.close();
});

async function inEveryState(seat: Seat, judge: (editor: EditorPage) => Promise<string[]>) {
  const { page, tolerate } = await stage.visit(seat);
  // Publishing what is not complete is refused with this.
  tolerate(/422/);
  const found: Record<string, string[]> = {};
  for (const [name, { query, reach }] of Object.entries(EDITOR_STATES)) {
    const editor = new EditorPage(page, seat.language);
    await editor.openForKeys(`/workflows/${workflow}${query}`);
    await reach?.(editor);
    const findings = await judge(editor);
    if (findings.length > 0) found[name] = findings;
  }
  return found;
}

describe("axe finds nothing serious", () => {
  for (const scheme of ["light", "dark"] as const) {
    test(`in any state of the editor, ${scheme}`, { timeout: 180_000 }, async () => {
      expect(await inEveryState({ scheme }, ({ page }) => seriousFindings(page))).toEqual({});
    });
  }
});

describe("the editor fits", () => {
  for (const width of [320, 390, 768, 1440]) {
    test(`into ${width} pixels in every state, in German`, { timeout: 180_000 }, async () => {
      const seat: Seat = { language: "de", width, device: width < 500 ? "phone" : "desktop" };
      const judge = async ({ page }: EditorPage) => [
        ...(await whatDoesNotFit(page)),
        ...(await clippedWords(page)),
        ...(await whatIsTooHigh(page)),
      ];
      expect(await inEveryState(seat, judge)).toEqual({});
    });
  }
});
