/** Photographs of the editor in every state. */
import { beforeAll, test } from "vitest";
import { EditorPage } from "../harness/editor-page.ts";
import { EDITOR_STATES, makeRichWorkflow } from "../harness/editor-states.ts";
import { photograph } from "../harness/photograph.ts";
import { openSink, type Sink } from "../harness/sink.ts";
import { prepareStage, type Seat } from "../harness/stage.ts";
import { pattern } from "../harness/texts.ts";
import { many } from "../harness/workflows.ts";

const stage = prepareStage();
const SEATS: Readonly<Record<string, Seat>> = {
  "": {},
  dark: { scheme: "dark" },
  de: { language: "de" },
  phone: { device: "phone" },
};
let sink: Sink;
let workflow: string;

beforeAll(async () => {
  sink = await openSink();
  workflow = await makeRichWorkflow(stage.api, sink.url);
  return () => sink.close();
});

for (const [variant, seat] of Object.entries(SEATS)) {
  test(`the editor's states ${variant}`, { timeout: 240_000 }, async () => {
    const { page, tolerate } = await stage.visit(seat);
    tolerate(/422/);
    for (const [name, { query, reach }] of Object.entries(EDITOR_STATES)) {
      const editor = new EditorPage(page, seat.language);
      await editor.openForKeys(`/workflows/${workflow}${query}`);
      await reach?.(editor);
      await photograph(page, `editor-${name}`, variant);
    }
  });

  test(`a new workflow, a run, 200 steps, a lost connection ${variant}`, { timeout: 120_000 }, async () => {
    const { page, context, tolerate } = await stage.visit(seat);
    tolerate(/ERR_|Failed to (load|fetch)/);
    const editor = new EditorPage(page, seat.language);
    const large = await stage.api.createWorkflow("Two hundred steps", many(200));
    await editor.openForKeys(`/workflows/${large.id}`);
    await photograph(page, "editor-200-steps", variant);
    const empty = await stage.api.createWorkflow("Nothing in it yet");
    await editor.openForKeys(`/workflows/${empty.id}`);
    await photograph(page, "editor-empty", variant);
    const small = await stage.api.createWorkflow("Three steps", many(3));
    await editor.openForKeys(`/workflows/${small.id}`);
    await page.getByTestId("run-with-sample").click();
    await page.getByText(pattern(editor.say("editor.run.succeeded"))).waitFor();
    await photograph(page, "editor-run-done", variant);
    await editor.choose("step_1");
    await editor.field("fields").waitFor();
    await context.setOffline(true);
    await page.keyboard.press("Control+d");
    await page.locator('[data-testid="save-state"][data-state="offline"]').waitFor();
    await photograph(page, "editor-offline", variant);
  });
}
