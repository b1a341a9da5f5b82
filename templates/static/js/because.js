// Why an item stands where it stands, folded below it: the same words and markup as templates/partials/because.html.

import { h } from "./dom.js";

/** The folded lines for a filing; null without one. */
export function because(filing, page) {
  if (!filing) return null;
  const { state, talk, reasons } = filing;
  const isFiled = state === "filed" || state === "event";
  const title = state === "suggested" && talk && page.titles.get(talk);
  return h("details", { class: "because" }, h("summary", null, isFiled ? "Why here?" : "Why not filed?"), h("div", null,
    h("p", null, h("b", null, words(filing)), ...(title ? [" ", h("a", { href: `/${page.slug}/talks/${talk}`, dir: "auto" }, title)] : [])),
    reasons.length > 0 ? h("ul", null, reasons.map((reason) => h("li", { dir: "auto" }, reason))) : null));
}

function words({ state, by, score }) {
  const sure = `${Math.min(99, Math.max(0, Math.round(score * 100)))} % sure`;
  const byHand = by === "person";
  switch (state) {
    case "filed": return byHand ? "Filed here by hand" : `Filed here automatically, ${sure}`;
    case "suggested": return `Only a guess, ${sure}, and counted for no talk:`;
    case "event": return byHand ? "About the event as a whole, filed by hand" : "About the event as a whole";
    default: return byHand ? "Taken out of its talk by hand" : "Nobody knows which talk it is about";
  }
}
