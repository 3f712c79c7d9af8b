/**
 * What the execution side can do for buttons and keys that live elsewhere. It sets itself as `editor.runner`, in the place of
 * `Waking`, which stands in for it until it is loaded.
 */
export interface Runner {
  /** What it is about to do; a run that has begun is the run's own matter. */
  readonly phase: "idle" | "saving" | "starting";
  /** Runs the draft with the sample. */
  run(): void;
  /** Tests one node; asks first where it has an effect outside. */
  testStep(node: string): void;
}
