// Keeps the first page of the history up to date: a run that changed is fetched as a row and put in its place.

const MAX_ROWS = 50;
const MAX_FETCHED = 12;
/** None while no run fits. */
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
  // The page has no list yet, and now there is something to list.
  if (!list) return location.reload();
  place(row);
}

/** Puts a row where its time wants it. An older run that changed may belong to a later page. */
function place(row) {
  const begun = (other) => other.querySelector("time").dateTime;
  const older = document.querySelector(".pager a[rel='next']");
  const next = [...list.rows].find((other) => begun(other) <= begun(row));
  if (next) next.before(row);
  else if (!older) list.append(row);
  if (list.rows.length <= MAX_ROWS) return;
  // What no longer has room has to be found on the next page.
  if (!older) return location.reload();
  while (list.rows.length > MAX_ROWS) list.rows[list.rows.length - 1].remove();
  const address = new URL(older.href);
  address.searchParams.set("before", list.rows[list.rows.length - 1].dataset.key);
  older.href = address.href;
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
  if (document.getElementById("no-runs")) return location.reload();
  changed.add(run);
  timer ||= setTimeout(flush, 300);
}
news.addEventListener("run", note);
news.addEventListener("event", note);
