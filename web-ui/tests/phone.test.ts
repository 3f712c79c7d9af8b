import { expect, test } from "vitest";
import { EditorPage } from "./harness/editor-page.ts";
import { whatDoesNotFit } from "./harness/looks.ts";
import { send } from "./harness/population.ts";
import { openSink } from "./harness/sink.ts";
import { prepareStage } from "./harness/stage.ts";
import { pattern, texts } from "./harness/texts.ts";
import { largeOrders, node, ORDER } from "./harness/workflows.ts";

const stage = prepareStage();
const say = texts();

test("by touch a step is added, filled from the sample, connected and run", async () => {
  const sink = await openSink();
  const { page } = await stage.visit({ device: "phone" });
  const draft = largeOrders(sink.url);
  const nodes = [...draft.nodes, node("again", "set_fields", { fields: { a: "" } }, 1, 2)];
  const { id } = await stage.api.createWorkflow("Touched", { ...draft, nodes });
  await stage.api.saveSample(id, "order", { method: "POST", headers: {}, query: {}, body: ORDER });
  const editor = new EditorPage(page);
  await editor.open(`/workflows/${id}`);
  await editor.button("editor.action.fit").tap();

  await page.getByTestId("port-large-out").tap();
  await editor.node("again").tap();
  await page.getByTestId("edge-large-out-again").waitFor({ state: "attached" });

  await editor.node("again").tap();
  const value = editor.field("fields").getByRole("textbox", { name: say("editor.rows.value_of", { name: "a" }) });
  await value.tap();
  await (await editor.reveal("$.trigger.body.customer.email")).tap();
  await value.locator(".chip").waitFor();
  const filled = async () => (await stage.api.workflow(id)).definition.nodes.find((one) => one.id === "again")?.params;
  await expect.poll(filled).toEqual({ fields: { a: "{{ $.trigger.body.customer.email }}" } });
  await editor.button("editor.panel.close").tap();
  await page.getByTestId("add-after-again-out").tap();
  await page.getByTestId("step-stop_with_error").tap();
  await editor.node("stop_with_error").waitFor();
  await page.keyboard.press("Control+z");
  await editor.node("stop_with_error").waitFor({ state: "detached" });

  await editor.saved();
  await page.getByTestId("run-with-sample").tap();
  await page.getByText(pattern(say("editor.run.succeeded"))).waitFor();
  expect(sink.received.length).toBe(1);
  await sink.close();
});

test("a finger drags a step and moves the canvas", async () => {
  const { page, context } = await stage.visit({ device: "phone" });
  const { id } = await stage.api.createWorkflow("Fingers", largeOrders("http://127.0.0.1:9"));
  const editor = new EditorPage(page);
  await editor.open(`/workflows/${id}`);
  await editor.button("editor.action.fit").tap();
  const box = await editor.node("large").boundingBox();
  if (!box) throw new Error("The step is nowhere");
  const session = await context.newCDPSession(page);
  const start = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  const touch = (type: "touchStart" | "touchMove" | "touchEnd", down: number) =>
    session.send("Input.dispatchTouchEvent", {
      type,
      touchPoints: type === "touchEnd" ? [] : [{ x: start.x, y: start.y + down }],
    });
  await touch("touchStart", 0);
  for (let down = 10; down <= 120; down += 10) await touch("touchMove", down);
  await touch("touchEnd", 120);
  await editor.saved();
  const position = async () =>
    (await stage.api.workflow(id)).definition.nodes.find((one) => one.id === "large")?.position.y ?? 0;
  await expect.poll(position).toBeGreaterThan(20);
});

test("on a phone the menu opens, a failed run is read and tried again, and the workflow paused", async () => {
  let isOpen = false;
  const sink = await openSink(() =>
    isOpen ? { status: 201, body: "done" } : { status: 503, body: "closed for today" },
  );
  const { page } = await stage.visit({ device: "phone" });
  const draft = largeOrders(sink.url);
  const nodes = draft.nodes.map((one) => (one.id === "tell" ? { ...one, retry: { attempts: 1 } } : one));
  const { id } = await stage.api.createWorkflow("Pocket", { ...draft, nodes });
  await stage.api.activate(id);
  const { run } = await send(stage.api, id, ORDER);
  await page.goto("/");
  await page.getByRole("button", { name: say("nav.menu") }).tap();
  await page.getByRole("link", { name: say("nav.runs"), exact: true }).tap();
  await page.waitForURL("**/runs");
  await page.locator(`#run-${run} a`).first().tap();
  await page.waitForURL(`**/runs/${run}**`);

  // What went wrong stands on the page, as wide as the phone, and the step can be opened.
  const failure = page.locator("main > .callout.bad");
  await failure.getByText("closed for today").first().waitFor();
  expect(await whatDoesNotFit(page)).toEqual([]);
  await page.locator("#step-order summary").tap();
  await page.locator("#step-order").getByText(ORDER.customer.email).first().waitFor();

  isOpen = true;
  await page.getByText(say("run.again"), { exact: true }).tap();
  await page.getByRole("button", { name: say("dead.replay_failed") }).tap();
  await page.waitForURL((url) => /\/runs\/[0-9a-f-]{36}/.test(url.pathname) && !url.pathname.endsWith(run));
  const again = new URL(page.url()).pathname.split("/").at(-1) ?? "";
  expect((await stage.api.endedRun(again)).status).toBe("succeeded");
  expect(sink.received.length).toBe(2);
  await page.reload();
  await page.locator("h1").getByText(say("status.succeeded")).waitFor();

  await page.goto("/");
  const row = page.getByRole("row").filter({ has: page.locator(`a[href="/workflows/${id}"]`) });
  await row.locator("summary").tap();
  await row.getByRole("button", { name: say("home.pause") }).tap();
  await page.getByText(say("notice.workflow_paused")).waitFor();
  expect((await stage.api.workflow(id)).state).toBe("paused");
  await sink.close();
});

