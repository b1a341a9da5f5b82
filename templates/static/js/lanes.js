// The rooms side by side: a feed for each, which posts change when they are filed anew. To the rest of the page all lanes
// together are one feed.

import { count, h, iso } from "./dom.js";
import { Feed } from "./feed.js";
import { BREAK_MAX } from "./stage.js";

const TOP_PX = 8;
// Where the style sheet sets the lanes side by side; below that one is in sight, and the page scrolls instead of its lanes.
const WIDE = "(min-width: 68.75rem)";

export class Lanes {
  /** equip(feed, ways, box): gives a lane what it needs to follow its window. */
  constructor(root, page, clock, equip) {
    Object.assign(this, { page, clock, equip });
    this.wide = matchMedia(WIDE);
    this.lanes = [...root.querySelectorAll(".lane")].map((element) => this.lane(element, clock));
    this.byId = { get: (id) => this.holder(id)?.byId.get(id) };
    this.bring(root.querySelector("[data-current]")?.dataset.lane ?? "");
  }

  /** Has a lane in sight. */
  bring(key) {
    const lane = this.lanes.find(({ element }) => element.dataset.lane === key);
    if (!lane) return;
    for (const { element } of this.lanes) element.toggleAttribute("data-current", element === lane.element);
    for (const link of document.querySelectorAll(".lanes-bar .filters a")) {
      if (link.querySelector(`[data-count="${CSS.escape(key)}"]`)) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    const inSight = this.wide.matches ? `[data-lane="${CSS.escape(key)}"]` : `[data-stage="${CSS.escape(key.slice("room.".length))}"]`;
    document.querySelector(inSight)?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  lane(element, clock) {
    const key = element.dataset.lane;
    const filter = key === "hallway" ? { kind: "hallway", value: null } : { kind: "room", value: key.slice("room.".length) };
    const own = { ...this.page, filter: { ...filter, query: `&show=${encodeURIComponent(key)}` }, older: Number(element.dataset.from) || null };
    const root = element.querySelector(".feed");
    const box = () => (this.wide.matches ? element : null);
    const reading = () => (box()?.scrollTop ?? scrollY) > TOP_PX || root.contains(document.activeElement);
    const lane = new Feed(root, own, clock, reading);
    own.find = (id) => this.find(id);
    const pill = element.querySelector(".pill");
    Object.assign(lane, { element, pill });
    this.equip(lane, { older: element.querySelector(".loading:not(.up)"), newer: element.querySelector(".loading.up") }, box);
    this.wide.addEventListener("change", () => lane.pages.watch());
    pill.addEventListener("click", () => { document.activeElement?.blur(); this.bringIn(lane); });
    element.addEventListener("scroll", () => { lane.steady.scrolled(); if (lane.settle()) this.number(); }, { passive: true });
    return lane;
  }

  /** The lane in which an item stands; where it only waits to leave, none other having it. */
  holder(id) {
    const all = this.lanes.filter((lane) => lane.byId.has(id));
    return all.find((lane) => !lane.leaving.has(lane.byId.get(id))) ?? all[0];
  }

  find(id) {
    for (const lane of this.lanes) {
      const found = lane.find(id);
      if (found) return found;
    }
    return null;
  }

  put(entry) {
    const isNew = this.lanes.map((lane) => lane.put(entry)).some(Boolean);
    for (const lane of this.lanes) lane.requote(entry.id);
    return isNew;
  }

  takeAway(entry) {
    for (const lane of this.lanes) if (lane.byId.has(entry.id)) lane.takeAway(entry);
    for (const lane of this.lanes) lane.requote(entry.id);
  }

  counts(entry) {
    for (const lane of this.lanes) lane.counts(entry);
  }

  gap(entry) {
    for (const lane of this.lanes) lane.gap(entry);
  }

  /** A post goes into the lane of its new room first, then out of the one where it was. What no lane has is older than all. */
  filing(entry) {
    for (const { id, filing } of entry.moves) {
      const record = this.byId.get(id);
      if (!record) continue;
      const to = this.lanes.find((lane) => lane.fits(filing));
      const having = this.lanes.filter((lane) => lane.byId.has(id));
      for (const lane of having) lane.byId.get(id).filing = filing;
      if (to && !having.includes(to)) to.take(twin(record));
      for (const lane of having) {
        if (lane === to) lane.stay(lane.byId.get(id));
        else lane.leave(lane.byId.get(id));
      }
    }
    return [];
  }

  /** What comes next in each room, as the stage knows it by now; where nothing is on, the stage itself tells it. */
  tell(stage, now) {
    for (const { slug, spans, talk } of stage.on(now).map((room, i) => ({ ...room, spans: stage.rooms[i].spans }))) {
      const line = this.lanes.find((lane) => lane.page.filter.value === slug)?.element.querySelector(".lane-next");
      if (!line) continue;
      const next = talk && spans.find((one) => one.from > now && one.talk);
      const key = next && next.from - now < BREAK_MAX ? `${next.talk} ${next.from}` : "";
      if (line.dataset.next === key) continue;
      line.dataset.next = key;
      line.hidden = key === "";
      line.replaceChildren(...(key === "" ? [] : [h("b", null, "Next"), h("time", { datetime: iso(next.from) }, this.clock.coming(next.from, now)),
        h("a", { href: `/${this.page.slug}/talks/${next.talk}`, dir: "auto" }, this.page.titles.get(next.talk) ?? "")]));
    }
  }

  get waiting() {
    return this.lanes.reduce((sum, lane) => sum + lane.waiting, 0);
  }

  /** The lanes together: each goes its own way when it is read. */
  get isLive() {
    return true;
  }

  isWaiting() {
    return this.lanes.some((lane) => lane.isWaiting() || !lane.isLive);
  }

  reading() {
    return this.lanes.some((lane) => lane.reading());
  }

  /** What nobody reads takes in what has waited. */
  settle() {
    return this.lanes.map((lane) => lane.settle()).some(Boolean);
  }

  bringIn(lane) {
    lane.element.scrollTop = 0;
    if (!this.wide.matches) scrollTo({ top: 0 });
    if (!lane.isLive) lane.pages.newest();
    const newest = lane.release();
    this.number();
    return newest;
  }

  /** Everything that waits, in all lanes. Returns the newest item's element. */
  release() {
    const waiting = this.lanes.filter((lane) => lane.isWaiting() || !lane.isLive);
    const newest = waiting.map((lane) => this.bringIn(lane)).filter(Boolean);
    return newest.sort((a, b) => b.dataset.seq - a.dataset.seq)[0] ?? null;
  }

  /** Once per painted frame: numbers for assistive technology, the pills. */
  number() {
    for (const lane of this.lanes) {
      lane.number();
      lane.pill.parentElement.hidden = lane.waiting === 0 && lane.isLive;
      const words = lane.waiting === 0 ? "Back to now" : count(lane.waiting, "new item", "new items");
      if (lane.pill.lastChild.textContent !== words) lane.pill.lastChild.textContent = words;
    }
  }
}

/** The same item for another lane: drawn anew where its words are known, else what the server drew of it. */
function twin({ id, first, last, at, late, answers, item, sentence, filing, element }) {
  const record = { id, first, last, at, late, answers, item, sentence, filing };
  if (item === undefined && element) record.element = element.cloneNode(true);
  record.element?.classList.remove("leaving");
  return record;
}
