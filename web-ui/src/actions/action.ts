/** What an action is. Buttons, menus, keys and the command palette all read the same entries. */
import type { Editor } from "../editor/editor.svelte.ts";
import type { IconName } from "../icons/names.ts";
import type { TextKey } from "../texts/texts.ts";

/** Under which heading an action stands in lists. */
export type ActionGroup = "edit" | "step" | "view" | "workflow" | "help";

export interface Action {
  readonly id: string;
  readonly label: TextKey;
  readonly group: ActionGroup;
  readonly icon?: IconName;
  /** Such as `mod+shift+z`; `mod` is the command key on a Mac and the control key elsewhere. The first one is shown. */
  readonly shortcuts?: readonly string[];
  /** The browser itself turns the keys into an event that is listened to (copy, cut, paste). */
  readonly isNative?: boolean;
  /** Whether the keys also count while somebody is typing in a field. */
  readonly worksInFields?: boolean;
  enabled(editor: Editor): boolean;
  run(editor: Editor): void | Promise<void>;
}
