/** The types that are written by hand here say no more than the API's own description promises. */
import { expect, test } from "vitest";
import openapi from "../../../docs/openapi.json";
import type { Attempt, Credential, Run, Step, Turn, TurnCounts, Webhook, Workflow } from "../data.ts";
import type { Version, WorkflowState } from "./workflows.ts";

interface Schema {
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly allOf?: readonly (Schema & { readonly $ref?: string })[];
}

const schemas = openapi.components.schemas as unknown as Readonly<Record<string, Schema>>;

/** The compiler sees to it that every field of a type stands here. */
type Fields<T> = Readonly<Record<keyof T, true>>;

const SUMMARY = {
  id: true,
  name: true,
  revision: true,
  state: true,
  active: true,
  published_version: true,
  updated_at: true,
} as const;

const workflow: Fields<Workflow> = { ...SUMMARY, draft_differs: true, definition: true, problems: true };
const state: Fields<Omit<WorkflowState, "draft_differs">> = SUMMARY;
const version: Fields<Version> = { version: true, published_at: true, published_by: true };
const webhook: Fields<Webhook> = { node: true, slug: true, url: true };
const credential: Fields<Credential> = { id: true, name: true, kind: true, hosts: true, fields: true };
const attempt: Fields<Attempt> = {
  number: true,
  status: true,
  started_at: true,
  finished_at: true,
  error: true,
  exchanges: true,
};
const step: Fields<Step> = {
  node: true,
  status: true,
  port: true,
  attempts: true,
  output: true,
  error: true,
  started_at: true,
  finished_at: true,
  retry_at: true,
  turns: true,
};
const turn: Fields<Turn> = {
  number: true,
  iteration: true,
  status: true,
  started_at: true,
  finished_at: true,
  error: true,
};
const counts: Fields<TurnCounts> = { count: true, running: true, succeeded: true, failed: true, skipped: true };
const run: Fields<Run> = {
  id: true,
  workflow: true,
  version: true,
  event: true,
  status: true,
  mode: true,
  created_at: true,
  started_at: true,
  finished_at: true,
  error: true,
  trigger: true,
  steps: true,
};

test.each([
  ["WorkflowDetail", workflow],
  ["State", state],
  ["VersionSummary", version],
  ["WebhookAddress", webhook],
  ["Credential", credential],
  ["Attempt", attempt],
  ["Step", step],
  ["Turn", turn],
  ["TurnCounts", counts],
  ["RunDetail", run],
])("every field that is read of %s is promised by the API", (name, fields) => {
  expect(propertiesOf(schemas[name])).toEqual(expect.arrayContaining(Object.keys(fields)));
});

function propertiesOf(schema: Schema | undefined): string[] {
  const own = Object.keys(schema?.properties ?? {});
  const inherited = (schema?.allOf ?? []).flatMap((part) =>
    propertiesOf(part.$ref ? schemas[part.$ref.split("/").at(-1) ?? ""] : part),
  );
  return [...own, ...inherited];
}