test("what a finger has to hit is large enough", async () => {
  const { page } = await stage.visit({ device: "phone" });
  const { id } = await stage.api.createWorkflow("Thumbs", largeOrders("http://127.0.0.1:9"));
  const small: Record<string, string[]> = {};
  for (const path of ["/", "/runs", "/inbox", "/credentials", "/settings", `/workflows/${id}?node=tell`]) {
    await page.goto(path);
    await page.locator("main button, main a").first().waitFor();
    const found = await page.evaluate(() => {
      const controls = document.querySelectorAll("button, select, summary, input:not([type=hidden]), a.button");
      return [...controls]
        .filter((control) => control.checkVisibility({ visibilityProperty: true }))
        .filter((control) => !control.closest(".svelte-flow__viewport, .visually-hidden"))
        .map((control) => ({ control, box: control.getBoundingClientRect() }))
        .filter(({ box }) => box.width > 1 && (box.height < 31.5 || box.width < 31.5))
        .map(
          ({ control, box }) =>
            `${control.getAttribute("aria-label") ?? control.textContent?.trim()}: ${Math.round(box.width)}×${Math.round(box.height)}`,
        );
    });
    if (found.length > 0) small[path] = [...new Set(found)].slice(0, 5);
  }
  expect(small).toEqual({});
});

for (const language of ["en", "de"] as const) {
  test(`nothing of the header is cut off on the smallest phone, ${language}`, async () => {
    const { page } = await stage.visit({ device: "phone", width: 320, language });
    const { id } = await stage.api.createWorkflow(
      "A name that is longer than such a phone is wide",
      largeOrders("http://127.0.0.1:9"),
    );
    const editor = new EditorPage(page, language);
    const cut = () =>
      page.locator(".header").evaluate((header) => {
        const parts = [...header.querySelectorAll("a, button, .state, .state span, .save")];
        const seen = parts.filter((part) => part.checkVisibility() && !part.closest("[popover]"));
        const isCut = (part: Element) => {
          const box = part.getBoundingClientRect();
          return (
            box.left < 0 ||
            box.right > innerWidth ||
            (box.width > 1 && part.scrollWidth > part.clientWidth + 1 && part.tagName === "SPAN")
          );
        };
        return seen.filter(isCut).map((part) => part.outerHTML);
      });
    const word = page.getByTestId("live-state");
    await editor.open(`/workflows/${id}`);
    await word.getByText(editor.say("editor.state.short_draft"), { exact: true }).waitFor();
    expect(await cut()).toEqual([]);
    await editor.button("editor.action.publish").tap();
    await word.getByText(editor.say("editor.state.short_live"), { exact: true }).waitFor();
    await editor.button("editor.header.menu").tap();
    await editor.button("editor.action.pause").tap();
    await word.getByText(editor.say("editor.state.short_paused"), { exact: true }).waitFor();
    expect(await cut()).toEqual([]);
  });
}

test("the sheet with a step's settings leaves the step in sight", async () => {
  const { page } = await stage.visit({ device: "phone" });
  const { id } = await stage.api.createWorkflow("In sight", largeOrders("http://127.0.0.1:9"));
  const editor = new EditorPage(page);
  await editor.open(`/workflows/${id}?node=tell`);
  await editor.field("url").waitFor();
  const sheet = page.getByTestId("side-panel");
  const bottomOf = async (what: typeof sheet) => (await what.boundingBox())?.y ?? Number.NaN;
  const gap = async () => (await bottomOf(sheet)) - (await bottomOf(editor.node("tell"))) - 40;
  await expect.poll(gap).toBeGreaterThan(0);
  expect((await editor.node("tell").boundingBox())?.y).toBeGreaterThan(
    (await page.locator(".header").boundingBox())?.y ?? 0,
  );
});

test("without a trigger there is no bar to start a run", async () => {
  const { page } = await stage.visit({ device: "phone" });
  const { id } = await stage.api.createWorkflow("Empty", {
    ...largeOrders("http://127.0.0.1:9"),
    nodes: [],
    edges: [],
  });
  const editor = new EditorPage(page);
  await editor.open(`/workflows/${id}`);
  await editor.text("editor.canvas.empty_title").waitFor();
  expect(await page.getByRole("region", { name: say("editor.run.label") }).count()).toBe(0);
});
