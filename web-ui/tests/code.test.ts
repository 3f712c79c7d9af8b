/** The field that code is written in. */
import { expect, test } from "vitest";
import { EditorPage } from "./harness/editor-page.ts";
import { prepareStage } from "./harness/stage.ts";
import { definition, node, ORDER } from "./harness/workflows.ts";

const stage = prepareStage();

test("code is typed with proposals of data and functions, and a mistake is marked at its line", async () => {
  const { page, tolerate } = await stage.visit({ width: 1440, height: 900, language: "de" });
  // Chromium wants to give text that is typed over a selection the old colour, which the page's policy does not let it.
  tolerate(/Applying inline style/);
  const draft = definition([node("order", "webhook"), node("code", "code", {}, 1)], ["order -> code"]);
  const { id } = await stage.api.createWorkflow("Code", draft);
  await stage.api.saveSample(id, "order", { method: "POST", headers: {}, query: {}, body: ORDER });
  const editor = new EditorPage(page, "de");
  await editor.open(`/workflows/${id}?node=code`);
  const script = async () =>
    (await stage.api.workflow(id)).definition.nodes.find((one) => one.id === "code")?.params.script;
  const content = page.locator(".cm-content");
  const proposals = page.locator(".cm-tooltip-autocomplete li");
  const takeProposal = async (name: string) => {
    await proposals.filter({ hasText: name }).first().waitFor();
    // Right after it has opened a list takes no key, so that nothing is chosen by accident.
    await expect.poll(() => page.locator(".cm-tooltip-autocomplete li[aria-selected=true]").count()).toBe(1);
    await proposals.filter({ hasText: name }).first().click();
  };

  // What the sample holds is proposed behind a dot, a helper function by its first letters.
  await content.click();
  await page.keyboard.type("let who = trigger.body.cus");
  await takeProposal("customer");
  await page.keyboard.type(".name;");
  await page.keyboard.press("Enter");
  await page.keyboard.type("let big = capit");
  await proposals.filter({ hasText: "capitalise" }).first().waitFor();
  await page.getByText("Mit großem Anfangsbuchstaben.").waitFor();
  await takeProposal("capitalise");
  await page.keyboard.type("who);");
  const first = "let who = trigger.body.customer.name;\nlet big = capitalise(who);";
  await expect.poll(script).toBe(first);

  // A field of the data is put at the caret by a click.
  await page.keyboard.press("Enter");
  await page.keyboard.type("#{ order: ");
  await editor.pick("$.trigger.body.id");
  await expect.poll(script).toContain("order: trigger.body.id");

  const marked = page.locator(".cm-lintRange-error");
  expect(await marked.count()).toBe(0);
  await content.focus();
  await page.keyboard.press("Control+a");
  await page.keyboard.type("let a = 1;");
  await page.keyboard.press("Enter");
  await page.keyboard.type("let b = ;");
  await expect.poll(() => marked.evaluateAll(lineNumbersOf)).toEqual([2]);
  await editor
    .field("script")
    .getByText(/line 2/)
    .first()
    .waitFor();
  for (let letter = 0; letter < 3; letter += 1) await page.keyboard.press("Backspace");
  await page.keyboard.type("= a;");
  await expect.poll(() => marked.count()).toBe(0);
  await expect.poll(script).toBe("let a = 1;\nlet b = a;");
});

/** Runs in the page: on which lines of the code the marks lie, from one. */
function lineNumbersOf(marks: Element[]): number[] {
  return marks.map((mark) => {
    const line = mark.closest(".cm-line");
    return [...(line?.parentElement?.querySelectorAll(".cm-line") ?? [])].indexOf(line as Element) + 1;
  });
}
