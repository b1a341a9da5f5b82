// The wall: reads what the server printed, then follows the log from the position of that same print. Whose turn it is: wall_queue.js; what
// may be shown: wall_said.js; what fits: wall_fit.js; the head: wall_head.js; what it tells of itself: wall_screen.js. Nobody touches a wall:
// whatever happens, it goes on by itself.

import { told as bounded } from "./ask.js";
import { Clock } from "./clock.js";
import { Connection } from "./connection.js";
import { h } from "./dom.js";
import { Stage } from "./stage.js";
import { Posts } from "./wall_fit.js";
import { head, nextLine, plan, sight } from "./wall_head.js";
import { Queue } from "./wall_queue.js";
import { isBlank, isDue, roomOf, said, shows } from "./wall_said.js";
import { Screen } from "./wall_screen.js";

const TICK_MS = 250;
/** Without the network a wall keeps its last screen, says so after a while, and then shows what nobody needs to take off it. */
const CUT_MS = 30_000;
const SILENT_MS = 45_000;
const STALE_MS = 120_000;
const RETRY_MS = 1_000;
/** What takes words back: operators are told soon that it was obeyed. */
const TAKES_BACK = ["hide", "remove", "edit"];
/** How often at most the server is asked how far the log has come. */
const PROOF_MS = 500;
const PHOTOS_MAX = 3;
/** As long as a timer takes: some weeks. */
const REST_MS = 2 ** 31 - 1;
/** Entries that are kept while the page's state is fetched anew; of more, the next fetch tells. */
const MEANWHILE_MAX = 2_000;

const page = JSON.parse(document.getElementById("page-data").textContent);
const byId = (id) => document.getElementById(id);
const clock = new Clock(page.pace, page.zone);
const stage = new Stage(page, clock);
page.titles = { get: (id) => stage.talks.get(id)?.title };
page.hasTalks = () => [...stage.talks.values()].some((talk) => !talk.dropped);
let control = { seq: page.wall_seq, wall: page.wall };
let view = { room: page.room, isTalkOn: false, wall: page.wall, isBlank: true };
const posts = new Posts(byId("posts"), clock);
const queue = new Queue((one) => isDue(view.wall, one, sure()) && shows(view, one, clock.now()), (one) => isDue(view.wall, one, sure()));
const screen = new Screen(page, about, told);
const connection = new Connection(page.live, { epoch: page.epoch, seq: page.seq }, { entry: apply, reset, window: ({ base }) => refetch(base), state: heard });
const badPhotos = new Set();
const link = { at: performance.now(), time: clock.now(), isOpen: true };
/** Until when this wall knows all that was said and taken back, in microseconds: a post is shown only if nobody can have taken it back within
    its delay without this wall knowing. By entries, which come in order; by what the server answers to the screen. Not by its beats:
    nobody knows how long one was on its way. */
const proof = { at: clock.now(), pending: null, asked: 0 };
/** What came while the page's state is fetched anew; null while it is not. Until then nothing is proven: the stream has leapt over what was
    taken back. */
let meanwhile = null;
/** The seq up to which that state must know everything: what came behind it is in `meanwhile`. */
let needed = 0;

function about() {
  const isUp = queue.up.length > 0;
  return { seq: control.seq, shows: view.isBlank && isBlank(control.wall, page.room) ? "blank" : document.hidden ? "hidden" : isUp ? "posts" : "schedule", posts: queue.up, epoch: connection.cursor.epoch, top: meanwhile ? 0 : connection.cursor.seq };
}

function apply(entry) {
  if (entry.at) clock.heard(entry.at);
  if (entry.at && !meanwhile) proof.at = Math.max(proof.at, entry.at);
  if (meanwhile?.length === MEANWHILE_MAX) [meanwhile, needed] = [[], entry.seq];
  meanwhile?.push(entry);
  take(entry);
  draw();
  if (TAKES_BACK.includes(entry.kind)) screen.obeyed();
}

function take(entry) {
  switch (entry.kind) {
    case "post": case "edit": case "show": put(entry); break;
    case "hide": case "remove": queue.take(entry.id); break;
    case "filing": for (const { id, filing } of entry.moves) queue.move(id, roomOf(filing)); break;
    case "talk": stage.talk(entry); break;
    case "schedule": case "stage": stage.changed(entry); break;
    case "event": page.tags = entry.event.hashtags; rename(entry.event.title); stage.changed(entry); obey({ seq: entry.seq, wall: entry.event.wall ?? NOTHING_SAID }); break;
    default:
  }
}

const NOTHING_SAID = { blank: { all: false, rooms: [] }, during_talks: "all", delay_s: 0 };

function put(entry) {
  const one = said(entry, page.slug, page.tags);
  if (one === null) queue.take(entry.id);
  else queue.put(one);
}

function rename(title) {
  page.title = title;
  byId("name").textContent = title;
}

/** What operators say, whichever way it came; the newer word counts. */
function obey({ seq, wall }) {
  if (seq <= control.seq) return;
  control = { seq, wall };
  draw();
  screen.painted();
}

/** What the server answers to what the screen tells; `asked` is when that was sent. */
function told({ seq, wall, epoch, top }, asked) {
  if (epoch === connection.cursor.epoch) proof.pending = { top, at: clock.now() - (performance.now() - asked) * 1000 * clock.pace.speed };
  prove();
  obey({ seq, wall });
}

