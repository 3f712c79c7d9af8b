import { mount } from "svelte";
import App from "./App.svelte";
import { useCsrf } from "./api/client.ts";
import { readData } from "./data.ts";
import { Editor } from "./editor/editor.svelte.ts";
import { useSprite } from "./icons/sprite.ts";
import { watchStyles } from "./loading/lazy.ts";
import { useReference } from "./loading/reference.ts";
import { useTexts } from "./texts/texts.ts";

const target = document.getElementById("editor");
if (target) {
  const data = readData(document);
  useTexts(data.language, data.messages);
  useReference(data.addresses, data.catalogue);
  useSprite(data.sprite);
  useCsrf(data.csrf);
  watchStyles();
  target.replaceChildren();
  target.removeAttribute("aria-busy");
  mount(App, { target, props: { editor: new Editor(data) } });
}
