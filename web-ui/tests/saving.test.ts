import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { EditorPage } from "./harness/editor-page.ts";
import { prepareStage } from "./harness/stage.ts";
import { definition, node } from "./harness/workflows.ts";

const stage = prepareStage();

const CHAIN = definition(
  [
    node("order", "webhook"),
    node("fields", "set_fields", { fields: { a: 1 } }, 1),
    node("mail", "email.send", { to: ["a@b.example"], subject: "Old", text: "Old" }, 2),
  ],
  ["order -> fields", "fields -> mail"],
);

async function openOn(page: Page, id: string, query = ""): Promise<EditorPage> {
  const editor = new EditorPage(page);
  await editor.open(`/workflows/${id}${query}`);
  return editor;
}

async function params(id: string, node: string) {
  return (await stage.api.workflow(id)).definition.nodes.find((known) => known.id === node)?.params;
}

async function replaceText(editor: EditorPage, parameter: string, text: string): Promise<void> {
  await editor.line(parameter).click();
  await editor.page.keyboard.press("Control+a");
  await editor.page.keyboard.type(text);
}

test("every edit is saved by itself and is there after a reload", async () => {
  const { page } = await stage.visit();
  const { id } = await stage.api.createWorkflow("Saved", CHAIN);
  const editor = await openOn(page, id, "?node=mail");
  await replaceText(editor, "subject", "New subject");
  await expect.poll(async () => (await params(id, "mail"))?.subject).toBe("New subject");
  await editor.saved();
  await page.reload();
  await expect.poll(() => editor.line("subject").textContent()).toBe("New subject");
});

test("a page that is left at once loses nothing", async () => {
  const { page, tolerate } = await stage.visit();
  // What the old page sends while it goes may arrive after the new one was read, which then sends the same.
  tolerate(/409/);
  const { id } = await stage.api.createWorkflow("Left", CHAIN);
  const editor = await openOn(page, id, "?node=mail");
  await replaceText(editor, "subject", "Last words");
  await page.goto("/");
  await page.goto(`/workflows/${id}?node=mail`);
  await expect.poll(() => editor.line("subject").textContent()).toBe("Last words");
  await expect.poll(async () => (await params(id, "mail"))?.subject).toBe("Last words");
});

test("a hundred and one edits are undone and done again one by one", async () => {
  const { page } = await stage.visit();
  const { id } = await stage.api.createWorkflow("Undone", CHAIN);
  const editor = await openOn(page, id);
  await editor.choose("fields");
  const start = (await stage.api.workflow(id)).definition;
  const moves = 101;
  for (let move = 0; move < moves; move += 1) {
    await page.keyboard.press("Control+d");
  }
  await expect.poll(() => page.locator('[data-testid^="node-"]').count()).toBe(start.nodes.length + moves);
  for (let move = 0; move < moves; move += 1) await page.keyboard.press("Control+z");
  await expect.poll(() => page.locator('[data-testid^="node-"]').count()).toBe(start.nodes.length);
  await editor.saved();
  expect((await stage.api.workflow(id)).definition).toEqual(start);
  for (let move = 0; move < moves; move += 1) await page.keyboard.press("Control+Shift+z");
  await expect.poll(() => page.locator('[data-testid^="node-"]').count()).toBe(start.nodes.length + moves);
});

test("two tabs that change different things both keep their edits", async () => {
  const { page, tab, tolerate } = await stage.visit();
  tolerate(/409/);
  const { id } = await stage.api.createWorkflow("Merged", CHAIN);
  const [first, second] = [await openOn(page, id, "?node=mail"), await openOn(await tab(), id, "?node=mail")];
  await replaceText(first, "subject", "From the first tab");
  await first.saved();
  await second.page.bringToFront();
  await replaceText(second, "text", "From the second tab");
  await second.saved();
  await expect
    .poll(() => params(id, "mail"))
    .toMatchObject({ subject: "From the first tab", text: "From the second tab" });
});

