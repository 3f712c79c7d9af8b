import { expect, test } from "vitest";
import { EditorPage } from "./harness/editor-page.ts";
import { prepareStage } from "./harness/stage.ts";
import { definition, node, ORDER_WITH_LINES, orderLines } from "./harness/workflows.ts";

const stage = prepareStage();
async function make(draft = orderLines()) {
  const { id } = await stage.api.createWorkflow("Look", draft);
  if (draft.nodes.some((n) => n.id === "order"))
    await stage.api.saveSample(id, "order", { method: "POST", headers: {}, query: {}, body: ORDER_WITH_LINES });
  return id;
}
async function shot(name: string, path: string, seat = {}, act?: (e: EditorPage) => Promise<void>) {
  const { page } = await stage.visit(seat);
  const editor = new EditorPage(page);
  await editor.open(path);
  await page.waitForTimeout(900);
  if (act) await act(editor);
  await page.screenshot({ path: `/tmp/WEB-shots/${name}.png` });
}
test("look", async () => {
  const id = await make();
  await shot("b-canvas", `/workflows/${id}`, { width: 1440, height: 800 });
  await shot("b-folded", `/workflows/${id}`, { width: 1200, height: 700, scheme: "dark" }, async (e) => {
    await e.page.getByTestId("fold-each").click();
    await e.page.waitForTimeout(300);
  });
  await shot("b-phone", `/workflows/${id}`, { device: "phone" });
  await shot("b-phone-320", `/workflows/${id}?node=line`, { device: "phone", width: 320, height: 640 });
  const form = await make(
    definition(
      [
        node("morning", "schedule", { cron: "0 8 * * 1-5" }),
        { ...node("w", "wait", { mode: "callback" }), position: { x: 300, y: 0 } },
        {
          ...node("call", "http.request", {
            url: "https://x.example",
            query: { page: "{{ $.trigger.body.id }}", size: "20" },
          }),
          position: { x: 620, y: 0 },
        },
      ],
      ["morning -> w", "w -> call"],
    ),
  );
  await shot("b-schedule", `/workflows/${form}?node=morning`, { width: 1300, height: 900, language: "de" });
  await shot("b-wait", `/workflows/${form}?node=w`, { width: 1300, height: 900, language: "de" });
  await shot("b-kv", `/workflows/${form}?node=call`, { width: 1300, height: 900 }, async (e) => {
    await e.page.locator("#if-it-fails summary").click();
    await e.page.getByTestId("retry-on").waitFor();
    await e.page.getByTestId("retry-on").getByRole("radio").nth(1).check();
    await e.page.getByTestId("retry-on").scrollIntoViewIfNeeded();
  });
  await shot("b-kv-phone", `/workflows/${form}?node=call`, { device: "phone" });
  await shot("b-settings", `/workflows/${form}`, { width: 1300, height: 1400, language: "de" }, async (e) => {
    await e.page.keyboard.press("Control+k");
    await e.page.getByRole("combobox").fill("Einstellungen");
    await e.page.keyboard.press("Enter");
    await e.page.locator("#workflow-order").waitFor();
  });
  await shot("b-dialog", `/workflows/${id}`, { width: 1200, height: 700 }, async (e) => {
    await e.node("after").focus();
    await e.page.keyboard.press("Enter");
    await e.page.keyboard.press("Escape");
    await e.node("after").focus();
    await e.page.keyboard.press("b");
    await e.page.getByTestId("box-dialog").waitFor();
  });
  const started = await stage.api.call<{ run: string }>("POST", `/workflows/${id}/run`, {
    version: "draft",
    node: "order",
    sample: { method: "POST", headers: {}, query: {}, body: ORDER_WITH_LINES },
  });
  const run = await stage.api.endedRun(started.run);
  console.log(JSON.stringify(run).slice(0, 1500));
  console.log(JSON.stringify(await stage.api.call("GET", `/runs/${run.id}/turns?node=each`)).slice(0, 1500));
  await shot("b-run", `/runs/${run.id}`, { width: 1300, height: 900 });
  await shot("b-run-each", `/runs/${run.id}?node=each`, { width: 1300, height: 900 });
  await shot("b-run-phone", `/runs/${run.id}?node=line`, { device: "phone" });
  expect(1).toBe(1);
}, 160000);
