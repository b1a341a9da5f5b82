// Single keys: j k PageDown PageUp move, . shows new, n writes, o opens the original, ? lists. They can be turned off.

const OFF = "perihelion.keys.off";

/** more(side): fetches what lies beyond the first or the last item. */
export function keys(feed, showNew, write, more) {
  const help = document.getElementById("keys-help");
  const off = document.getElementById("keys-off");
  off.checked = stored();
  off.addEventListener("change", () => store(off.checked));
  document.getElementById("keys-open").addEventListener("click", () => help.showModal());

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || help.open) return;
    if (event.target.closest?.("input, textarea, select, [contenteditable]")) return;
    const inFeed = feed.contains(document.activeElement);
    const act = inFeed && event.key === "PageDown" ? () => move(feed, 1, more)
      : inFeed && event.key === "PageUp" ? () => move(feed, -1, more)
      : off.checked ? null
      : { j: () => move(feed, 1, more), k: () => move(feed, -1, more), ".": showNew, n: write, o: () => original(feed), "?": () => help.showModal() }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}

function move(feed, by, more) {
  const items = [...feed.querySelectorAll("article.item")].filter((item) => item.offsetParent !== null);
  const here = items.indexOf(document.activeElement.closest?.("article.item"));
  const there = items[here < 0 ? items.findIndex((item) => item.getBoundingClientRect().bottom > 60) : here + by];
  if (there) there.focus();
  else if (here >= 0) more(by > 0 ? "older" : "newer");
}

function original(feed) {
  const item = document.activeElement.closest?.("article.item");
  const way = item && feed.contains(item) && item.querySelector("a.original");
  if (way) open(way.href, "_blank", "noopener");
}

// Storage may be refused (private windows, settings): then the choice holds for this page only.
export function stored() {
  try { return localStorage.getItem(OFF) === "1"; } catch { return false; }
}

export function store(isOff) {
  try { localStorage.setItem(OFF, isOff ? "1" : "0"); } catch { /* see above */ }
}
