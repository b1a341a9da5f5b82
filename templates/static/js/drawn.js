// Items that the server drew: their quiet lines are changed in place, as the page does not know the rest of them.

import { because } from "./because.js";
import { count, h } from "./dom.js";
import { place } from "./item.js";

/** New counts on an item that the server drew. */
export function recount(element, counted) {
  const line = element.querySelector(".item-foot");
  if (!line) return;
  line.querySelectorAll(".count").forEach((old) => old.remove());
  const before = line.querySelector(".original") ?? line.querySelector(":scope > a:not(.place)");
  for (const [n, one, many] of [[counted.boosts, "boost", "boosts"], [counted.likes, "like", "likes"], [counted.replies, "reply", "replies"]]) {
    if (n > 0) before.before(h("span", { class: "count" }, count(n, one, many)));
  }
}

/** A new filing on the quiet line of an item that the server drew. */
export function refile(line, filing, page) {
  for (const old of line.querySelectorAll(".place, .went")) old.remove();
  line.querySelector(".because")?.remove();
  line.append(because(filing, page));
  const where = place(filing, page);
  if (where) line.prepend(where);
}

/** The words of an item that the server drew, in one line: its paragraphs touch in the document, but not for a reader. */
export function read(element) {
  return [...element.querySelectorAll(".item-body h3, .item-body p")].map((part) => part.innerText).join(" ");
}
