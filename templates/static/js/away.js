// Back after a while: one line says for how long, how much was said, and leads to what was missed. It lies over the lower edge, so nothing
// moves for it, and goes when it is told to. Where the reader left is kept on this device, and nowhere else.

import { ask } from "./ask.js";
import { count, h } from "./dom.js";

/** So long, or so much said while the page did not follow, is an absence. What came within a moment was none, however much it was. */
const LONG_MS = 30 * 60_000;
const MANY = 200;
const MOMENT_MS = 60_000;

export class Away {
  /** cursor(): how far the page has everything. */
  constructor(page, cursor) {
    Object.assign(this, { page, cursor, posts: 0, last: null });
    this.key = `perihelion.left.${page.slug}`;
    this.line = document.getElementById("away");
    addEventListener("pagehide", () => this.keep());
    document.addEventListener("visibilitychange", () => { if (document.hidden) this.keep(); });
    if (page.newer === null) this.opened(parsed(stored(this.key)));
  }

  /** One more post has come. */
  heard() {
    if (this.posts !== null) this.posts += 1;
  }

  /** The page was drawn anew instead: so many posts came in between, null where nobody knows how many. */
  leapt(posts) {
    this.posts = posts;
  }

  /** Everything is here, up to this moment. Whoever follows hears so every few seconds: between two of these the page was away. */
  live() {
    const left = this.last;
    const { posts } = this;
    this.last = { ...this.cursor(), at: Date.now() };
    this.posts = 0;
    if (left?.epoch === this.last.epoch) this.judge(left, posts);
  }

  /** The page is opened again, by somebody who had it open before. */
  async opened(left) {
    const now = this.cursor();
    if (left?.epoch !== now.epoch || left.seq >= now.seq || !isAbsence(Date.now() - left.at, now.seq - left.seq)) return;
    const said = await ask(`/${this.page.slug}/items?seen=${left.seq}`, ({ missed }) => missed === null || Number.isInteger(missed)).catch(() => null);
    if (said) this.judge(left, said.missed);
  }

  judge(left, posts) {
    const ms = Date.now() - left.at;
    if (posts !== 0 && isAbsence(ms, posts ?? Infinity)) this.show(ms, posts, `${left.epoch}.${left.seq}`);
  }

  show(ms, posts, position) {
    const close = h("button", { class: "as-link", type: "button" }, "Dismiss");
    const way = h("a", { href: `/${this.page.slug}/catch-up?after=${position}` }, "What you missed in 2 minutes");
    for (const one of [close, way]) one.addEventListener("click", () => { this.line.hidden = true; });
    const said = posts === null ? "" : `: ${count(posts, "post", "posts")}`;
    this.line.replaceChildren(h("p", null, `You were away ${long(ms)}${said}. `, way), close);
    this.line.hidden = false;
  }

  /** Of several pages of one event the one that has come furthest counts. */
  keep() {
    const kept = parsed(stored(this.key));
    if (this.last && !(kept?.epoch === this.last.epoch && kept.seq > this.last.seq)) store(this.key, JSON.stringify(this.last));
  }
}

function isAbsence(ms, posts) {
  return ms > LONG_MS || (ms > MOMENT_MS && posts > MANY);
}

/** "40 minutes", "3 hours", "2 days". */
function long(ms) {
  const minutes = Math.max(1, Math.round(ms / 60_000));
  if (minutes < 90) return count(minutes, "minute", "minutes");
  const hours = Math.round(minutes / 60);
  return hours < 48 ? count(hours, "hour", "hours") : count(Math.round(hours / 24), "day", "days");
}

// Storage may be refused (private windows, settings): then only a page that stays open knows.
function stored(key) {
  try { return localStorage.getItem(key); } catch { return null; }
}

function store(key, text) {
  try { localStorage.setItem(key, text); } catch { /* see above */ }
}

function parsed(json) {
  try {
    const left = JSON.parse(json);
    return Number.isInteger(left?.seq) && Number.isFinite(left.at) ? left : null;
  } catch {
    return null;
  }
}
