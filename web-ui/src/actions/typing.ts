/** Whether keys belong to what somebody is typing. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || target.closest("input, textarea, select, .cm-editor") !== null;
}

/** Whether keys belong to something that lies over the editor. */
export function isInOverlay(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("dialog, [role='dialog'], [popover], [role='menu']") !== null;
}
