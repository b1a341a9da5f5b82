// The feed: where an item stands, which block (minute, late line) it stands in, what waits behind the pill, what is
// dropped at the lower end. Newest first, by the seq under which an item was first public.

import { because } from "./because.js";
import { count, h } from "./dom.js";
import { article, foot, gone, place, quoted, sentence } from "./item.js";
import { hasLink, hasPhoto, roomOf } from "./tallies.js";

const MINUTE = 60_000_000;

export class Feed {
  /** page: what the server printed; clock: the venue's; reading(): true while nothing may move. */
  constructor(root, page, clock, reading) {
    Object.assign(this, { root, page, clock, reading });
    this.byId = new Map();
    this.order = [];
    this.pending = [];
    this.leaving = new Set();
    this.overflowed = false;
    page.find = (id) => this.find(id);
    for (const element of root.querySelectorAll("[data-seq]")) this.adopt(element);
    this.order.sort((a, b) => a.first - b.first);
  }

  adopt(element) {
    const record = {
      id: element.dataset.id ?? element.dataset.gap, first: Number(element.dataset.seq), at: Number(element.dataset.at),
      late: "late" in element.dataset, element, mark: "gap" in element.dataset,
    };
    this.byId.set(record.id, record);
    this.order.push(record);
  }

  /** post, edit, show: the item whole. An edit stays in its place; what the filter leaves out is not drawn. What is
      older than what we have (from the archive, after a long absence) changes nothing. */
  put(entry) {
    const old = this.byId.get(entry.id);
    if (old?.last > entry.seq) return;
    if (old && old.first !== entry.first) this.drop(old);
    const known = old && old.first === entry.first ? old : null;
    if (!this.wanted(entry)) { if (known) this.drop(known); return; }
    const at = known?.at ?? (entry.kind === "edit" ? entry.item.when : entry.at);
    const record = Object.assign(known ?? {}, { id: entry.id, first: entry.first, last: entry.seq, at, item: entry.item, filing: entry.filing, late: entry.item.late });
    if (known?.element) this.redraw(known, article(known, this.page, this.clock.hhmm(at)));
    if (known) { this.requote(entry.id); return; }
    const oldest = this.order[0]?.first ?? 0;
    if (entry.first < oldest && this.order.length >= this.page.items_max) return;
    this.byId.set(record.id, record);
    if (this.reading()) this.hold(record);
    else this.insert(record);
    this.requote(entry.id);
  }

  /** The lines above answers to this item: new words, or none when it is gone. */
  requote(id) {
    for (const record of this.order) {
      const old = record.element.querySelector(".context");
      if (old ? old.dataset.of !== id : record.item?.reply_to !== id) continue;
      const line = quoted(id, this.page);
      if (old) old.replaceWith(...(line ? [line] : []));
      else if (line) record.element.querySelector(".item-head").after(line);
    }
  }

  /** hide, remove: the words go, one grey line keeps the place. */
  takeAway(entry) {
    const record = this.byId.get(entry.id) ?? this.unseen(entry);
    if (!record || record.last > entry.seq) return;
    record.last = entry.seq;
    record.item = null;
    record.sentence = sentence(entry.kind, entry.by, this.clock.hhmm(entry.at));
    if (!this.byId.has(entry.id)) {
      this.byId.set(entry.id, record);
      if (this.reading()) this.hold(record);
      else this.insert(record);
    } else if (record.element) this.redraw(record, gone(record.id, record.first, record.at, record.sentence));
    this.requote(entry.id);
  }

  /** The place of an item whose words were a void before they reached us: under the moment of the item below it. */
  unseen({ id, first, at }) {
    const below = this.order.findLast((record) => !record.mark && record.first < first);
    if (first === 0 || this.page.filter.kind !== "all" || (!below && this.order.length > 0)) return null;
    return { id, first, at: below?.at ?? at, late: false };
  }

  counts(entry) {
    for (const counted of entry.counts) {
      const record = this.byId.get(counted.id);
      if (!record) continue;
      record.counts = counted;
      if (record.item) { record.item.counts = counted; this.refoot(record); }
      else if (record.element) recount(record.element, counted);
    }
  }

  /** Returns the ids of items that now belong to the chosen room and are not in this page. */
  filing(entry) {
    const missing = [];
    for (const move of entry.moves) {
      const record = this.byId.get(move.id);
      if (!record) {
        if (["room", "hallway"].includes(this.page.filter.kind) && this.fits(move.filing)) missing.push(move.id);
        continue;
      }
      record.filing = move.filing;
      if (this.fits(move.filing)) this.stay(record);
      else this.leave(record);
    }
    return missing;
  }

