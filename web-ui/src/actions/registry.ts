/** Every action there is. */

import { drawingActions } from "../canvas/actions.ts";
import type { Action } from "./action.ts";
import { editingActions } from "./editing.ts";
import { viewingActions } from "./viewing.ts";
import { workflowActions } from "./workflow.ts";

export type { Action, ActionGroup } from "./action.ts";

export const actions: readonly Action[] = [...drawingActions, ...editingActions, ...workflowActions, ...viewingActions];

const byId = new Map(actions.map((action) => [action.id, action]));

/** The action with this id; a wrong one is a mistake in the program. */
export function actionOf(id: string): Action {
  const action = byId.get(id);
  if (!action) throw new Error(`There is no action “${id}”`);
  return action;
}
