/** Where the icons are: one file for all pages, which the navigation has fetched already. */
let address = "";

/** Sets the address; called once, before anything is drawn. */
export function useSprite(sprite: string): void {
  address = sprite;
}

/** The address of one icon. */
export function iconAddress(name: string): string {
  return `${address}#${name}`;
}
