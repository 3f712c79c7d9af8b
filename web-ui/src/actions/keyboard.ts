/** Turns keys into actions. */
import type { Editor } from "../editor/editor.svelte.ts";
import { listenToClipboard } from "./copying.ts";
import { actions } from "./registry.ts";
import { matches } from "./shortcuts.ts";
import { isInOverlay, isTyping } from "./typing.ts";

/** Listens to the window until the returned function is called. */
export function listenToKeys(editor: Editor): () => void {
  const listening = new AbortController();
  const { signal } = listening;
  let isDrawing = false;
  window.addEventListener("pointerdown", (event) => (isDrawing = isOnCanvas(event.target)), { signal, capture: true });
  window.addEventListener(
    "keydown",
    (event) => {
      // Tab belongs to those who move by keyboard; it opens the palette only for a hand that was just drawing.
      if (event.key === "Tab" && !isDrawing) return;
      if (event.key === "Tab") isDrawing = false;
      press(editor, event);
    },
    { signal },
  );
  listenToClipboard(editor, signal);
  return () => listening.abort();
}

function press(editor: Editor, event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing || isInOverlay(event.target)) return;
  const typing = isTyping(event.target);
  const action = actions.find(
    (candidate) =>
      !candidate.isNative &&
      (!typing || candidate.worksInFields) &&
      candidate.shortcuts?.some((shortcut) => matches(shortcut, event) && (hasModifier(shortcut) || isFree(event))),
  );
  if (!action) return;
  const enabled = action.enabled(editor);
  // The browser's own "save page" or "bookmark" would only irritate, also when there is nothing to do.
  if (enabled || event.ctrlKey || event.metaKey) event.preventDefault();
  if (enabled) void action.run(editor);
}

function hasModifier(shortcut: string): boolean {
  return shortcut.startsWith("mod+") || shortcut.startsWith("alt+") || shortcut.startsWith("F");
}

/** A bare letter counts only where no other control has the focus. */
function isFree(event: KeyboardEvent): boolean {
  const { target } = event;
  return target === document.body || isOnCanvas(target);
}

function isOnCanvas(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest(".svelte-flow") !== null && !isInOverlay(target);
}
