import { expect, test } from "vitest";
import { EditorPage } from "./harness/editor-page.ts";
import { prepareStage } from "./harness/stage.ts";
import { definition, node } from "./harness/workflows.ts";

const stage = prepareStage();
const inside = (parent: string, n: ReturnType<typeof node>) => ({ ...n, parent });
const LOOP = definition(
  [
    node("order", "webhook", { slug: "x" }),
    node("each", "for_each", { items: "{{ $.trigger.body.lines }}" }, 1.1),
    inside("each", {
      ...node("fields", "set_fields", { fields: { sku: "{{ $.item.sku }}" } }),
      position: { x: 350, y: 80 },
    }),
    inside("each", {
      ...node("tell", "http.request", { method: "POST", url: "https://erp.example/x" }),
      position: { x: 650, y: 80 },
    }),
    { ...node("wait", "wait", { mode: "approval" }), position: { x: 1020, y: 0 } },
    { ...node("inner", "for_each", {}), position: { x: 320, y: 320 } },
  ],
  ["order -> each", "fields -> tell", "each -> wait"],
);
async function shot(name: string, query: string, seat = {}, act?: (e: EditorPage) => Promise<void>) {
  const { page } = await stage.visit(seat);
  const { id } = await stage.api.createWorkflow("Look", LOOP);
  await stage.api.saveSample(id, "order", {
    method: "POST",
    headers: {},
    query: {},
    body: {
      id: 1,
      lines: [
        { sku: "A-1", qty: 2 },
        { sku: "B", qty: 1 },
      ],
    },
  });
  const editor = new EditorPage(page);
  await editor.openForKeys(`/workflows/${id}${query}`);
  await page.waitForTimeout(700);
  if (act) await act(editor);
  await page.screenshot({ path: `/tmp/WEB-shots/${name}.png` });
}
test("look", async () => {
  await shot("canvas", "", { width: 1440, height: 800 });
  await shot("each", "?node=each", { width: 1440, height: 800 });
  await shot("tell", "?node=tell", { width: 1440, height: 800, scheme: "dark" });
  await shot("wait", "?node=wait", { width: 1440, height: 800, language: "de" });
  await shot("outline", "", { width: 1200, height: 800 }, async (e) => {
    await e.page.keyboard.press("o");
    await e.page.waitForTimeout(500);
  });
  await shot("phone", "", { device: "phone" });
  await shot("folded", "", { width: 1200, height: 700 }, async (e) => {
    await e.page.getByTestId("fold-each").click();
    await e.page.waitForTimeout(300);
  });
  expect(1).toBe(1);
}, 120000);
