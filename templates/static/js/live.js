// The live page: reads what the server printed, then follows the log from the position of that same print.

import { ask, pause } from "./ask.js";
import { Away } from "./away.js";
import { Clock } from "./clock.js";
import { Compose } from "./compose.js";
import { Connection } from "./connection.js";
import { Contexts } from "./context.js";
import { Feed } from "./feed.js";
import { Filters, keyOf } from "./filters.js";
import { Keeping } from "./keeping.js";
import { keys } from "./keys.js";
import { Pages } from "./pages.js";
import { MyRoom } from "./room.js";
import { Stage } from "./stage.js";
import { Status } from "./status.js";
import { Steady } from "./steady.js";
import { recount, retally, tallyMoved } from "./tallies.js";

const TOP_PX = 8;
const TICK_MS = 1_000;
/** Of so few items nobody asks where they begin. */
const FEW = 20;
const ARCHIVE_RETRY_MS = 5_000;
const RESET_RETRY_MS = 2_000;
const MOVED_WAIT_MS = 1_500;
const MOVED_TRIES_MAX = 20;

const page = JSON.parse(document.getElementById("page-data").textContent);
page.titles = new Map(page.talks.map((talk) => [talk.id, talk.title]));
page.words = new Map();
const isLanes = page.view === "lanes";
/** The filter that the reader chose last: `page.filter` is the one of what is drawn, which follows. */
let chosen = page.filter;
const root = document.getElementById("feed");
const clock = new Clock(page.pace, page.zone);
let readerTop = scrollY;
const isBack = () => readerTop > TOP_PX;
const reading = () => isBack() || root.contains(document.activeElement);
/** What a feed needs to follow its window: see pages.js and steady.js. */
const equip = (column, ways, box) => {
  column.steady = new Steady(column, box);
  column.pages = new Pages(column, { ways, box, cursor: () => connection.cursor, changed: paintSoon, filing: (entry) => feed.filing(entry) });
};
const feed = isLanes ? new (await import("./lanes.js")).Lanes(root, page, clock, equip) : new Feed(root, page, clock, reading);
const feeds = isLanes ? feed.lanes : [feed];
if (!isLanes) equip(feed, { older: document.getElementById("older"), newer: document.getElementById("newer") }, () => null);
const room = new MyRoom(page, sat);
const stage = new Stage(page, clock, () => (isLanes ? null : room.slug));
const status = new Status(clock, isBack);
const contexts = new Contexts(feeds, page);
const filters = isLanes ? null : new Filters(page, show, () => room.slug);
const connection = new Connection(page.live, { epoch: page.epoch, seq: page.seq }, { entry: apply, reset, window: fill, far, state: shown });
const away = new Away(page, () => connection.cursor);
const box = document.getElementById("compose");
const keeping = new Keeping(page.slug);
const compose = box && new Compose(box, (seq) => connection.cursor.seq >= seq);

/** What one entry means for this page. A kind that is not listed changes nothing here. */
function apply(entry) {
  if (entry.at) clock.heard(entry.at);
  retally(entry, (id) => feed.byId.get(id));
  compose?.heard(entry);
  keeping.heard(entry);
  if (entry.kind === "post") away.heard();
  for (const { pages } of feeds) pages.hear(entry);
  switch (entry.kind) {
    case "post": case "edit": case "show": if (feed.put(entry) && entry.kind !== "edit") status.came(1, feed.reading()); break;
    case "hide": case "remove": feed.takeAway(entry); break;
    case "counts": feed.counts(entry); break;
    case "filing": fetchMoved(entry.seq - 1, new Set(feed.filing(entry))); break;
    case "gap": feed.gap(entry); break;
    case "notice": notice(entry.notice); break;
    case "talk": page.titles.set(entry.talk.id, entry.talk.title); stage.talk(entry); break;
    case "schedule": case "stage": stage.changed(entry); break;
    case "event": rename(entry.event); stage.changed(entry); break;
    default: return;
  }
  paintSoon();
}

function shown(state) {
  status.show(state);
  if (state === "live") away.live();
}

