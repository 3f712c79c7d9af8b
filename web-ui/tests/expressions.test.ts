import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { EditorPage } from "./harness/editor-page.ts";
import { prepareStage, type Seat } from "./harness/stage.ts";
import { texts } from "./harness/texts.ts";
import { definition, node, ORDER } from "./harness/workflows.ts";

const stage = prepareStage();
const say = texts();
const EMAIL = "$.trigger.body.customer.email";

/** A trigger with a sample, and a mail whose subject is empty; the mail's settings are open. */
async function mailEditor(seat: Seat = {}): Promise<{ editor: EditorPage; id: string }> {
  const nodes = [node("order", "webhook", { slug: "order" }), node("mail", "email.send", { to: ["a@b.example"] }, 1)];
  const { id } = await stage.api.createWorkflow("Mail", definition(nodes, ["order -> mail"]));
  await stage.api.saveSample(id, "order", { method: "POST", headers: {}, query: {}, body: ORDER });
  const { page } = await stage.visit(seat);
  const editor = new EditorPage(page);
  await editor.open(`/workflows/${id}?node=mail`);
  await editor.line("subject").waitFor();
  return { editor, id };
}

async function subjectOf(id: string): Promise<unknown> {
  return (await stage.api.workflow(id)).definition.nodes.find(({ type }) => type === "email.send")?.params.subject;
}

/** Opens the tree down to the customer's address, as far as it is not open already. */
async function reveal(page: Page): Promise<void> {
  if (await page.getByTestId(`sample-${EMAIL}`).isVisible()) return;
  await page.getByRole("searchbox", { name: say("editor.sample.search") }).fill("email");
  await page.getByTestId(`sample-${EMAIL}`).waitFor();
}

const WAYS: Readonly<Record<string, (editor: EditorPage) => Promise<void>>> = {
  "a click": async (editor) => {
    await editor.line("subject").click();
    await reveal(editor.page);
    await editor.sample(EMAIL).click();
  },
  "a drag": async (editor) => {
    await reveal(editor.page);
    await editor.sample(EMAIL).dragTo(editor.line("subject"));
  },
  "the Enter key": async (editor) => {
    await editor.line("subject").focus();
    await reveal(editor.page);
    await editor.sample(EMAIL).focus();
    await editor.page.keyboard.press("Enter");
  },
  "the list of fields": async (editor) => {
    await editor.line("subject").focus();
    await editor.page.keyboard.type("{{");
    await editor.page.getByRole("combobox", { name: say("editor.field.search") }).fill("email");
    await editor.page.keyboard.press("Enter");
  },
};

for (const [way, act] of Object.entries(WAYS)) {
  test(`${way} puts a value of the sample into a field as a chip`, async () => {
    const { editor, id } = await mailEditor();
    await act(editor);
    const chip = editor.line("subject").locator(".chip");
    await chip.waitFor();
    await editor.saved();
    await expect.poll(() => subjectOf(id)).toBe(`{{ ${EMAIL} }}`);
  });
}

test("a tap puts the same expression into a field", async () => {
  const { editor, id } = await mailEditor({ device: "phone" });
  await editor.line("subject").tap();
  await reveal(editor.page);
  await editor.sample(EMAIL).tap();
  await editor.line("subject").locator(".chip").waitFor();
  await editor.saved();
  await expect.poll(() => subjectOf(id)).toBe(`{{ ${EMAIL} }}`);
});

test("a chip shows a readable path and the value of the sample, and turns amber when the sample lacks it", async () => {
  const { editor } = await mailEditor();
  const { page } = editor;
  await editor.line("subject").click();
  await page.keyboard.type(`Thanks {{ $.trigger.body.customer.name }} and {{ $.trigger.body.voucher }}`);
  const chips = editor.line("subject").locator(".chip");
  await expect.poll(() => chips.count()).toBe(2);
  const [known, missing] = [chips.nth(0), chips.nth(1)];
  await expect.poll(() => known.textContent()).toContain("Jörg Weiß");
  expect(await known.textContent()).toContain("customer");
  expect(await known.textContent()).not.toContain("$.");
  await expect.poll(() => missing.getAttribute("data-state")).toBe("missing");
  expect(await missing.textContent()).toContain(say("editor.chip.missing"));
});

test("Backspace takes a chip out, and undo brings it back", async () => {
  const { editor, id } = await mailEditor();
  await editor.line("subject").click();
  await editor.page.keyboard.type(`To {{ ${EMAIL} }}`);
  await editor.page.keyboard.press("Backspace");
  await expect.poll(() => editor.line("subject").locator(".chip").count()).toBe(0);
  await editor.page.keyboard.press("Control+z");
  await editor.line("subject").locator(".chip").waitFor();
  await editor.saved();
  await expect.poll(() => subjectOf(id)).toContain(EMAIL);
});
