/** Keeps example data on the server, so that they are there after a reload and for everybody who edits the workflow. */
import { call } from "../api/client.ts";
import type { Sample } from "../data.ts";
import type { Editor } from "../editor/editor.svelte.ts";
import type { Json } from "../workflow/definition.ts";

/** Where a sample comes from: a stored event, somebody's hand, or a test of the step. */
type Origin =
  | { readonly source: "event"; readonly event: string; readonly value: Json }
  | { readonly source: "edited"; readonly value: Json }
  | { readonly source: "test"; readonly value: Json };

/** Stores the sample of a node; from then on expressions show its values. */
export async function saveSample(editor: Editor, node: string, origin: Origin): Promise<void> {
  // Of an event the server takes the content itself.
  const body = origin.source === "event" ? { source: origin.source, event: origin.event } : origin;
  const saved = await call<Sample | undefined>("PUT", samplePath(editor, node), body);
  const event = origin.source === "event" ? origin.event : null;
  editor.samples.set(
    node,
    saved ?? { node, source: origin.source, event, value: origin.value, updated_at: new Date().toISOString() },
  );
}

/** Forgets the sample of a node; its type's example takes its place. */
export async function removeSample(editor: Editor, node: string): Promise<void> {
  await call("DELETE", samplePath(editor, node));
  editor.samples.delete(node);
}

function samplePath(editor: Editor, node: string): string {
  return `/workflows/${editor.workflowId}/samples/${encodeURIComponent(node)}`;
}
