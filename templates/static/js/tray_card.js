// A card of the tray: a post and where it may belong. The same markup as templates/tray.html and partials/sheet.html.

import { h } from "./dom.js";
import { article } from "./item.js";

/** The element of a post that waits, as `GET .../unsorted` tells it. */
export function card(waiting, page) {
  const { id, first, at, item, filing, time } = waiting;
  const shown = { ...page, titles: new Map(), find: () => waiting.context };
  const post = article({ id, first, at, item, filing }, shown, time.split(" ").at(-1));
  // The reasons stand beside the post already.
  post.querySelector(".because")?.remove();
  const label = post.getAttribute("aria-label");
  return h("div", { class: "sort", role: "group", "data-id": id, "data-first": first, "aria-label": label },
    h("p", { class: "sort-top" },
      h("label", { class: "pick" }, h("input", { type: "checkbox", name: "ids", value: id }), h("span", null, "Select")),
      h("span", null, time)),
    post,
    sheet(waiting, page));
}

function sheet({ id, guess, reasons, on, quiet }, page) {
  return h("div", { class: "sheet" },
    guess && h("div", { class: "guess" },
      h("p", { class: "label" }, `Suggested, ${guess.percent} % sure`),
      h("p", { class: "guess-talk", dir: "auto" }, h("b", null, guess.title), " ", h("span", null, guess.note)),
      button("btn solid accept", `${guess.talk} ${id}`, "a", "Accept ", kbd("a"))),
    h("ul", { class: "reasons" }, reasons.map((reason) => h("li", { dir: "auto" }, reason))),
    h("div", { class: "choices" },
      on.map((choice, n) => button("choice", `${choice.talk} ${id}`, n + 1, kbd(n + 1),
        h("span", { dir: "auto" }, h("b", null, choice.title), " ", h("span", null, choice.note)))),
      quiet && h("p", { class: "label" }, quiet)),
    h("div", { class: "sort-acts" },
      button("btn", `event ${id}`, "e", "About the event ", kbd("e")),
      button("btn", `none ${id}`, "n", "No talk ", kbd("n")),
      page.only ? null : h("a", { class: "btn", href: `/admin/${page.slug}/file?only=${id}`, "data-key": "/" }, "Another talk ", kbd("/"))));
}

/** The piles of suggestions that can be accepted in one go. */
export function piles(groups) {
  const ids = (talk, all) => `${talk} ${all.join(" ")}`;
  return groups.map(({ talk, title, all, sure }) => h("p", { class: "pile" },
    h("span", null, h("b", null, `${all.length} suggestions`), ` for “${title}”`),
    h("span", { class: "pile-acts" },
      button("btn", ids(talk, all), null, `Accept all ${all.length}`),
      sure.length === 0 ? null : button("btn", ids(talk, sure), null, `Accept the ${sure.length} over 80 %`))));
}

function button(classes, value, key, ...words) {
  return h("button", { class: classes, type: "submit", name: "do", value, "data-key": key }, ...words);
}

function kbd(key) {
  return h("kbd", { class: "kbd" }, String(key));
}

/** Where a card stands: suggested ones first, the newest of each first. */
export function isBefore(one, other) {
  const rank = (element) => (element.querySelector(".guess") ? 0 : 1);
  return rank(one) !== rank(other) ? rank(one) < rank(other) : Number(one.dataset.first) > Number(other.dataset.first);
}
