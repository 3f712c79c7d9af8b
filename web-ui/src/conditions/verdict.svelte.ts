/** How a condition comes out for the sample, asked of the server whenever typing pauses. */
import { call } from "../api/client.ts";
import type { Scope } from "../inspector/scope.svelte.ts";
import type { Json } from "../workflow/definition.ts";

export interface Verdict {
  readonly passed: boolean;
  /** By the path of the comparison. */
  readonly rows: ReadonlyMap<string, boolean>;
}

const WAIT_MS = 250;

/** Follows a condition; call it while a component is set up. */
export function followVerdict(scope: Scope, condition: () => Json | undefined): { readonly current: Verdict | null } {
  let current = $state.raw<Verdict | null>(null);
  $effect(() => {
    const asked = condition();
    const body = { condition: asked, context: scope.context, timezone: scope.editor.definition.settings.timezone };
    if (asked === undefined || asked === null) {
      current = null;
      return;
    }
    const cancel = new AbortController();
    const timer = setTimeout(async () => {
      // A condition that cannot be decided yet has no verdict; what is wrong with it stands at its row.
      current = await ask(body, cancel.signal).catch(() => (cancel.signal.aborted ? current : null));
    }, WAIT_MS);
    return () => {
      clearTimeout(timer);
      cancel.abort();
    };
  });
  return {
    get current() {
      return current;
    },
  };
}

async function ask(body: unknown, signal: AbortSignal): Promise<Verdict> {
  interface Answer {
    readonly verdict: {
      readonly passed: boolean;
      readonly rows: readonly { readonly path: string; readonly passed: boolean }[];
    };
  }
  const { verdict } = await call<Answer>("POST", "/expressions/evaluate", body, signal);
  return { passed: verdict.passed, rows: new Map(verdict.rows.map((row) => [row.path, row.passed])) };
}
