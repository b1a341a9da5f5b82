// Which block of the feed a line stands in: its minute, the one line that late items fold into, or none. Newest first; the same
// markup as templates/partials/feed.html.

import { count, h } from "./dom.js";

const MINUTE = 60_000_000;

const keyOf = (record) => (record.mark ? null : record.late ? "late" : String(Math.floor(record.at / MINUTE)));
const blockOf = (element) => element.closest(".minute, .late, .mark");

/** Whether one record stands above another: by place, and a mark above what has the same place. */
export const isAbove = (one, other) => one.first > other.first || (one.first === other.first && Boolean(one.mark) && !other.mark);

/** Puts a record's element between its neighbours: into the block of one of them where it fits, else into a block of its own. */
export function place(root, record, older, newer, time) {
  const above = newer && blockOf(newer.element);
  const below = older && blockOf(older.element);
  const key = keyOf(record);
  if (key !== null && below && !older.mark && (below === above || below.dataset.key === key)) {
    older.element.before(record.element);
    tell(below);
  } else if (key !== null && above && !newer.mark && above.dataset.key === key) {
    newer.element.after(record.element);
    tell(above);
  } else {
    const own = block(record, key, time);
    if (above && above === below) part(above, newer.element).before(own);
    else if (above) above.after(own);
    else root.prepend(own);
  }
}

/** Parts a block in two behind `last`, and returns the lower one: a mark stands between. */
function part(upper, last) {
  let lower = last.parentElement.cloneNode(false);
  while (last.nextElementSibling) lower.append(last.nextElementSibling);
  for (let inner = last.parentElement; inner !== upper; inner = inner.parentElement) {
    const outer = inner.parentElement.cloneNode(false);
    const head = [...inner.parentElement.children].filter((child) => child !== inner).map((child) => child.cloneNode(true));
    outer.append(...head, lower);
    lower = outer;
  }
  upper.after(lower);
  tell(upper);
  tell(lower);
  return lower;
}

function block(record, key, time) {
  if (key === null) return record.element;
  const group = h("div", { class: "group", role: "presentation" }, record.element);
  if (key === "late") {
    // A feed may hold articles only; what folds is inside one.
    const late = h("div", { class: "late", "data-key": key, role: "article", "aria-label": "Posts that came in late" },
      h("details", null, h("summary"), group));
    tell(late);
    return late;
  }
  const iso = new Date(Number(key) * 60_000).toISOString();
  return h("div", { class: "minute", "data-key": key }, h("time", { datetime: iso, "aria-hidden": "true" }, time), group);
}

/** Takes an element out, and its block with the last. */
export function takeOut(element) {
  const from = blockOf(element);
  element.remove();
  if (!from || from.classList.contains("mark")) return;
  if (from.querySelector("[data-seq]")) tell(from);
  else from.remove();
}

/** The one line that late items fold into says how many. */
function tell(block) {
  if (!block.classList.contains("late")) return;
  const n = block.querySelectorAll("[data-seq]").length;
  block.querySelector("summary").textContent = `${count(n, "older post", "older posts")} came in late.`;
}
