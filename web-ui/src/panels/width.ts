/** How wide the side panel is, remembered in this browser. */
const KEY = "stellwerk.panel_width";
export const NARROWEST = 320;
export const WIDEST = 720;
const USUAL = 400;

export function readWidth(): number {
  try {
    const width = Number(localStorage.getItem(KEY));
    return width >= NARROWEST && width <= WIDEST ? width : USUAL;
  } catch {
    return USUAL;
  }
}

export function writeWidth(width: number): void {
  try {
    localStorage.setItem(KEY, String(width));
  } catch {
    // Then it is as wide as usual next time.
  }
}
