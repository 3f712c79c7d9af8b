/**
 * Stands in for the library's handle on its canvas where only the deletion of selected elements is wanted of it: that is ours
 * (`actions/editing.ts`), and the whole handle weighs as much as a panel. See `slim.ts`.
 */
export function useSvelteFlow() {
  return { deleteElements: () => Promise.resolve() };
}