function prove() {
  if (!meanwhile && proof.pending && connection.cursor.seq >= proof.pending.top) {
    proof.at = Math.max(proof.at, proof.pending.at);
    proof.pending = null;
  }
}

function sure() {
  return Math.min(proof.at, clock.now());
}

/** live, delayed: the server has just been heard. */
function heard(state) {
  link.isOpen = state === "live" || state === "delayed";
  if (!link.isOpen) return;
  Object.assign(link, { at: performance.now(), time: clock.now() });
  prove();
}

/** Asks how far the log has come, where a post waits for nothing else. */
function ask(now) {
  const ms = performance.now();
  if (!link.isOpen || ms - proof.asked < PROOF_MS || proof.pending) return;
  if (![...queue.byId.values()].some((one) => isDue(view.wall, one, now) && !isDue(view.wall, one, sure()))) return;
  proof.asked = ms;
  screen.tell();
}

function draw() {
  const now = clock.now();
  const silent = performance.now() - link.at;
  const seen = sight(stage, page, now);
  const blank = isBlank(control.wall, page.room);
  view = { room: page.room, isTalkOn: seen.isTalkOn, wall: control.wall, isBlank: blank || silent > STALE_MS };
  ask(now);
  document.body.toggleAttribute("data-blank", blank);
  const ids = posts.paint(queue.at(performance.now()));
  if (ids) queue.shown(ids);
  const isUp = queue.up.length > 0;
  if (!isUp) same(posts.root, blank ? [] : [plan(seen, page, clock)]);
  same(byId("head"), head(seen, page, clock));
  same(byId("middle"), blank ? [] : [isUp ? nextLine(seen, page, clock) : null, photos()].filter(Boolean));
  const isCut = silent > SILENT_MS || (!link.isOpen && silent > CUT_MS);
  byId("link").toggleAttribute("data-cut", isCut);
  const name = isCut ? `No network since ${clock.hhmm(link.time)}` : page.title;
  if (byId("name").textContent !== name) byId("name").textContent = name;
  if (byId("clock").textContent !== clock.hhmm(now)) byId("clock").textContent = clock.hhmm(now);
}

/** Draws only what is not there already. */
function same(root, children) {
  const made = root.cloneNode(false);
  made.append(...children);
  if (!made.isEqualNode(root)) root.replaceChildren(...made.childNodes);
}

function photos() {
  const all = queue.photos(PHOTOS_MAX + badPhotos.size).filter(({ src }) => !badPhotos.has(src)).slice(0, PHOTOS_MAX);
  if (all.length === 0) return null;
  return h("div", { class: "wall-photos", "data-n": all.length }, all.map(({ src, alt }) => h("img", { src, alt })));
}

/** Another log begins: nothing of the old one may stay. */
function reset() {
  queue.begin([]);
  draw();
  refetch(connection.cursor.seq);
}

/** What cannot be followed entry by entry, up to `seq`, is read off the server's own page, which knows it all. */
async function refetch(seq) {
  const isUnderWay = meanwhile !== null;
  [meanwhile, needed] = [[], seq];
  if (isUnderWay) return;
  for (;;) {
    const asked = clock.now();
    const fresh = await fetched();
    if (fresh?.epoch === connection.cursor.epoch && fresh.seq >= needed) {
      proof.at = Math.max(proof.at, asked);
      begin(fresh);
      const later = meanwhile.filter((entry) => entry.seq > fresh.seq);
      meanwhile = null;
      later.forEach(take);
      break;
    }
    await new Promise((wake) => setTimeout(wake, RETRY_MS * (0.5 + Math.random())));
  }
  draw();
}

async function fetched() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store", ...bounded() }).catch(() => null);
  const html = answer?.ok ? await answer.text().catch(() => "") : "";
  const data = new DOMParser().parseFromString(html, "text/html").getElementById("page-data");
  try {
    return data && JSON.parse(data.textContent);
  } catch {
    return null;
  }
}

function begin(fresh) {
  queue.begin(fresh.said);
  stage.talks = new Map(fresh.talks.map((talk) => [talk.id, talk]));
  stage.rooms = fresh.stage;
  page.rooms = fresh.rooms;
  page.tags = fresh.tags;
  rename(fresh.title);
  // A word of the operators may have come the other way since this was printed.
  if (fresh.epoch !== page.epoch || fresh.wall_seq >= control.seq) control = { seq: fresh.wall_seq, wall: fresh.wall };
  page.epoch = fresh.epoch;
  proof.pending = null;
  screen.painted();
}

addEventListener("error", (event) => {
  if (event.target instanceof HTMLImageElement) { badPhotos.add(event.target.getAttribute("src")); draw(); }
}, true);
document.documentElement.dataset.script = "on";
view.isTalkOn = sight(stage, page, clock.now()).isTalkOn;
queue.begin(page.said);
queue.up = [...byId("posts").querySelectorAll(".wall-post")].map((element) => element.dataset.id);
draw();
setInterval(draw, TICK_MS);
// A wall may be covered, by the slides that are shown over it: it goes on.
connection.rests = REST_MS;
connection.start();
screen.start();
Object.defineProperty(globalThis, "perihelion", { value: { connection, queue, screen } });
