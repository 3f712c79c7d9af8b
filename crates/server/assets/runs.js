// Keeps the first page of the history up to date: a run that changed is fetched as a row and put in its place.

const MAX_ROWS = 50;
const MAX_FETCHED = 12;
const list = document.getElementById("runs");
const sign = document.getElementById("live");
const filter = new URLSearchParams(location.search);
const changed = new Set();
let timer = 0;

function show(isLive) {
  sign.hidden = false;
  sign.classList.toggle("active", isLive);
  sign.querySelector("span").textContent = isLive ? sign.dataset.on : sign.dataset.off;
}

async function fetchRow(run) {
  const shown = document.getElementById(`run-${run}`);
  // Whether a new run mentions a text only a search can tell.
  if (!shown && filter.get("text")) return;
  const answer = await fetch(`/runs/${run}/row?${filter}`);
  if (answer.status === 204) return shown?.remove();
  if (!answer.ok) return;
  const holder = document.createElement("template");
  holder.innerHTML = await answer.text();
  const row = holder.content.querySelector("tr");
  if (shown) return shown.replaceWith(row);
  list.prepend(row);
  while (list.rows.length > MAX_ROWS) list.rows[list.rows.length - 1].remove();
}

async function flush() {
  const runs = [...changed].slice(-MAX_FETCHED);
  changed.clear();
  for (const run of runs) await fetchRow(run);
  timer = changed.size ? setTimeout(flush, 500) : 0;
}

const news = new EventSource("/api/v1/live");
news.onopen = () => show(true);
news.onerror = () => show(false);
function note(event) {
  const { run } = JSON.parse(event.data);
  if (!run) return;
  if (!list) return location.reload();
  changed.add(run);
  timer ||= setTimeout(flush, 300);
}
news.addEventListener("run", note);
news.addEventListener("event", note);