  /** Filed here (again). */
  stay(record) {
    if (this.leaving.delete(record)) record.element.id = `i-${record.id}`;
    record.element?.classList.remove("leaving");
    this.refoot(record);
  }

  /** An item that comes from another lane. One that is older than what stands here belongs behind the way to older items. */
  take(record) {
    if (!this.isWhole && record.first < (this.order[0]?.first ?? 0)) return;
    this.byId.set(record.id, record);
    this.refoot(record);
    if (this.reading()) this.hold(record);
    else this.insert(record);
  }

  /** Filed elsewhere: it goes at once; while somebody reads, it says where to, and goes with what else has waited. */
  leave(record) {
    if (!record.element || !this.reading()) return this.drop(record);
    this.leaving.add(record);
    this.refoot(record);
    record.element.classList.add("leaving");
    // Where it goes, it stands under its own name.
    record.element.removeAttribute("id");
    const line = record.element.querySelector(".item-foot");
    line?.prepend(h("b", { class: "went" }, line.querySelector(".place") ? "Moved to" : "Moved out of here"));
  }

  /** Whether anything waits until nobody reads. */
  isWaiting() {
    return this.pending.length > 0 || this.leaving.size > 0;
  }

  /** A window in which a source may have lost something; the same line again when it is closed. */
  gap(entry) {
    const { gap } = entry;
    const from = this.clock.hhmm(gap.from);
    const span = gap.to === null ? `From ${from} on` : `Between ${from} and ${this.clock.hhmm(gap.to)}`;
    const known = this.byId.get(gap.id);
    const line = h("p", { class: gap.closed ? "mark" : "mark open", "data-gap": gap.id, "data-seq": known?.first ?? entry.seq, "data-at": gap.from },
      gap.closed ? `${span}, ${gap.source} was out of reach. What was missed has been fetched since.`
        : [h("b", null, `${span}, posts from ${gap.source} may be missing. `), gap.reason]);
    if (known?.element) return this.redraw(known, line);
    const record = { id: gap.id, first: entry.seq, at: gap.from, mark: true, line };
    this.byId.set(gap.id, record);
    if (this.reading()) this.hold(record);
    else this.insert(record);
  }

  /** Whether the chosen filter shows this entry's item. */
  wanted(entry) {
    const { item, filing } = entry;
    switch (this.page.filter.kind) {
      case "photos": return hasPhoto(item);
      case "links": return hasLink(item);
      case "questions": return item.marks.includes("question");
      default: return this.fits(filing);
    }
  }

  fits(filing) {
    const { kind, value } = this.page.filter;
    const room = roomOf(filing);
    if (kind === "room") return room === value;
    if (kind === "hallway") return room === null;
    return true;
  }

  /** What an answered item said, for the two lines above the answer. */
  find(id) {
    const record = this.byId.get(id);
    if (record?.item) {
      const { item } = record;
      const words = item.cover === null ? item.body.map((r) => (typeof r === "string" ? r : r.text ?? r.mention ?? `#${r.tag}`)).join("") : "Covered by a content warning.";
      return { name: item.author.name || item.author.handle, words };
    }
    const name = record?.element?.querySelector(".item-head b")?.textContent;
    if (!name || record.item === null) return null;
    const covered = record.element.querySelector(".cover");
    return { name, words: covered ? "Covered by a content warning." : read(record.element) };
  }

  hold(record) {
    this.pending.push(record);
    if (this.pending.length > this.page.items_max) {
      const dropped = this.pending.shift();
      this.byId.delete(dropped.id);
      this.overflowed = true;
    }
  }

  /** Lets what waited in and out once nobody reads; true when anything did. */
  settle() {
    if (this.reading() || !this.isWaiting()) return false;
    this.release();
    return true;
  }

  /** Brings what waited into the page, oldest first. Returns the element of the newest. */
  release() {
    if (this.overflowed) this.clear();
    this.overflowed = false;
    for (const record of this.leaving) this.drop(record);
    const waiting = this.pending;
    this.pending = [];
    this.root.setAttribute("aria-busy", "true");
    for (const record of waiting) if (this.byId.get(record.id) === record) this.insert(record);
    this.root.setAttribute("aria-busy", "false");
    return this.order.at(-1)?.element ?? null;
  }

  /** Forgets everything drawn: another log begins. What waits is kept by release(), thrown away by reset(). */
  clear() {
    for (const record of this.order) this.byId.delete(record.id);
    this.order = [];
    this.leaving.clear();
    this.root.replaceChildren();
  }

  reset() {
    this.clear();
    this.pending = [];
    this.byId.clear();
    this.overflowed = false;
  }

