// The live page: reads what the server printed, then follows the log from the position of that same print.

import { Clock } from "./clock.js";
import { Compose } from "./compose.js";
import { Connection } from "./connection.js";
import { Feed } from "./feed.js";
import { keys } from "./keys.js";
import { Stage } from "./stage.js";
import { Status } from "./status.js";
import { retally, tallyMoved } from "./tallies.js";

const TOP_PX = 8;
const TICK_MS = 1_000;
const ARCHIVE_RETRY_MS = 5_000;
const MOVED_WAIT_MS = 1_500;
const MOVED_TRIES_MAX = 20;

const page = JSON.parse(document.getElementById("page-data").textContent);
page.titles = new Map(page.talks.map((talk) => [talk.id, talk.title]));
const root = document.getElementById("feed");
const clock = new Clock(page.pace, page.zone);
let readerTop = scrollY;
const reading = () => readerTop > TOP_PX || root.contains(document.activeElement);
const feed = page.view === "lanes" ? new (await import("./lanes.js")).Lanes(root, page, clock) : new Feed(root, page, clock, reading);
const stage = new Stage(page, clock);
const status = new Status(clock);
const connection = new Connection(page.live, { epoch: page.epoch, seq: page.seq }, { entry: apply, reset, window: fill, state: (name) => status.show(name) });
const box = document.getElementById("compose");
const compose = box && new Compose(box, (seq) => connection.cursor.seq >= seq);

/** What one entry means for this page. A kind that is not listed changes nothing here. */
function apply(entry) {
  if (entry.at) clock.heard(entry.at);
  const known = feed.byId.get(entry.id);
  retally(entry, (id) => feed.byId.get(id));
  compose?.heard(entry);
  switch (entry.kind) {
    case "post": case "edit": case "show": feed.put(entry); break;
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
  const nothing = document.getElementById("nothing");
  if (nothing && entry.item && !known) nothing.hidden = true;
  paintSoon();
}

/** Numbers, pill and the way to older items: once per painted frame, however many entries came. */
let painting = false;
function paintSoon() {
  if (painting) return;
  painting = true;
  requestAnimationFrame(() => {
    painting = false;
    feed.number();
    status.waiting(feed.pending.length);
    const oldest = feed.order?.[0]?.first;
    const older = document.getElementById("older");
    if (older && oldest > 1) { older.href = `?before=${oldest}${page.filter.query}`; older.parentElement.hidden = false; }
  });
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

/** Another log begins: nothing drawn so far belongs to it. */
function reset() {
  feed.reset();
  paintSoon();
}

/** Older than the tail: what lies between comes from the archive, asked for until it is here. */
async function fill({ after, base, archive }) {
  status.holes({ after, base });
  for (let from = after; from < base;) {
    const url = new URL(archive, location.href);
    url.searchParams.set("after", from);
    try {
      const answer = await fetch(url);
      if (!answer.ok) throw new Error(`the archive answered ${answer.status}`);
      const { next, entries } = await answer.json();
      for (const entry of entries) if (entry.item) feed.put(entry); else feed.takeAway(entry);
      // An archive that has not come so far yet is asked again: a hole is never taken for nothing.
      if (next <= from) throw new Error("the archive is behind");
      from = next;
    } catch {
      status.holes({ after: from, base, failed: true });
      await new Promise((wake) => setTimeout(wake, ARCHIVE_RETRY_MS * (0.5 + Math.random())));
    }
  }
  status.holes(null);
  paintSoon();
}

/** Items that were filed into this page's room and are not in it: from the archive, once that has come so far. Pages ask
    at different moments, as all of them learn of it in the same one. */
async function fetchMoved(after, missing) {
  for (let tries = 0; missing.size > 0 && tries < MOVED_TRIES_MAX; tries += 1) {
    const wait = tries === 0 ? MOVED_WAIT_MS : ARCHIVE_RETRY_MS;
    await new Promise((wake) => setTimeout(wake, wait * (0.5 + Math.random())));
    const answer = await fetch(`/api/v1/events/${page.slug}/items?after=${after}`).catch(() => null);
    if (!answer?.ok) continue;
    for (const entry of (await answer.json()).entries) {
      if (!missing.delete(entry.id) || feed.byId.has(entry.id)) continue;
      if (!entry.item || !feed.fits(entry.filing)) continue;
      feed.put(entry);
      tallyMoved(entry.filing);
    }
    paintSoon();
  }
}

/** Shows what waits. By key the newest gets the focus, so that j goes on from there; by hand nothing is focused. */
function showNew({ byKey }) {
  if (!feed.isWaiting()) return;
  scrollTo({ top: 0 });
  if (!byKey) document.activeElement?.blur();
  const newest = feed.release();
  paintSoon();
  if (byKey) newest?.focus({ preventScroll: true });
}

function tick() {
  const now = clock.now();
  document.getElementById("clock").textContent = clock.hhmm(now);
  stage.draw();
  feed.tell?.(stage, now);
  const line = document.getElementById("notice");
  if (line.dataset.until && Number(line.dataset.until) <= now) line.hidden = true;
}

/** Back at the top with nothing in focus, what waited comes in by itself. */
function scrolled() {
  readerTop = scrollY;
  document.body.toggleAttribute("data-scrolled", readerTop > (document.getElementById("stage")?.offsetHeight ?? 0) + 60);
  if (feed.settle()) paintSoon();
}

document.documentElement.dataset.script = "on";
document.getElementById("pill")?.addEventListener("click", () => showNew({ byKey: false }));
addEventListener("scroll", scrolled, { passive: true });
keys(root, () => showNew({ byKey: true }), compose ? () => compose.open() : null);
scrolled();
tick();
setInterval(tick, TICK_MS);
feed.number();
connection.start();
Object.defineProperty(globalThis, "perihelion", { value: { connection, feed } });
