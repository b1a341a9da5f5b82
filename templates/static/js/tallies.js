// The numbers beside the filters: how many items each of them holds, as items come, go and move.

import { number } from "./dom.js";

/** Whether an item brings a link. A text run is a string, and strings have a method of that name: hence the type first. */
export function hasLink(item) {
  return Boolean(item.card) || item.body.some((run) => typeof run !== "string" && run.link !== undefined);
}

export function hasPhoto(item) {
  return item.media.some((medium) => medium.kind !== "audio");
}

/** The room an item was filed to; null for the hallway. */
export function roomOf(filing) {
  return filing?.state === "filed" ? filing.room ?? null : null;
}

/** Brings the numbers up to date with what an entry is about to change; find(id) gives what the page knows of an item. */
export function retally(entry, find) {
  const was = (id) => {
    const record = find(id);
    return record && record.item !== null && !record.element?.classList.contains("removed") ? record : null;
  };
  if (entry.kind === "post") add(filtersOf(entry), 1);
  if (entry.kind === "edit" || entry.kind === "show") {
    const old = was(entry.id);
    if (old) add(filtersOf(old), -1);
    if (old || entry.kind === "show") add(filtersOf(entry), 1);
  }
  if ((entry.kind === "hide" || entry.kind === "remove") && was(entry.id)) add(filtersOf(was(entry.id)), -1);
  for (const move of entry.kind === "filing" ? entry.moves : []) {
    const old = was(move.id);
    if (!old) continue;
    add(filtersOf(old), -1);
    add(filtersOf({ item: old.item, element: old.element, filing: move.filing }), 1);
  }
}

/** One item came into a room (or the hallway) from somewhere that this page does not show. */
export function tallyMoved(filing) {
  const room = roomOf(filing);
  add([room === null ? "hallway" : `room.${room}`], 1);
}

/** The filters that hold a record or an entry: from its item, or from what the server drew of it. A grey line is in all that is said. */
export function filtersOf({ item, filing, element }) {
  if (item === null || element?.classList.contains("removed")) return ["all"];
  const room = filing ? roomOf(filing) : element?.dataset.room ?? null;
  const all = ["all", room === null ? "hallway" : `room.${room}`];
  if (item ? hasPhoto(item) : element?.querySelector(".photo")) all.push("photos");
  if (item ? hasLink(item) : element?.querySelector(".linkref, .item-body p a:not(.mention)")) all.push("links");
  if (item ? item.marks.includes("question") : element?.querySelector(".question")) all.push("questions");
  return all;
}

/** All numbers anew, as the server counts them. */
export function recount(counts) {
  for (const cell of document.querySelectorAll("[data-count]")) {
    const n = counts[cell.dataset.count];
    if (n !== undefined) Object.assign(cell, { textContent: number(n) }).dataset.n = n;
  }
}

function add(filters, by) {
  for (const name of filters) {
    for (const cell of document.querySelectorAll(`[data-count="${CSS.escape(name)}"]`)) {
      cell.dataset.n = Math.max(0, Number(cell.dataset.n) + by);
      cell.textContent = number(Number(cell.dataset.n));
    }
  }
}