  insert(record) {
    record.element ??= this.draw(record);
    if (!record.mark) record.element.classList.add("is-new");
    let i = this.order.length;
    while (i > 0 && this.order[i - 1].first > record.first) i -= 1;
    const older = this.order[i - 1];
    const newer = this.order[i];
    this.order.splice(i, 0, record);
    this.place(record, older, newer);
    while (this.order.length > this.page.items_max) this.drop(this.order[0]);
  }

  draw(record) {
    if (record.mark) return record.line;
    if (record.item === null) return gone(record.id, record.first, record.at, record.sentence);
    return article(record, this.page, this.clock.hhmm(record.at));
  }

  /** Joins the block of a neighbour where it fits, else makes its own block between them. */
  place(record, older, newer) {
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
      const block = this.block(record, key);
      if (above) above.after(block);
      else this.root.prepend(block);
    }
  }

  block(record, key) {
    if (key === null) return record.element;
    const group = h("div", { class: "group", role: "presentation" }, record.element);
    if (key === "late") {
      const late = h("details", { class: "late", "data-key": key }, h("summary"), group);
      tell(late);
      return late;
    }
    const time = h("time", { datetime: new Date(Number(key) * 60_000).toISOString(), "aria-hidden": "true" }, this.clock.hhmm(record.at));
    return h("div", { class: "minute", "data-key": key }, time, group);
  }

  redraw(record, element) {
    const focused = record.element === document.activeElement;
    const open = record.element.querySelector("details.cover")?.open;
    record.element.replaceWith(element);
    record.element = element;
    if (open && element.querySelector("details.cover")) element.querySelector("details.cover").open = true;
    if (focused) element.focus({ preventScroll: true });
  }

  /** New counts or a new filing: only the quiet line changes, and what is folded out of it stays so. */
  refoot(record) {
    const line = record.element?.querySelector(".item-foot");
    if (!line) return;
    const open = line.querySelector(".because")?.open;
    const room = roomOf(record.filing);
    if (record.filing && room !== null) record.element.dataset.room = room;
    else if (record.filing) delete record.element.dataset.room;
    if (record.item) line.replaceWith(foot(record, this.page));
    else if (record.filing) replace(line, record.filing, this.page);
    const because = record.element.querySelector(".because");
    if (open && because) because.open = true;
  }

  drop(record) {
    this.byId.delete(record.id);
    this.leaving.delete(record);
    this.order = this.order.filter((other) => other !== record);
    this.pending = this.pending.filter((other) => other !== record);
    if (!record.element) return;
    const block = blockOf(record.element);
    record.element.remove();
    if (block.classList.contains("mark")) return;
    if (block.querySelector("[data-seq]")) tell(block);
    else block.remove();
  }

  /** Numbers the articles for assistive technology; called once per painted frame, not per entry. */
  number() {
    const items = this.order.filter((record) => !record.mark);
    items.forEach((record, i) => {
      record.element.setAttribute("aria-posinset", items.length - i);
      record.element.setAttribute("aria-setsize", -1);
    });
  }
}

const keyOf = (record) => (record.mark ? null : record.late ? "late" : String(Math.floor(record.at / MINUTE)));
const blockOf = (element) => element.closest(".minute, .late, .mark");

/** The one line that late items fold into says how many. */
function tell(block) {
  if (!block.classList.contains("late")) return;
  const n = block.querySelectorAll("[data-seq]").length;
  block.querySelector("summary").textContent = `${count(n, "older post", "older posts")} came in late.`;
}

/** New counts on an item that the server drew. */
function recount(element, counted) {
  const line = element.querySelector(".item-foot");
  if (!line) return;
  line.querySelectorAll(".count").forEach((old) => old.remove());
  const before = line.querySelector(".original") ?? line.querySelector(":scope > a:not(.place)");
  for (const [n, one, many] of [[counted.boosts, "boost", "boosts"], [counted.likes, "like", "likes"], [counted.replies, "reply", "replies"]]) {
    if (n > 0) before.before(h("span", { class: "count" }, count(n, one, many)));
  }
}

/** A new filing on the quiet line of an item that the server drew. */
function replace(line, filing, page) {
  for (const old of line.querySelectorAll(".place, .went")) old.remove();
  line.querySelector(".because")?.remove();
  line.append(because(filing, page));
  const where = place(filing, page);
  if (where) line.prepend(where);
}

/** The words of an item that the server drew, in one line: its paragraphs touch in the document, but not for a reader. */
function read(element) {
  return [...element.querySelectorAll(".item-body h3, .item-body p")].map((part) => part.innerText).join(" ");
}
