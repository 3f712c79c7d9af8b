/** Photographs of the editor in every state. */
import { beforeAll, test } from "vitest";
import { EditorPage } from "../harness/editor-page.ts";
import { EDITOR_STATES, makeScene, reachState, type Scene } from "../harness/editor-states.ts";
import { photograph } from "../harness/photograph.ts";
import { openSink, type Sink } from "../harness/sink.ts";
import { prepareStage, type Seat } from "../harness/stage.ts";
import { many } from "../harness/workflows.ts";

const stage = prepareStage();
const SEATS: Readonly<Record<string, Seat>> = {
  "": {},
  dark: { scheme: "dark" },
  de: { language: "de" },
  phone: { device: "phone" },
};
let sink: Sink;
let scene: Scene;

beforeAll(async () => {
  sink = await openSink();
  scene = await makeScene(stage.api, sink.url);
  return () => sink.close();
});

for (const [variant, seat] of Object.entries(SEATS)) {
  test(`the editor's states ${variant}`, { timeout: 240_000 }, async () => {
    const { page, tolerate } = await stage.visit(seat);
    tolerate(/422|409|ERR_INTERNET_DISCONNECTED|Failed to fetch/);
    for (const [name, state] of Object.entries(EDITOR_STATES)) {
      if (seat.device === "phone" && state.leastWidth) continue;
      const editor = new EditorPage(page, seat.language);
      await reachState(editor, scene, state);
      await photograph(page, `editor-${name}`, variant);
      await state.leave?.(editor);
    }
  });

  test(`200 steps ${variant}`, async () => {
    const { page } = await stage.visit(seat);
    const editor = new EditorPage(page, seat.language);
    const large = await stage.api.createWorkflow("Two hundred steps", many(200));
    await editor.open(`/workflows/${large.id}`);
    await photograph(page, "editor-200-steps", variant);
  });

  test(`while it loads ${variant}`, { timeout: 60_000 }, async () => {
    const { page } = await stage.visit(seat);
    const held: (() => void)[] = [];
    // The code editor comes in a part of its own, which is held back here.
    await page.route(/\/assets\/CodeEditor\./, async (route) => {
      await new Promise<void>((go) => held.push(go));
      await route.continue();
    });
    const editor = new EditorPage(page, seat.language);
    await editor.open(`/workflows/${scene.workflows.rich}?node=code`);
    await editor.field("script").locator("[aria-busy=true]").waitFor();
    await photograph(page, "editor-loading", variant);
    for (const go of held) go();
    await page.unrouteAll({ behavior: "ignoreErrors" });
  });
}
