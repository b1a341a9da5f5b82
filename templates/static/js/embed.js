// A frame of the live page on somebody else's page: the live page's own connection and feed, without the rest. Whatever would need
// more than the stream (another log, a long absence) draws the frame anew.

import { Clock } from "./clock.js";
import { Connection } from "./connection.js";
import { count } from "./dom.js";
import { Feed } from "./feed.js";

const TOP_PX = 8;
const ANEW_MS = 5_000;
const WORDS = { live: "Live", delayed: "Delayed", reconnecting: "Reconnecting", portal: "Log-in wanted" };

const page = JSON.parse(document.getElementById("page-data").textContent);
page.titles = new Map(Object.entries(page.talks));
const root = document.getElementById("feed");
const conn = document.getElementById("conn");
const pill = document.getElementById("pill");
const nothing = document.getElementById("nothing");
const clock = new Clock(page.pace, page.zone);
const feed = new Feed(root, page, clock, () => scrollY > TOP_PX || root.contains(document.activeElement));
const connection = new Connection(page.live, { epoch: page.epoch, seq: page.seq }, {
  entry: apply, reset: anew, window: anew, far: anew,
  state: (name) => { conn.dataset.s = name; conn.textContent = WORDS[name] ?? ""; },
});

/** What one entry means here. A kind that is not listed changes nothing. */
function apply(entry) {
  if (entry.at) clock.heard(entry.at);
  switch (entry.kind) {
    case "post": case "edit": case "show": feed.put(entry); break;
    case "hide": case "remove": feed.takeAway(entry); break;
    case "counts": feed.counts(entry); break;
    case "filing": feed.filing(entry); break;
    case "gap": feed.gap(entry); break;
    case "talk": page.titles.set(entry.talk.id, entry.talk.title); break;
    default: return;
  }
  paintSoon();
}

let painting = false;
function paintSoon() {
  if (painting) return;
  painting = true;
  requestAnimationFrame(() => {
    painting = false;
    feed.number();
    nothing.hidden = feed.order.length > 0;
    pill.parentElement.hidden = feed.waiting === 0;
    pill.lastChild.textContent = count(feed.waiting, "new post", "new posts");
  });
}

/** The server's print again, each frame at its own moment: many learn of it in the same one. */
let isLeaving = false;
function anew() {
  if (!isLeaving) setTimeout(() => location.reload(), ANEW_MS * Math.random());
  isLeaving = true;
  return true;
}

function showNew() {
  if (!feed.isLive) return void location.reload();
  scrollTo({ top: 0 });
  document.activeElement?.blur();
  feed.release();
  paintSoon();
}

pill.addEventListener("click", showNew);
addEventListener("scroll", () => { if (feed.settle()) paintSoon(); }, { passive: true });
feed.number();
connection.start();
