/** Saving at the moments when a tab is left, hidden, found again, or gets its connection back. */
import { t } from "../texts/texts.ts";
import { toast } from "../toasts/toasts.svelte.ts";
import type { Editor } from "./editor.svelte.ts";

/** Watches the window until the returned function is called. */
export function watchWindow(editor: Editor): () => void {
  const { saving } = editor;
  const watching = new AbortController();
  const options = { signal: watching.signal };
  const leave = () => {
    saving.keep();
    if (saving.isDirty) void saving.flush(true);
  };
  window.addEventListener("online", () => void saving.flush(), options);
  window.addEventListener("blur", () => void saving.flush(), options);
  window.addEventListener("pagehide", leave, options);
  window.addEventListener("focus", () => void comeBack(editor), options);
  document.addEventListener(
    "visibilitychange",
    () => {
      if (document.visibilityState === "hidden") leave();
      else void comeBack(editor);
    },
    options,
  );
  window.addEventListener(
    "beforeunload",
    (event) => {
      // An edit of this moment is sent while the page goes; only what the server does not take is worth a question.
      if (saving.isDirty && ["offline", "conflict", "refused", "signed_out"].includes(editor.save.kind)) {
        event.preventDefault();
      }
    },
    options,
  );
  // A part that is loaded on demand is gone after an update of the server. What has a place on the page says so there.
  const lost = new WeakSet<object>();
  window.addEventListener("vite:preloadError", ({ payload }) => lost.add(payload), options);
  window.addEventListener(
    "unhandledrejection",
    (event) => {
      if (!lost.has(event.reason)) return;
      event.preventDefault();
      offerReload(editor);
    },
    options,
  );
  return () => watching.abort();
}

function offerReload(editor: Editor): void {
  const run = () => {
    editor.saving.keep();
    location.reload();
  };
  toast(t("editor.reload.text"), { kind: "bad", button: { text: t("editor.reload.button"), run } });
}

async function comeBack(editor: Editor): Promise<void> {
  // Whoever was sent to sign in comes back through here.
  if (editor.saving.isDirty && editor.save.kind !== "conflict") await editor.saving.flush();
  else await editor.saving.check();
}