/** Numbers, pill, the ways to older and newer items, and everything back where it was: once per painted frame, however much came. */
let painting = false;
function paintSoon() {
  if (painting) return;
  painting = true;
  requestAnimationFrame(paint);
}

function paint() {
  painting = false;
  feed.number();
  contexts.look();
  status.waiting(feed.waiting, feed.isLive);
  const nothing = document.getElementById("nothing");
  if (nothing) {
    nothing.hidden = feed.order.length > 0 || feed.low > 1 || !feed.isLive;
    nothing.firstElementChild.textContent = page.filter.kind === "all" ? "Nothing yet." : "Nothing here yet.";
    document.getElementById("beginning").hidden = feed.low > 1 || feed.order.length < FEW;
  }
  for (const { pages, steady } of feeds) {
    pages.draw();
    steady.restore();
  }
}

function notice({ text, until }) {
  const line = document.getElementById("notice");
  line.hidden = text === "" || (until !== null && until <= clock.now());
  line.dataset.until = until ?? "";
  line.textContent = text;
}

function rename(event) {
  document.title = `Live: ${event.title}`;
  document.querySelector(".brand").textContent = event.title;
}

/** Another log begins: nothing drawn so far belongs to it. What it has already is fetched, from a site that may learn of it later than we. */
let isBare = false;
async function reset() {
  for (const one of feeds) one.open(0, Infinity);
  paintSoon();
  isBare = true;
  const { epoch } = connection.cursor;
  while (isBare && connection.cursor.epoch === epoch && !(await newest())) await pause(RESET_RETRY_MS * (0.5 + Math.random()));
}

/** So much was missed that the page is drawn anew, if nobody reads; else the stream tells it entry by entry. */
let leaping = null;
function far() {
  if (feed.reading()) return false;
  leaping ??= newest().then((position) => { leaping = null; connection.goOn(position); });
  return true;
}

/** The newest items of all feeds, as the reader wants them by now. Returns the position that all of them stand for. */
async function newest() {
  const said = await Promise.all(feeds.map(({ pages }) => pages.newest(isLanes ? undefined : chosen)));
  if (said.includes(null)) return null;
  isBare = false;
  const [first] = said.sort((a, b) => a.seq - b.seq);
  recount(first.counts);
  away.leapt(first.missed);
  notice(first.notice ?? { text: "", until: null });
  stage.changed({ seq: first.seq });
  status.fails(null);
  return first;
}

/** Older than the tail: what lies between is fetched anew, or comes from the archive for those who read, asked for until it is here. */
async function fill({ after, base, archive }) {
  if (!feed.reading() && await newest()) return;
  status.holes({ after, base });
  for (let from = after; from < base;) {
    const url = new URL(archive, location.href);
    url.searchParams.set("after", from);
    try {
      const { next, entries } = await ask(url, (said) => Array.isArray(said.entries));
      for (const entry of entries) {
        if (entry.kind === "post") away.heard();
        if (entry.item) feed.put(entry); else feed.takeAway(entry);
      }
      // An archive that has not come so far yet is asked again: a hole is never taken for nothing.
      if (next <= from) throw new Error("the archive is behind");
      from = next;
    } catch {
      status.holes({ after: from, base, failed: true });
      await pause(ARCHIVE_RETRY_MS * (0.5 + Math.random()));
    }
  }
  status.holes(null);
  paintSoon();
}

/** Items that were filed into this page's room and are not in it: from the archive, once that has come so far. Pages ask
    at different moments, as all of them learn of it in the same one. */
async function fetchMoved(after, missing) {
  const { filter } = page;
  for (let tries = 0; missing.size > 0 && tries < MOVED_TRIES_MAX; tries += 1) {
    await pause((tries === 0 ? MOVED_WAIT_MS : ARCHIVE_RETRY_MS) * (0.5 + Math.random()));
    const said = await ask(`/api/v1/events/${page.slug}/items?after=${after}`, ({ entries }) => Array.isArray(entries)).catch(() => null);
    if (page.filter !== filter) return;
    for (const entry of said?.entries ?? []) {
      if (!missing.delete(entry.id) || feed.byId.has(entry.id)) continue;
      if (!entry.item || !feed.fits(entry.filing) || entry.first > feed.high) continue;
      feed.put(entry);
      tallyMoved(entry.filing);
    }
    paintSoon();
  }
}

