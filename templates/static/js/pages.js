// The stream beyond the window of a feed: fetched when the reader comes near an end of it, in both directions, or as a whole when they
// want to be where it is live. What is heard of the stream while an answer is on its way is applied to it once more, so that nothing
// falls between the two: an answer that is older than this page is not taken.

import { ask, pause } from "./ask.js";

const NEAR = "1500px 0px";
const RETRY_MS = 3_000;
const RETRY_MS_MAX = 60_000;
/** Entries that are remembered while an answer is on its way; with more of them it is asked for again. */
const HEARD_MAX = 5_000;

const isStretch = (said) => typeof said.epoch === "string" && Array.isArray(said.lines);

export class Pages {
  /** ways: {older, newer}, the paragraphs at the ends; cursor(): how far the page has come; box(): what scrolls; changed(): draw;
      filing(entry): what posts that are filed anew mean for the whole page. */
  constructor(feed, { ways, cursor, box, changed, filing }) {
    Object.assign(this, { feed, ways, cursor, box, changed, filing });
    this.turn = 0;
    this.busy = null;
    this.heard = [];
    this.near = new Set();
    this.tries = 0;
    for (const side of ["older", "newer"]) {
      ways[side]?.querySelector("a").addEventListener("click", (event) => { event.preventDefault(); this.load(side); });
    }
    this.watch();
    addEventListener("online", () => { for (const side of this.near) this.load(side); });
  }

  /** Loads whenever an end of the window is near what is in sight. */
  watch() {
    this.watcher?.disconnect();
    const side = (element) => (element === this.ways.older ? "older" : "newer");
    this.watcher = new IntersectionObserver((seen) => {
      for (const { target, isIntersecting } of seen) {
        this.near[isIntersecting ? "add" : "delete"](side(target));
        if (isIntersecting && this.tries === 0) this.load(side(target));
      }
    }, { root: this.box(), rootMargin: NEAR });
    for (const way of [this.ways.older, this.ways.newer]) if (way) this.watcher.observe(way);
  }

  /** Shows the ways that there are. */
  draw() {
    const { feed: { low, high, page, isLive }, ways } = this;
    for (const [side, is, to] of [["older", low > 1, `before=${low}`], ["newer", !isLive, `after=${high}`]]) {
      if (!ways[side]) continue;
      // Whoever has come up to now keeps the line there: taken out, it would move what is below it.
      if (side === "newer" && !ways.newer.hidden) this.arrive(isLive);
      else ways[side].hidden = !is;
      const way = is && ways[side].querySelector("a");
      if (way) way.href = `/${page.slug}?${to}${page.filter.query}`;
    }
  }

  /** The way up says that it has ended, or leads on again. */
  arrive(isLive) {
    const { newer } = this.ways;
    if (isLive === (this.led !== undefined)) return;
    if (isLive) {
      this.led = [...newer.childNodes];
      newer.replaceChildren("This is now.");
    } else {
      newer.replaceChildren(...this.led);
      this.led = undefined;
    }
  }

  /** What the stream says meanwhile. */
  hear(entry) {
    if (this.busy !== null && this.heard.length <= HEARD_MAX) this.heard.push(entry);
  }

  async load(side) {
    if (this.busy !== null || !this.ways[side] || this.ways[side].hidden) return;
    const { feed } = this;
    const edge = side === "older" ? feed.order[0] : feed.order.at(-1);
    this.say(side, edge ? `Loading what was said ${side === "older" ? "before" : "after"} ${feed.clock.hhmm(edge.at)}…` : "Loading…");
    const took = await this.fetch(side === "older" ? `before=${feed.low}` : `after=${feed.high}`, side, (said) => {
      const isLive = side === "newer" && said.newer === null;
      if (side === "older") feed.low = said.older ?? 0;
      else feed.high = said.newer ?? Infinity;
      if (side === "newer") feed.above = Math.max(0, feed.above - said.lines.length);
      if (isLive) feed.missed = 0;
      feed.learn(said.answered);
      feed.fill(said.lines.reverse());
      this.again(said.seq, isLive);
      feed.trim(side === "older" ? "newer" : "older", this.read());
      feed.steady.restore(true);
    });
    if (took === null) return;
    this.say(side, took ? "" : "That cannot be loaded just now; nothing is lost.");
    this.changed();
    if (took) { this.watch(); return; }
    await pause(Math.min(RETRY_MS_MAX, RETRY_MS * 2 ** this.tries) * (0.5 + Math.random()));
    if (this.near.has(side)) this.load(side);
  }

  /** What is on its way is not wanted any more. */
  cancel() {
    this.turn += 1;
    this.busy = null;
  }

  /** The newest items that a filter holds in the place of all that is here. Returns the position that they stand for, none when they are
      not to be had. */
  async newest(filter = this.feed.page.filter) {
    this.cancel();
    const { newer } = this.ways;
    let position = null;
    await this.fetch("", "newest", (said) => {
      this.feed.page.filter = filter;
      this.feed.open(said.older ?? 0, Infinity);
      this.feed.learn(said.answered);
      this.feed.fill(said.lines.reverse());
      this.again(said.seq, true);
      position = said;
      if (newer) newer.hidden = true;
    }, filter);
    for (const side of ["older", "newer"]) this.say(side, "");
    this.changed();
    if (position) this.watch();
    return position;
  }

  /** Asks and takes. False when there was no answer to take, null when nobody wants it any more. */
  async fetch(where, what, take, { query } = this.feed.page.filter) {
    const turn = this.turn;
    const { epoch, seq } = this.cursor();
    this.busy = what;
    this.heard = [];
    const { page } = this.feed;
    const url = `/${page.slug}/items?${where}${query}&seen=${seq}`.replace("?&", "?");
    const said = await ask(url, isStretch).catch(() => null);
    if (turn !== this.turn) return null;
    const took = said !== null && said.epoch === epoch && said.seq >= seq && this.heard.length <= HEARD_MAX;
    if (took) take(said);
    this.busy = null;
    if (what !== "newest") this.tries = took ? 0 : this.tries + 1;
    return took;
  }

  /** What was heard behind the answer, once more. Without an upper end new items come into the window. */
  again(seq, isLive) {
    for (const entry of this.heard) {
      if (entry.seq <= seq) continue;
      switch (entry.kind) {
        case "post": if (isLive) this.feed.put(entry); break;
        case "edit": case "show": this.feed.put(entry); break;
        case "hide": case "remove": this.feed.takeAway(entry); break;
        case "counts": this.feed.counts(entry); break;
        case "filing": this.filing(entry); break;
        default:
      }
    }
  }

  /** The line that is read, by its place in the order: the one that begins in sight. A focus that was left behind out of sight is
      nobody's: whoever goes on by keys takes it along. */
  read() {
    const line = this.feed.steady.first(this.box()?.getBoundingClientRect().top ?? 0);
    const record = line && this.feed.byId.get(line.dataset.id ?? line.dataset.gap);
    return record ? this.feed.order.indexOf(record) : this.feed.order.length - 1;
  }

  say(side, words) {
    const said = this.ways[side]?.querySelector(".said");
    if (said) said.textContent = words;
  }
}
