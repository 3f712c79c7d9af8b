// Small comforts on every page; each page works without them.

// Times are shown in the reader's time zone from the next page on. Asking for it takes long, so the page comes first.
(window.requestIdleCallback ?? setTimeout)(() => {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!zone || document.cookie.includes(`stellwerk_zone=${zone}`)) return;
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `stellwerk_zone=${zone}; path=/; max-age=31536000; samesite=lax${secure}`;
});

// What was said once is not said again after a reload.
const address = new URL(location.href);
if (address.searchParams.has("notice")) {
  address.searchParams.delete("notice");
  address.searchParams.delete("of");
  history.replaceState(history.state, "", address);
}

if (navigator.clipboard) for (const button of document.querySelectorAll("[data-copy]")) button.hidden = false;

document.addEventListener("click", async (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  if (button.classList.contains("copied")) return;
  const said = button.querySelector("span") ?? button;
  const before = said.textContent;
  said.textContent = button.dataset.copied;
  button.classList.add("copied");
  setTimeout(() => {
    said.textContent = before;
    button.classList.remove("copied");
  }, 2000);
});

document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.querySelector("details.menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

// Choosing in a filter applies it.
document.addEventListener("change", (event) => {
  if (event.target.matches("form.filters select")) event.target.form.requestSubmit();
});