test("two windows that change the same thing get a notice, and the person decides", async () => {
  const [one, other] = [await stage.visit(), await stage.visit()];
  other.tolerate(/409|ERR_INTERNET_DISCONNECTED/);
  const { id } = await stage.api.createWorkflow("Conflict", CHAIN);
  const subject = async () => (await params(id, "mail"))?.subject;
  const [first, second] = [new EditorPage(one.page), await openOn(other.page, id, "?node=mail")];
  const notice = second.page.getByTestId("conflict");
  for (const choice of ["mine", "theirs"] as const) {
    // The second window hears nothing of the other edit before it has one of its own.
    await first.open(`/workflows/${id}?node=mail`);
    await other.context.setOffline(true);
    await replaceText(second, "subject", `Mine, and ${choice} is kept`);
    await replaceText(first, "subject", `Theirs, and ${choice} is kept`);
    await expect.poll(subject).toBe(`Theirs, and ${choice} is kept`);
    await other.context.setOffline(false);
    await notice.waitFor();
    expect(await subject()).toBe(`Theirs, and ${choice} is kept`);
    await second.button(`editor.conflict.${choice}`).click();
    await notice.waitFor({ state: "detached" });
    const kept = choice === "mine" ? "Mine, and mine is kept" : "Theirs, and theirs is kept";
    await expect.poll(subject).toBe(kept);
    await expect.poll(() => second.line("subject").textContent()).toBe(kept);
  }
});

test("a server that restarts in the middle of editing loses nothing", async () => {
  const { page, tolerate } = await stage.visit();
  tolerate(/ERR_|Failed to (load|fetch)|EventSource/);
  const { id } = await stage.api.createWorkflow("Restarted", CHAIN);
  const editor = await openOn(page, id, "?node=mail");
  await replaceText(editor, "subject", "Before");
  await editor.saved();
  await stage.server.kill();
  await replaceText(editor, "subject", "While it was away");
  await page.locator('[data-testid="save-state"][data-state="offline"]').waitFor();
  await stage.server.begin();
  await expect.poll(async () => (await params(id, "mail"))?.subject, { timeout: 20_000 }).toBe("While it was away");
  await editor.saved();
});

test("edits that never reached the server are back when the page is opened again", async () => {
  const { page, tolerate } = await stage.visit();
  tolerate(/ERR_|Failed to (load|fetch)|EventSource/);
  const { id } = await stage.api.createWorkflow("Recovered", CHAIN);
  const editor = await openOn(page, id, "?node=mail");
  await editor.line("subject").waitFor();
  await stage.server.kill();
  await replaceText(editor, "subject", "Not lost");
  await page.locator('[data-testid="save-state"][data-state="offline"]').waitFor();
  await page.close();
  await stage.server.begin();
  const again = await openOn(await page.context().newPage(), id, "?node=mail");
  await again.text("editor.save.recovered").waitFor();
  await expect.poll(async () => (await params(id, "mail"))?.subject).toBe("Not lost");
});

test("a part that did not arrive says so, and comes whole when it is asked for again", async () => {
  const { page, tolerate } = await stage.visit();
  tolerate(/ERR_FAILED/);
  const { id } = await stage.api.createWorkflow("Interrupted", CHAIN);
  const editor = await openOn(page, id);
  const panel = page.getByTestId("side-panel");
  for (const [address, key] of [
    [/\/assets\/Versions\..*\.css$/, "editor.action.versions"],
    [/\/assets\/Settings\..*\.js$/, "editor.action.settings"],
  ] as const) {
    await page.route(address, (route) => route.abort());
    await editor.button("editor.header.menu").click();
    await editor.button(key).click();
    await panel.getByText(editor.say("editor.lazy.failed")).waitFor();
    await page.unroute(address);
    await panel.getByRole("button", { name: editor.say("editor.lazy.again") }).click();
    await panel.getByRole("alert").waitFor({ state: "detached" });
  }
  await panel.getByRole("textbox").or(panel.getByRole("combobox")).first().waitFor();
  const styles = await page.evaluate(() => [...document.styleSheets].map(({ href }) => href ?? ""));
  expect(styles.filter((href) => href.includes("Versions."))).toHaveLength(1);
});
