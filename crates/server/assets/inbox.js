// New requests appear by themselves: the page is read again when one came in or its run went on, and what is new is taken over.

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
    takeOver(body, next.querySelectorAll("tbody > tr"));
    turnTo(fresh);
  }
  for (const row of fresh.querySelectorAll("#endpoints tbody > tr")) {
    const known = document.getElementById(row.id);
    if (known && !known.contains(document.activeElement)) known.replaceWith(document.adoptNode(row));
  }
  for (const button of navigator.clipboard ? document.querySelectorAll("[data-copy]") : []) button.hidden = false;
}

/** Brings the rows to what the page has now: new ones in their places, and no more of them than a page has. */
function takeOver(body, rows) {
  let place = body.firstElementChild;
  for (const row of rows) {
    const known = document.getElementById(row.id);
    if (known) {
      place = known.nextElementSibling;
      renew(known.querySelector(".became"), row.querySelector(".became"));
    } else {
      row.classList.add("fresh");
      body.insertBefore(document.adoptNode(row), place);
    }
  }
  while (place) {
    const next = place.nextElementSibling;
    place.remove();
    place = next;
  }
}

function renew(old, fresh) {
  if (old.innerHTML !== fresh.innerHTML && !old.contains(document.activeElement)) old.replaceWith(document.adoptNode(fresh));
}

/** What no longer has room has to be found on the next page. */
function turnTo(fresh) {
  renew(document.querySelector(".pager"), fresh.querySelector(".pager"));
}

if (list()) {
  const soon = () => (timer ||= setTimeout(() => refresh().catch(() => {}), 400));
  const source = new EventSource("/api/v1/live");
  let wasLost = false;
  source.addEventListener("event", soon);
  source.addEventListener("run", soon);
  source.addEventListener("missed", soon);
  source.addEventListener("error", () => (wasLost = true));
  source.addEventListener("open", () => wasLost && soon());
}
