/** The editor as a person works it. Each step waits for what the person would wait for. */
import type { Locator, Page } from "playwright-core";
import type { Language } from "./stage.ts";
import { type Say, texts } from "./texts.ts";

export class EditorPage {
  readonly say: Say;

  constructor(
    readonly page: Page,
    language: Language = "en",
  ) {
    this.say = texts(language);
  }

  async open(path: string): Promise<void> {
    await this.page.goto(path);
    await this.ready();
  }

  /** The canvas has been drawn, and keys are listened to. */
  async ready(): Promise<void> {
    await this.page.getByTestId("canvas").waitFor();
  }

  /** The workflow's id, out of the address. */
  get id(): string {
    const id = /\/workflows\/([0-9a-f-]{36})/.exec(this.page.url())?.[1];
    if (!id) throw new Error(`This is no editor: ${this.page.url()}`);
    return id;
  }

  node(id: string): Locator {
    return this.page.getByTestId(`node-${id}`);
  }

  /** The frame of a parameter: its label, its field, what is wrong with it. */
  field(parameter: string): Locator {
    return this.page.getByTestId(`field-${parameter}`);
  }

  /** The line to type into. */
  line(parameter: string): Locator {
    return this.field(parameter).getByRole("textbox").first();
  }

  button(key: Parameters<Say>[0], values?: Parameters<Say>[1]): Locator {
    return this.page.getByRole("button", { name: this.say(key, values), exact: true });
  }

  text(key: Parameters<Say>[0], values?: Parameters<Say>[1]): Locator {
    return this.page.getByText(this.say(key, values));
  }

  /** Adds a step with the "+" behind another one: two clicks. */
  async addAfter(id: string, type: string, port = "out"): Promise<void> {
    await this.page.getByTestId(`add-after-${id}-${port}`).click();
    await this.page.getByTestId(`step-${type}`).click();
  }

  /** Opens the settings of a step. */
  async choose(id: string): Promise<void> {
    await this.node(id).click();
  }

  /** Types into a field, which costs a click as it would a person. */
  async type(parameter: string, text: string): Promise<void> {
    await this.line(parameter).click();
    await this.page.keyboard.type(text);
  }

  /** Waits until a step of the run that lies over the canvas is in a state. */
  async shows(id: string, state: string): Promise<void> {
    await this.node(id).locator(`.mark[data-state="${state}"]`).waitFor();
  }

  /** A value of the sample, by its JSON path. */
  sample(path: string): Locator {
    return this.page.getByTestId(`sample-${path}`);
  }

  /** Brings a value of the sample into sight, by a search where its branch is closed. */
  async reveal(path: string): Promise<Locator> {
    await this.sample("$.trigger").waitFor();
    if (!(await this.sample(path).isVisible())) {
      const name = path.slice(path.lastIndexOf(".") + 1);
      await this.page.getByRole("searchbox", { name: this.say("editor.sample.search") }).fill(name);
    }
    return this.sample(path);
  }

  async pick(path: string): Promise<void> {
    await (await this.reveal(path)).click();
  }

  /** Waits until the server has the draft. */
  async saved(): Promise<void> {
    await this.page.locator('[data-testid="save-state"][data-state="saved"]').waitFor();
  }
}