/** Another filter. What is narrower than all that is here needs no network; the rest is fetched, and what is here stays, and goes on under
    its own filter, until then. */
async function show(filter) {
  chosen = filter;
  status.fails(null);
  const isHere = keyOf(filter) === keyOf(page.filter);
  if (feed.isLive && (isHere || page.filter.kind === "all")) {
    if (!isHere || feed.pages.busy === "newest") feed.pages.cancel();
    if (isHere) return;
    page.filter = filter;
    feed.narrow();
    feed.release();
  } else if (!(await newest())) {
    // The last tap counts, and whoever asked after it.
    if (chosen !== filter || feed.pages.busy === "newest") return;
    chosen = page.filter;
    filters.stay(keyOf(chosen));
    status.fails("These items cannot be loaded. They are safe; tap the filter again in a moment.");
    return;
  }
  scrollTo({ top: 0 });
  paintSoon();
}

/** The reader sits in a room from now on, or nowhere. */
function sat(slug) {
  stage.draw();
  if (slug !== null) filters?.go(`room.${slug}`);
  else if (page.filter.kind === "room") filters?.go("all");
}

/** Shows what waits. By key the newest gets the focus, so that j goes on from there; by hand nothing is focused. */
async function showNew({ byKey }) {
  if (feed.isLive && !feed.isWaiting()) return;
  if (feed.isLive) {
    scrollTo({ top: 0 });
  } else {
    if (!(await newest())) { status.fails("The newest items cannot be loaded. What you see stays; try again in a moment."); return; }
    history.replaceState(null, "", filters.address(keyOf(page.filter)));
    scrollTo({ top: 0 });
  }
  if (!byKey) document.activeElement?.blur();
  const first = feed.release();
  paintSoon();
  if (byKey) first?.focus({ preventScroll: true });
}

function tick() {
  const now = clock.now();
  document.getElementById("clock").textContent = clock.hhmm(now);
  stage.draw();
  feed.tell?.(stage, now);
  const line = document.getElementById("notice");
  if (line.dataset.until && Number(line.dataset.until) <= now) line.hidden = true;
}

/** The clock goes only while somebody looks at it. */
let ticking = null;
function look() {
  clearInterval(ticking);
  if (document.hidden) { status.rest(); return; }
  tick();
  ticking = setInterval(tick, TICK_MS);
}

/** Back at the top with nothing in focus, what waited comes in by itself. */
function scrolled() {
  readerTop = scrollY;
  document.body.toggleAttribute("data-scrolled", readerTop > (document.getElementById("stage")?.offsetHeight ?? 0) + 60);
  for (const { steady } of feeds) steady.scrolled();
  if (feed.settle() || contexts.learnt.size > 0) paintSoon();
}

document.documentElement.dataset.script = "on";
document.documentElement.dataset.steady = "on";
document.getElementById("pill")?.addEventListener("click", () => showNew({ byKey: false }));
document.getElementById("to-now")?.addEventListener("click", (event) => { event.preventDefault(); showNew({ byKey: false }); });
addEventListener("scroll", scrolled, { passive: true });
document.addEventListener("visibilitychange", look);
keys(root, () => showNew({ byKey: true }), compose ? () => compose.open() : null, (side) => feeds.length === 1 && feed.pages.load(side));
if (filters && room.slug !== null && location.search === "" && location.hash === "") filters.go(`room.${room.slug}`, false);
if (isLanes && room.slug !== null && !new URLSearchParams(location.search).has("show")) feed.bring(`room.${room.slug}`);
scrolled();
look();
paint();
connection.start();
Object.defineProperty(globalThis, "perihelion", { value: { connection, feed, page } });
