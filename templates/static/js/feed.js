// The feed: a window of the stream. Where an item stands in it, what waits behind the pill, what is dropped far out of sight. By the
// seq under which an item was first public; the newest on top. The window holds everything from `low` up to `high`: below it and
// above it, pages.js fetches; without an upper end it is live.

import { isAbove, place, takeOut } from "./blocks.js";
import { h } from "./dom.js";
import { read, recount, refile } from "./drawn.js";
import { article, foot, gone, quoted, sentence } from "./item.js";
import { filtersOf, roomOf } from "./tallies.js";

/** Lines that stay on each side of the one that is read when others are dropped. */
const MARGIN = 60;
/** So much more than it may hold a window has before it is trimmed: measuring costs time. */
const SLACK = 20;
/** What is so far from what is in sight may go, in pixels: more than what is fetched ahead, or it would be fetched at once again. */
const FAR_PX = 4_000;
/** Answered posts whose words are kept, beside those that stand in the page. */
const WORDS_MAX = 500;

export class Feed {
  /** page: what the server printed; clock: the venue's; reading(): true while nothing may move. */
  constructor(root, page, clock, reading) {
    Object.assign(this, { root, page, clock });
    this.reading = () => !this.isLive || reading();
    this.byId = new Map();
    this.order = [];
    this.leaving = new Set();
    this.pending = [];
    this.low = page.older ?? 0;
    this.high = page.newer ?? Infinity;
    this.missed = 0;
    this.above = 0;
    page.words ??= new Map();
    page.find = (id) => this.find(id);
    for (const element of root.querySelectorAll("[data-seq]")) this.adopt(element);
    this.order.sort((a, b) => (isAbove(a, b) ? 1 : -1));
  }

  get isLive() {
    return this.high === Infinity;
  }

  adopt(element) {
    const record = {
      id: element.dataset.id ?? element.dataset.gap, first: Number(element.dataset.seq), at: Number(element.dataset.at),
      late: "late" in element.dataset, answers: element.dataset.answers ?? null, element, mark: "gap" in element.dataset,
    };
    this.byId.set(record.id, record);
    this.order.push(record);
  }

  /** post, edit, show: the item whole. An edit stays in its place; what the filter leaves out is not drawn. What is
      older than what we have changes nothing. Returns whether it is something new for the reader. */
  put(entry) {
    const old = this.byId.get(entry.id);
    if (old?.last > entry.seq) return false;
    if (old && old.first !== entry.first) this.drop(old);
    const known = old && old.first === entry.first ? old : null;
    if (!this.wanted(entry)) { if (known) this.drop(known); return false; }
    if (!known && entry.first > this.high) this.missed += entry.kind === "post" ? 1 : 0;
    if (!known && (entry.first < this.low || entry.first > this.high)) return entry.kind === "post" && entry.first > this.high;
    const at = known?.at ?? (entry.kind === "edit" ? entry.item.when : entry.at);
    const record = Object.assign(known ?? {}, this.record(entry, at));
    if (known?.element) this.redraw(known, article(known, this.page, this.clock.hhmm(at)));
    else if (!known) this.come(record);
    this.requote(entry.id);
    return !known;
  }

  record({ id, first, seq, item, filing }, at) {
    return { id, first, last: seq, at, item, filing, late: item.late, answers: item.reply_to };
  }

  /** Something new: it waits while somebody reads. */
  come(record) {
    this.byId.set(record.id, record);
    if (this.reading()) this.hold(record);
    else this.insert(record, true);
  }

  /** The lines above answers to this item: new words, or none when it is gone. */
  requote(id) {
    for (const record of this.order) {
      if (record.answers !== id || !record.element) continue;
      const old = record.element.querySelector(".context");
      const line = quoted(id, this.page);
      if (old) old.replaceWith(...(line ? [line] : []));
      else if (line) record.element.querySelector(".item-head")?.after(line);
    }
  }

  /** hide, remove: the words go, one grey line keeps the place. */
  takeAway(entry) {
    this.page.words.delete(entry.id);
    const known = this.byId.get(entry.id);
    const record = known ?? this.unseen(entry);
    if (record && !(record.last > entry.seq)) {
      Object.assign(record, { last: entry.seq, item: null, sentence: sentence(entry.kind, entry.by, this.clock.hhmm(entry.at)) });
      if (!known) this.come(record);
      else if (record.element) this.redraw(record, gone(record.id, record.first, record.at, record.sentence));
    }
    this.requote(entry.id);
  }

