import { beforeAll, describe, expect, test } from "vitest";
import { EditorPage } from "./harness/editor-page.ts";
import { EDITOR_STATES, makeScene, reachState, type Scene } from "./harness/editor-states.ts";
import { clippedWords, seriousFindings, whatDoesNotFit, whatIsTooHigh, whatOverlaps } from "./harness/looks.ts";
import { openSink } from "./harness/sink.ts";
import { prepareStage, type Seat } from "./harness/stage.ts";

const stage = prepareStage();
let scene: Scene;

beforeAll(async () => {
  const sink = await openSink();
  scene = await makeScene(stage.api, sink.url);
  return () => sink.close();
});

async function inEveryState(seat: Seat, judge: (editor: EditorPage) => Promise<string[]>) {
  const { page, tolerate } = await stage.visit(seat);
  // Publishing what is not complete is refused with the first; the others belong to the states of being offline and of a conflict.
  tolerate(/422|409|ERR_INTERNET_DISCONNECTED|Failed to fetch/);
  const found: Record<string, string[]> = {};
  for (const [name, state] of Object.entries(EDITOR_STATES)) {
    if ((seat.width ?? 1280) < (state.leastWidth ?? 0)) continue;
    const editor = new EditorPage(page, seat.language);
    await reachState(editor, scene, state);
    const findings = await judge(editor);
    if (findings.length > 0) found[name] = findings;
    await state.leave?.(editor);
  }
  return found;
}

async function misfits({ page }: EditorPage): Promise<string[]> {
  const looks = [whatDoesNotFit, clippedWords, whatIsTooHigh, whatOverlaps];
  const found: string[] = [];
  for (const look of looks) found.push(...(await look(page)));
  return found;
}

describe("axe finds nothing serious and everything fits", () => {
  for (const [scheme, width] of [
    ["light", 1280],
    ["dark", 1024],
  ] as const) {
    test(`in any state of the editor, ${scheme}, in English at ${width} pixels`, { timeout: 240_000 }, async () => {
      const judge = async (editor: EditorPage) => [...(await seriousFindings(editor.page)), ...(await misfits(editor))];
      expect(await inEveryState({ scheme, width }, judge)).toEqual({});
    });
  }
});

describe("the editor fits", () => {
  for (const width of [320, 768, 1440]) {
    test(`into ${width} pixels in every state, in German`, { timeout: 240_000 }, async () => {
      const seat: Seat = { language: "de", width, device: width < 500 ? "phone" : "desktop" };
      expect(await inEveryState(seat, misfits)).toEqual({});
    });
  }
});
