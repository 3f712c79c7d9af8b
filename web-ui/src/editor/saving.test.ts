import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import german from "../../../crates/server/messages/de.json";
import { ApiProblem, Unreachable } from "../api/client.ts";
import type { Change } from "../api/workflows.ts";
import type { DraftProblem, Workflow } from "../data.ts";
import { useTexts } from "../texts/texts.ts";
import { toasts } from "../toasts/toasts.svelte.ts";
import { type Definition, nodeOf } from "../workflow/definition.ts";
import { setNode, setParam } from "../workflow/edits.ts";
import { equal } from "../workflow/equal.ts";
import { begin, type History, push, rebase, undo } from "../workflow/history.ts";
import { definition, node } from "../workflow/samples.ts";
import type { SaveState } from "./editor.svelte.ts";
import type { KeptEdits } from "./kept.ts";
import { type OpenDraft, Saving } from "./saving.svelte.ts";

const first = definition([node("a"), node("b")], ["a → b"]);

/** A server with one workflow, which refuses outdated revisions as the real one does. */
class FakeServer {
  workflow = stored(1, "Orders", first);
  changes: Change[] = [];
  copies: string[] = [];
  /** Thrown instead of the next answers. */
  faults: Error[] = [];
  tokensRenewed = 0;

  async read(): Promise<Workflow> {
    return this.workflow;
  }

  async save(change: Change): Promise<Workflow> {
    this.changes.push(change);
    const fault = this.faults.shift();
    if (fault) throw fault;
    if (change.revision !== this.workflow.revision) throw new ApiProblem(409, "revision_conflict", "Changed", {});
    return this.put(change.name ?? this.workflow.name, change.definition ?? this.workflow.definition);
  }

  async create(name: string): Promise<string> {
    this.copies.push(name);
    return "copy";
  }

  async renewCsrf(): Promise<boolean> {
    this.tokensRenewed++;
    return true;
  }

  /** What another tab does. */
  put(name: string, changed: Definition): Workflow {
    this.workflow = stored(this.workflow.revision + 1, name, structuredClone(changed));
    return this.workflow;
  }
}

class Draft implements OpenDraft {
  history: History<Definition>;
  name: string;
  problems: readonly DraftProblem[] = [];
  save: SaveState = { kind: "saved" };

  constructor(public workflow: Workflow) {
    this.history = begin(workflow.definition);
    this.name = workflow.name;
  }

  get definition(): Definition {
    return this.history.present;
  }

  replace(next: Definition): void {
    this.history = push(this.history, next);
  }

  rebase(next: Definition, bring: (state: Definition) => Definition): void {
    this.history = rebase(this.history, next, bring, equal);
  }
}

function stored(revision: number, name: string, draft: Definition): Workflow {
  return {
    id: "w",
    name,
    revision,
    state: "draft",
    active: false,
    published_version: null,
    draft_differs: false,
    updated_at: "2026-01-01T00:00:00Z",
    definition: draft,
    problems: [],
  };
}

let server: FakeServer;
let draft: Draft;
let saving: Saving;
let kept: KeptEdits | null;

function open(): void {
  draft = new Draft(server.workflow);
  saving = new Saving(draft, server, {
    read: () => kept,
    write: (edits) => {
      kept = structuredClone(edits);
    },
    drop: () => {
      kept = null;
    },
  });
}

function edit(change: (before: Definition) => Definition): void {
  draft.replace(change(draft.definition));
  saving.touched();
}

function goBack(): void {
  draft.history = undo(draft.history);
  saving.touched();
}

const url = (text: string) => (before: Definition) => setParam(before, "b", "url", text);
const urlOf = (of: Definition) => nodeOf(of, "b")?.params.url;
const lastToast = () => toasts.items.at(-1)?.text;