  /** The place of an item whose words were a void before they reached us: under the moment of the item below it. */
  unseen({ id, first, at }) {
    const below = this.order.findLast((record) => !record.mark && record.first < first);
    if (first === 0 || this.page.filter.kind !== "all" || first < this.low || first > this.high) return null;
    return { id, first, at: below?.at ?? at, late: false };
  }

  counts(entry) {
    for (const counted of entry.counts) {
      const record = this.byId.get(counted.id);
      if (!record) continue;
      if (record.item) { record.item.counts = counted; this.refoot(record); }
      else if (record.element) recount(record.element, counted);
    }
  }

  /** Returns the ids of items that now belong to the chosen room and are not in this page, which goes so far. */
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

  /** An item that comes from another lane. One outside the window is fetched when somebody goes there. */
  take(record) {
    if (record.first < this.low || record.first > this.high) return;
    this.refoot(record);
    this.come(record);
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

  /** How many new items the reader has not been shown. */
  get waiting() {
    return this.pending.filter(({ mark }) => !mark).length + this.missed;
  }

  /** A window in which a source may have lost something; the same line again when it is closed. */
  gap({ seq, gap }, isFetched = false) {
    const known = this.byId.get(gap.id);
    if (known && isFetched) return;
    const from = this.clock.hhmm(gap.from);
    const span = gap.to === null ? `From ${from} on` : `Between ${from} and ${this.clock.hhmm(gap.to)}`;
    const line = h("p", { class: gap.closed ? "mark" : "mark open", role: "article", "data-gap": gap.id, "data-seq": known?.first ?? seq, "data-at": gap.from },
      gap.closed ? `${span}, ${gap.source} was out of reach. What was missed has been fetched since.`
        : [h("b", null, `${span}, posts from ${gap.source} may be missing. `), gap.reason]);
    if (known?.element) return this.redraw(known, line);
    if (known) { known.line = line; return; }
    const record = { id: gap.id, first: seq, at: gap.from, mark: true, line };
    if (seq < this.low || seq > this.high) return;
    if (!isFetched) return this.come(record);
    this.byId.set(gap.id, record);
    this.insert(record);
  }

  /** Whether the chosen filter shows this entry's item. */
  wanted(entry) {
    const { kind } = this.page.filter;
    return ["room", "hallway"].includes(kind) ? this.fits(entry.filing) : filtersOf(entry).includes(kind);
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
    if (!name || record.item === null) return record ? null : this.page.words.get(id) ?? null;
    const covered = record.element.querySelector(".cover");
    return { name, words: covered ? "Covered by a content warning." : read(record.element) };
  }

  /** Answered posts whose words nobody here knows. */
  unquoted() {
    const asks = this.order.filter(({ answers, element }) => answers && element && !element.querySelector(".context"));
    return asks.map(({ answers }) => answers).filter((id) => !this.byId.has(id) && !this.page.words.has(id));
  }

  /** Words of posts that are not in the page. */
  learn(words) {
    for (const [id, said] of Object.entries(words)) this.page.words.set(id, said);
    for (const id of this.page.words.keys()) if (this.page.words.size > WORDS_MAX) this.page.words.delete(id); else break;
  }

  /** What waits is bounded: with too much of it the window ends where it stands, and the way up is fetched. */
  hold(record) {
    this.pending.push(record);
    if (this.pending.length > this.page.items_max) this.cut();
  }

  /** From here on the window is not live any more. */
  cut() {
    this.high = this.order.at(-1)?.first ?? this.low;
    const beyond = this.pending.filter((record) => record.first > this.high);
    this.pending = this.pending.filter((record) => record.first <= this.high);
    this.missed += beyond.filter((record) => !record.mark).length;
    for (const record of beyond) this.byId.delete(record.id);
  }

  /** Lets what waited in and out once nobody reads; true when anything did. */
  settle() {
    if (this.reading() || !this.isWaiting()) return false;
    this.release();
    return true;
  }

  /** Brings what waited into the page, oldest first. Returns the element of the newest. */
  release() {
    for (const record of this.leaving) this.drop(record);
    const waiting = this.pending;
    this.pending = [];
    this.root.setAttribute("aria-busy", "true");
    for (const record of waiting) if (this.byId.get(record.id) === record) this.insert(record, true);
    this.root.setAttribute("aria-busy", "false");
    return this.order.at(-1)?.element ?? null;
  }

  /** Lines that were fetched, oldest first: {under, entry}. What is known already is as new or newer. */
  fill(lines) {
    this.root.setAttribute("aria-busy", "true");
    for (const { under, entry } of lines) {
      const known = this.byId.get(entry.id);
      if (entry.gap) this.gap(entry, true);
      else if (known) { if (entry.seq > known.last) entry.item ? this.put(entry) : this.takeAway(entry); }
      else {
        const { id, first, seq, kind, by, at } = entry;
        const record = entry.item ? this.record(entry, under)
          : { id, first, last: seq, at: under, late: false, item: null, sentence: sentence(kind, by, this.clock.hhmm(at)) };
        this.byId.set(id, record);
        this.insert(record);
      }
    }
    this.root.setAttribute("aria-busy", "false");
  }

  /** Another window, without lines. */
  open(low, high) {
    this.root.replaceChildren();
    this.byId.clear();
    this.leaving.clear();
    Object.assign(this, { order: [], pending: [], low, high, missed: 0, above: 0 });
  }

  /** Keeps only what another filter holds, which is narrower. */
  narrow() {
    const key = this.page.filter.value === null ? this.page.filter.kind : `room.${this.page.filter.value}`;
    for (const record of [...this.order, ...this.pending]) if (!record.mark && !filtersOf(record).includes(key)) this.drop(record);
  }

  insert(record, isNew = false) {
    record.element ??= this.draw(record);
    if (isNew && !record.mark) record.element.classList.add("is-new");
    let i = this.order.length;
    while (i > 0 && isAbove(this.order[i - 1], record)) i -= 1;
    const [older, newer] = [this.order[i - 1], this.order[i]];
    this.order.splice(i, 0, record);
    place(this.root, record, older, newer, this.clock.hhmm(record.at));
    if (isNew && this.order.length > this.page.items_max + SLACK) this.trim("older", this.order.length - 1);
  }

  draw(record) {
    if (record.mark) return record.line;
    if (record.item === null) return gone(record.id, record.first, record.at, record.sentence);
    return article(record, this.page, this.clock.hhmm(record.at));
  }

  /** Drops lines far out of sight at one end of the window, which ends there from now on; `at` is the line that is read. What is
      folded takes no room: it counts only where there is far too much of it. */
  trim(end, at) {
    const { order, page: { items_max: most } } = this;
    const last = order.length - 1;
    const outer = (n) => order[end === "older" ? n : last - n];
    let over = Math.min(order.length - most, (end === "older" ? at : last - at) - MARGIN);
    while (over > 0 && order.length < 4 * most && !isFar(outer(over - 1).element)) over -= 1;
    if (over <= 0) return;
    if (end === "newer") this.above += order.slice(-over).filter(({ mark }) => !mark).length;
    for (const record of Array.from({ length: over }, (_, n) => outer(n))) this.drop(record);
    if (end === "newer") this.cut();
    else this.low = this.order[0].first;
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
    else if (record.filing) refile(line, record.filing, this.page);
    const because = record.element.querySelector(".because");
    if (open && because) because.open = true;
  }

  drop(record) {
    this.byId.delete(record.id);
    this.leaving.delete(record);
    for (const list of [this.order, this.pending]) {
      const i = list[0] === record ? 0 : list.lastIndexOf(record);
      if (i >= 0) list.splice(i, 1);
    }
    if (record.element) takeOut(record.element);
  }

  /** Numbers the articles for assistive technology; called once per painted frame, not per entry. */
  number() {
    // A feed without articles is none.
    const role = this.order.length > 0 ? "feed" : "group";
    if (this.root.getAttribute("role") !== role) this.root.setAttribute("role", role);
    let n = this.above;
    for (let i = this.order.length - 1; i >= 0; i -= 1) {
      const { element, mark } = this.order[i];
      if (mark) continue;
      n += 1;
      if (element.getAttribute("aria-posinset") === String(n)) continue;
      element.setAttribute("aria-posinset", n);
      element.setAttribute("aria-setsize", -1);
    }
  }
}

function isFar(element) {
  const { top, bottom } = (element.closest(".late") ?? element).getBoundingClientRect();
  return top > innerHeight + FAR_PX || bottom < -FAR_PX;
}
