// New requests appear by themselves: the page is read again when one came in, and its new rows are put on top.

const list = () => document.querySelector("#requests[data-live='true']");
let timer = 0;

async function refresh() {
  timer = 0;
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const [old, next] = [list(), fresh.querySelector("#requests")];
  if (!old || !next) return;
  const body = old.querySelector("tbody");
  if (!body) old.replaceWith(document.adoptNode(next));
  else {
    const rows = [...next.querySelectorAll("tbody > tr")].filter((row) => !document.getElementById(row.id));
    for (const row of rows) row.classList.add("fresh");
    body.prepend(...rows.map((row) => document.adoptNode(row)));
  }
  for (const row of fresh.querySelectorAll("#endpoints tbody > tr")) {
    const known = document.getElementById(row.id);
    if (known && !known.contains(document.activeElement)) known.replaceWith(document.adoptNode(row));
  }
  for (const button of navigator.clipboard ? document.querySelectorAll("[data-copy]") : []) button.hidden = false;
}

if (list()) {
  const soon = () => (timer ||= setTimeout(() => refresh().catch(() => {}), 400));
  const source = new EventSource("/api/v1/live");
  let wasLost = false;
  source.addEventListener("event", soon);
  source.addEventListener("missed", soon);
  source.addEventListener("error", () => (wasLost = true));
  source.addEventListener("open", () => wasLost && soon());
}