beforeEach(() => {
  vi.useFakeTimers();
  server = new FakeServer();
  kept = null;
  toasts.items = [];
  open();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("as long as all is well", () => {
  test("a burst of edits is saved once, a moment after the last one", async () => {
    for (const text of ["h", "ht", "htt"]) {
      edit(url(text));
      await vi.advanceTimersByTimeAsync(500);
    }
    expect(server.changes).toEqual([]);
    await vi.advanceTimersByTimeAsync(200);
    expect(server.changes).toEqual([{ revision: 1, definition: draft.definition }]);
    expect(draft.save.kind).toBe("saved");
  });

  test("edits during a request follow in a second one, on top of the first", async () => {
    edit(url("1"));
    const flushed = saving.flush();
    edit(url("2"));
    expect(await flushed).toBe(true);
    expect(server.changes.map((change) => change.revision)).toEqual([1, 2]);
    expect(urlOf(server.workflow.definition)).toBe("2");
  });

  test("a new name is saved without the definition", async () => {
    draft.name = "Large orders";
    saving.touched();
    await vi.advanceTimersByTimeAsync(600);
    expect(server.changes).toEqual([{ revision: 1, name: "Large orders" }]);
  });

  test("what was undone in time is not saved at all", async () => {
    edit(url("1"));
    edit(() => first);
    await vi.advanceTimersByTimeAsync(2_000);
    expect([server.changes, draft.save.kind]).toEqual([[], "saved"]);
  });

  test("the server's problems are shown", async () => {
    const problem = { code: "missing_parameter", message: "", node: "b", parameter: "url" };
    server.workflow = { ...server.workflow, problems: [problem] };
    await saving.check();
    vi.spyOn(server, "save").mockResolvedValue({ ...stored(2, "Orders", first), problems: [problem] });
    edit(url("1"));
    await saving.flush();
    expect(draft.problems).toEqual([problem]);
  });
});

describe("when the server cannot be reached", () => {
  test("edits are kept in the browser and sent as soon as it is back", async () => {
    server.faults = [new Unreachable("down"), new Unreachable("down")];
    edit(url("1"));
    await vi.advanceTimersByTimeAsync(600);
    expect(draft.save.kind).toBe("offline");
    expect(urlOf(kept?.mine.definition ?? first)).toBe("1");
    edit(url("2"));
    expect(urlOf(kept?.mine.definition ?? first)).toBe("2");
    await vi.advanceTimersByTimeAsync(1_000 + 2_000);
    expect([draft.save.kind, urlOf(server.workflow.definition), kept]).toEqual(["saved", "2", null]);
  });

  test("edits that an earlier page kept come back and are saved", async () => {
    kept = {
      base: { revision: 1, name: "Orders", definition: first },
      mine: { name: "Orders", definition: url("kept")(first) },
    };
    open();
    await saving.recover();
    expect([urlOf(draft.definition), urlOf(server.workflow.definition), kept]).toEqual(["kept", "kept", null]);
    expect(lastToast()).toBe("editor.save.recovered");
  });

  test("kept edits that arrived after all are forgotten without a word", async () => {
    kept = {
      base: { revision: 1, name: "Orders", definition: first },
      mine: { name: "Orders", definition: url("kept")(first) },
    };
    server.put("Orders", url("kept")(first));
    open();
    await saving.recover();
    expect([kept, draft.history.past, server.changes, toasts.items]).toEqual([null, [], [], []]);
  });

  test("kept edits are brought together with what others did meanwhile", async () => {
    kept = {
      base: { revision: 1, name: "Orders", definition: first },
      mine: { name: "Orders", definition: url("kept")(first) },
    };
    server.put("Orders", setNode(first, "a", { title: "Theirs" }));
    open();
    await saving.recover();
    expect(urlOf(server.workflow.definition)).toBe("kept");
    expect(nodeOf(server.workflow.definition, "a")?.title).toBe("Theirs");
  });

  test("whoever was signed out goes on after signing in elsewhere", async () => {
    server.faults = [new ApiProblem(401, "unauthenticated", "", {}), new ApiProblem(403, "cross_site", "", {})];
    edit(url("1"));
    await vi.advanceTimersByTimeAsync(600);
    expect([draft.save.kind, urlOf(kept?.mine.definition ?? first)]).toEqual(["signed_out", "1"]);
    await saving.flush();
    await vi.advanceTimersByTimeAsync(30_000);
    expect([draft.save.kind, urlOf(server.workflow.definition)]).toEqual(["saved", "1"]);
    expect(server.tokensRenewed).toBeGreaterThan(0);
  });

  test("what the server refuses is said in its words, and the next edit tries again", async () => {
    server.faults = [new ApiProblem(413, "too_large", "The definition is too large.", {})];
    edit(url("1"));
    await vi.advanceTimersByTimeAsync(600);
    // The words come with a part of their own.
    await vi.dynamicImportSettled();
    expect(draft.save).toEqual({ kind: "refused", message: "The definition is too large." });
    edit(url("2"));
    await vi.advanceTimersByTimeAsync(600);
    expect([draft.save.kind, urlOf(server.workflow.definition)]).toEqual(["saved", "2"]);
  });

  test("who reads German is told in German why the server refuses a draft", async () => {
    useTexts("de", german);
    server.faults = [new ApiProblem(413, "too_large", "The definition is too large.", {})];
    edit(url("1"));
    await vi.advanceTimersByTimeAsync(600);
    await vi.dynamicImportSettled();
    useTexts("en", {});
    expect(draft.save).toEqual({ kind: "refused", message: german["editor.fault.larger"] });
  });
});

describe("when somebody else changed the draft", () => {
  test("changes in other places come together by themselves, and that is said", async () => {
    server.put("Orders", setNode(first, "a", { title: "Theirs" }));
    edit(url("mine"));
    expect(await saving.flush()).toBe(true);
    expect(urlOf(server.workflow.definition)).toBe("mine");
    expect(nodeOf(draft.definition, "a")?.title).toBe("Theirs");
    expect(lastToast()).toBe("editor.save.merged");
  });

  test("an undo after that takes back what was done here, and nothing of theirs", async () => {
    edit(url("saved"));
    await saving.flush();
    server.put("Orders", setNode(draft.definition, "a", { title: "Theirs" }));
    edit(url("mine"));
    await saving.flush();
    for (const left of ["saved", undefined]) {
      goBack();
      expect(await saving.flush()).toBe(true);
      expect(urlOf(server.workflow.definition)).toBe(left);
      expect(nodeOf(server.workflow.definition, "a")?.title).toBe("Theirs");
    }
  });

  test("an undo after keeping mine shows theirs, and not what both have left behind", async () => {
    server.put("Orders", url("theirs")(first));
    edit(url("mine"));
    await saving.flush();
    await saving.keepMine();
    goBack();
    expect(urlOf(draft.definition)).toBe("theirs");
  });

  test("a newer draft that was taken over without edits of one's own is no step to undo", async () => {
    server.put("Orders", url("theirs")(first));
    await saving.check();
    expect(draft.history.past).toEqual([]);
  });

  test("changes of the same field wait for a person; edits go on meanwhile", async () => {
    server.put("Orders", url("theirs")(first));
    edit(url("mine"));
    expect(await saving.flush()).toBe(false);
    expect([draft.save.kind, saving.conflicts]).toEqual(["conflict", [{ node: "b", field: "url" }]]);
    edit((before) => setNode(before, "a", { title: "Later" }));
    await vi.advanceTimersByTimeAsync(5_000);
    expect(urlOf(server.workflow.definition)).toBe("theirs");
    expect(nodeOf(kept?.mine.definition ?? first, "a")?.title).toBe("Later");
  });

  test("keeping mine overwrites the field in question only", async () => {
    server.put("Orders", setNode(url("theirs")(first), "a", { title: "Theirs" }));
    edit(url("mine"));
    await saving.flush();
    await saving.keepMine();
    expect([draft.save.kind, urlOf(server.workflow.definition)]).toEqual(["saved", "mine"]);
    expect(nodeOf(server.workflow.definition, "a")?.title).toBe("Theirs");
    expect(kept).toBeNull();
  });

  test("taking theirs leaves mine one undo away", async () => {
    server.put("Orders", url("theirs")(first));
    edit(url("mine"));
    await saving.flush();
    saving.useTheirs();
    expect([draft.save.kind, urlOf(draft.definition)]).toEqual(["saved", "theirs"]);
    expect(saving.isDirty).toBe(false);
    goBack();
    expect([urlOf(draft.definition), saving.isDirty]).toEqual(["mine", true]);
  });

  test("mine can become a workflow of its own", async () => {
    server.put("Orders", url("theirs")(first));
    edit(url("mine"));
    await saving.flush();
    expect(await saving.saveCopy()).toBe("copy");
    expect([server.copies, urlOf(draft.definition)]).toEqual([["editor.conflict.copy_name"], "theirs"]);
  });

  test("two names are a conflict, too", async () => {
    server.put("Theirs", first);
    draft.name = "Mine";
    saving.touched();
    await saving.flush();
    expect(saving.conflicts).toEqual([{ node: null, field: "name" }]);
    await saving.keepMine();
    expect(server.workflow.name).toBe("Mine");
  });

  test("a tab without edits of its own shows the newer draft when it is looked at again", async () => {
    server.put("Theirs", url("theirs")(first));
    await saving.check();
    expect([urlOf(draft.definition), draft.name, draft.save.kind]).toEqual(["theirs", "Theirs", "saved"]);
    expect([saving.isDirty, lastToast()]).toEqual([false, "editor.save.newer"]);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(server.changes).toEqual([]);
  });

  test("an older document is lent to the server for as long as it is worked with, and no edit is lost", async () => {
    const old = definition([node("old")], []);
    let held: unknown = null;
    await saving.lend(old, async (revision) => {
      held = [revision, server.workflow.definition.nodes.map(({ id }) => id)];
      edit(url("meanwhile"));
      await vi.advanceTimersByTimeAsync(5_000);
      expect(server.changes, "nobody saves over what is lent").toHaveLength(1);
    });
    expect(held).toEqual([2, ["old"]]);
    expect([draft.save.kind, urlOf(server.workflow.definition)]).toEqual(["saved", "meanwhile"]);
    expect(draft.history.past, "only the edit can be undone").toHaveLength(1);
  });

  test("the draft comes back when the work with the older one fails, and when the server is away", async () => {
    const failing = saving.lend(definition([node("old")], []), async () => {
      server.faults = [new Unreachable("away")];
      throw new Error("refused");
    });
    await expect(failing).rejects.toThrow("refused");
    expect(draft.save.kind).toBe("offline");
    await vi.advanceTimersByTimeAsync(30_000);
    expect([draft.save.kind, server.workflow.definition.nodes.map(({ id }) => id)]).toEqual(["saved", ["a", "b"]]);
  });
});
