// The tray: one key or one tap files a post. Buttons are those of the form that works without a script; this sends the same to the API,
// follows the log so that new posts come and what others have filed goes, and moves the focus to the next post.

import { Clock } from "./clock.js";
import { Connection } from "./connection.js";
import { stored, store } from "./keys.js";
import { Status } from "./status.js";
import { card, isBefore, piles } from "./tray_card.js";
import { Finder } from "./tray_finder.js";
import { Moves, posts } from "./tray_moves.js";

const TOP_PX = 8;
const TICK_MS = 1_000;
const SYNC_MS = 250;
const SYNC_RETRY_MS = 2_000;
const CARDS_MAX = 200;
/** A card that has just changed under the focus takes no keys for so long. */
const HOLD_MS = 900;

const page = JSON.parse(document.getElementById("page-data").textContent);
const form = document.getElementById("sort");
const root = document.getElementById("cards");
const byId = (id) => document.getElementById(id);
const clock = new Clock(page.pace, page.zone);
const status = new Status(clock);
const finder = new Finder(page);
const moves = new Moves(page.slug, said);
const connection = new Connection(page.live, { epoch: page.epoch, seq: page.seq }, { entry: apply, reset: () => location.reload(), window: () => syncFrom(0), state: (name) => status.show(name) });

/** Posts that wait above the fold until the steward looks. */
const pending = new Map();
/** Cards that were filed here, in case that is taken back; and those whose answer is not there yet. */
const filed = new Map();
const underWay = new Set();
/** Posts that wait no more, with the seq that said so: an answer that was written before it is too old. */
const settled = new Map();
const counts = { waiting: root.children.length, filed: 0, isKnown: false };
let since = page.seq;
let wanted = page.seq;
let syncing = null;
let heldUntil = 0;

const find = (id) => root.querySelector(`.sort[data-id="${id}"]`);
const here = () => document.activeElement?.closest?.("#cards > .sort") ?? null;
const selected = () => [...root.querySelectorAll("input[name=ids]:checked")].map((box) => box.value);
const plain = (element) => element.textContent.replace(/\s+/g, "");
const waits = (filing) => filing?.by === "rule" && (filing.state === "suggested" || filing.state === "unsorted");

/** What one entry means for this page. */
function apply(entry) {
  if (entry.at) clock.heard(entry.at);
  switch (entry.kind) {
    case "post": case "edit": case "show": heard(entry.id, entry.filing, entry.seq); break;
    case "filing": for (const { id, filing } of entry.moves) heard(id, filing, entry.seq); break;
    case "hide": case "remove": drop(entry.id, "This post was taken away.", entry.seq); break;
    case "schedule": case "stage": syncFrom(0); break;
    case "talk": rename(entry.talk); break;
    default: return;
  }
  wanted = entry.seq;
}

function heard(id, filing, seq) {
  if (waits(filing)) syncSoon();
  else drop(id, "Somebody filed this one meanwhile.", seq);
}

function rename(talk) {
  const known = page.talks.find(({ id }) => id === talk.id);
  const room = page.rooms.find(({ slug }) => slug === talk.room)?.name ?? talk.room;
  const note = `${room}, ${clock.hhmm(talk.start)} to ${clock.hhmm(talk.end)}${talk.dropped ? ", no longer in the programme" : ""}`;
  const told = { id: talk.id, title: talk.title, who: talk.speakers.map(({ name }) => name).join(", "), note, start: talk.start, dropped: talk.dropped };
  if (known) Object.assign(known, told);
  else page.talks.push(told);
}

/** A post that waits no more goes. The one in focus stays, and says why, until the focus moves: no key meets another post. */
function drop(id, why, seq) {
  settled.set(id, seq);
  pending.delete(id);
  const gone = find(id);
  if (!gone || page.only || gone.classList.contains("gone")) return paint();
  counts.waiting = Math.max(0, counts.waiting - 1);
  if (gone !== here()) gone.remove();
  else {
    gone.classList.add("gone");
    gone.querySelector(".sheet").replaceChildren(Object.assign(document.createElement("p"), { className: "label", textContent: why }));
    gone.querySelector("input").checked = false;
    gone.addEventListener("focusout", () => setTimeout(() => { if (here() !== gone) { gone.remove(); paint(); } }), { capture: true });
  }
  paint();
}

function syncFrom(seq) {
  since = Math.min(since, seq);
  syncSoon();
}

function syncSoon() {
  if (page.only) return;
  syncing ??= setTimeout(sync, SYNC_MS);
}

/** Asks for what waits and has changed, until the answer is as new as what the log has told. */
async function sync() {
  const answer = await fetch(`/api/v1/events/${page.slug}/unsorted?after=${since}&${page.query}`).catch(() => null);
  const told = answer?.ok ? await answer.json().catch(() => null) : null;
  syncing = null;
  if (!told) { syncing = setTimeout(sync, SYNC_RETRY_MS * (0.5 + Math.random())); return; }
  for (const waiting of told.items) put(waiting);
  Object.assign(counts, { waiting: told.waiting, filed: told.filed, isKnown: true });
  byId("groups").replaceChildren(...piles(told.groups));
  const top = told.position?.seq ?? 0;
  since = told.next;
  if (told.next < top || top < wanted) syncSoon();
  // Done with what was drawn: the page brings the next ones.
  else if (told.waiting > 0 && root.children.length + pending.size + moves.underWay === 0) location.reload();
  paint();
}

/** A post that waits: new, or changed. */
function put(waiting) {
  if (underWay.has(waiting.id) || waiting.touched <= (settled.get(waiting.id) ?? 0)) return;
  const old = find(waiting.id);
  const made = card(waiting, page);
  if (old) {
    if (plain(old) === plain(made)) return;
    const isHere = old === here();
    made.querySelector("input").checked = old.querySelector("input").checked;
    old.remove();
    place(made);
    if (isHere) { heldUntil = performance.now() + HOLD_MS; focus(made); }
  } else if (root.children.length + pending.size < CARDS_MAX) {
    if (scrollY > TOP_PX || here() || selected().length > 0) pending.set(waiting.id, made);
    else place(made);
  }
}

function place(made) {
  const next = [...root.children].find((other) => isBefore(made, other));
  root.insertBefore(made, next ?? null);
}

function showNew() {
  for (const made of pending.values()) place(made);
  const newest = [...pending.values()][0];
  pending.clear();
  paint();
  if (newest) { scrollTo({ top: 0 }); focus(root.firstElementChild); }
}

/** Numbers, the pill, the bar of the selected, and the words of an empty tray. */
function paint() {
  const chosen = selected().length;
  status.waiting(pending.size);
  byId("bar").hidden = root.children.length === 0;
  byId("bar").classList.toggle("on", chosen > 0);
  byId("selected").textContent = chosen > 0 ? `${posts(chosen)} selected` : "The selected posts";
  if (page.only) return;
  if (counts.isKnown) byId("sum").textContent = counts.waiting > 0 ? `${posts(counts.waiting)} ${counts.waiting === 1 ? "waits" : "wait"}` : "";
  const isEmpty = root.children.length === 0 && pending.size === 0 && moves.underWay === 0;
  const nothing = byId("nothing");
  const isDone = isEmpty && counts.waiting === 0;
  if (isDone && !counts.isKnown) syncSoon();
  nothing.hidden = !isDone;
  if (isDone && counts.isKnown && page.query === "") nothing.querySelector("p").textContent = `${posts(counts.filed)} ${counts.filed === 1 ? "is" : "are"} filed by talk.`;
}

function focus(which) {
  which?.querySelector("article")?.focus({ preventScroll: true });
  which?.scrollIntoView({ block: "nearest" });
}

function said({ words, isWrong, canUndo }) {
  const line = byId("said");
  line.hidden = false;
  line.classList.toggle("bad", isWrong === true);
  line.querySelector("p").textContent = words;
  line.querySelector("button")?.remove();
  if (!canUndo) return;
  const undo = Object.assign(document.createElement("button"), { className: "btn", type: "submit", name: "undo", value: "last", textContent: "Undo " });
  undo.append(Object.assign(document.createElement("kbd"), { className: "kbd", textContent: "u" }));
  line.append(undo);
}

/** Files posts: the cards go at once, the next one gets the focus; if it cannot be done they come back. */
async function file(asked) {
  const ids = asked.flatMap(([, some]) => some);
  if (ids.length === 0) return;
  const gone = ids.map(find).filter((one) => one && !page.only);
  const was = here();
  let next = was;
  while (next && gone.includes(next)) next = next.nextElementSibling;
  next ??= [...root.children].filter((one) => !gone.includes(one)).at(-1);
  counts.waiting = Math.max(0, counts.waiting - gone.length);
  for (const one of gone) { filed.set(one.dataset.id, one); one.querySelector("input").checked = false; one.remove(); }
  if (was && next) focus(next);
  const to = asked.length === 1 ? asked[0][0] : "";
  paint();
  for (const id of ids) underWay.add(id);
  const isDone = await moves.file(asked, `${posts(ids.length)} filed${where(to)}.`, (seq) => { for (const id of ids) settled.set(id, seq); });
  for (const id of ids) underWay.delete(id);
  if (!isDone) back(ids);
  if (isDone && page.only) byId("selected").textContent = "Filed";
  syncSoon();
  paint();
}

function where(to) {
  if (to === "event") return " as about the event";
  if (to === "none") return " to no talk";
  if (to === "rule") return " by the rules again";
  const talk = page.talks.find(({ id }) => id === to);
  return talk ? ` to “${talk.title}”` : "";
}

function back(ids) {
  const cards = ids.map((id) => filed.get(id)).filter(Boolean);
  for (const one of cards) if (!find(one.dataset.id)) { place(one); counts.waiting += 1; }
  focus(cards[0]);
}

async function undo() {
  back(await moves.undo());
  syncFrom(0);
  paint();
}

/** A button of one card; with posts selected it is meant for all of these. */
function press(key) {
  if (performance.now() < heldUntil) return;
  const ids = selected();
  const button = here()?.querySelector(`[data-key="${key}"]`);
  if (key === "/") return search(ids);
  if (ids.length === 0) return button?.click();
  if (key === "a") return accept(ids);
  const target = { e: "event", n: "none" }[key] ?? button?.value.split(" ")[0];
  if (target) file([[target, ids]]);
}

function accept(ids) {
  const to = new Map();
  for (const id of ids) {
    const target = find(id)?.querySelector(".accept")?.value.split(" ")[0];
    if (target) to.set(target, [...(to.get(target) ?? []), id]);
  }
  file([...to]);
}

function search(chosen) {
  const ids = chosen.length > 0 ? chosen : [here()?.dataset.id ?? root.firstElementChild?.dataset.id].filter(Boolean);
  if (ids.length === 0) return;
  const at = Number(find(ids[0])?.querySelector("article").dataset.at);
  finder.open(at, (talk) => file([[talk, ids]]));
}

function step(by) {
  const cards = [...root.children];
  const now = cards.indexOf(here());
  const there = cards[now < 0 ? Math.max(0, cards.findIndex((one) => one.getBoundingClientRect().bottom > 60)) : now + by];
  if (there) focus(there);
}

function select() {
  const box = here()?.querySelector("input[name=ids]");
  if (box) { box.checked = !box.checked; paint(); }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const { name, value } = event.submitter ?? {};
  if (name === "undo" && value === "last") undo();
  else if (name === "undo") file(value.split(";").map((part) => part.split(":")).map(([to, ids]) => [to, ids.split(",")]));
  else if (name === "do") { const [to, ...ids] = value.split(" "); file([[to, ids]]); }
  else if (value === "accept") accept(selected());
  else if (value === "move") byId("talk").value ? file([[byId("talk").value, selected()]]) : search(selected());
  else file([[value, selected()]]);
});
root.addEventListener("click", (event) => {
  const way = event.target.closest("a[data-key='/']");
  if (!way || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  focus(way.closest(".sort"));
  search([]);
});
root.addEventListener("change", paint);
document.addEventListener("keydown", (event) => {
  const isOpen = document.querySelector("dialog[open]");
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isOpen || byId("keys-off").checked) return;
  if (event.target.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable]")) return;
  const act = { j: () => step(1), k: () => step(-1), x: select, u: undo, ".": showNew, "?": () => byId("keys-help").showModal() }[event.key]
    ?? (/^[aen/1-9]$/.test(event.key) ? () => press(event.key) : null);
  if (!act) return;
  event.preventDefault();
  act();
});
byId("pill").addEventListener("click", showNew);
byId("keys-off").checked = stored();
byId("keys-off").addEventListener("change", () => store(byId("keys-off").checked));
byId("keys-open").addEventListener("click", () => byId("keys-help").showModal());
addEventListener("scroll", () => { if (scrollY <= TOP_PX && !here() && pending.size > 0) { for (const made of pending.values()) place(made); pending.clear(); paint(); } }, { passive: true });
setInterval(() => { byId("clock").textContent = clock.hhmm(clock.now()); }, TICK_MS);
document.documentElement.dataset.script = "on";
paint();
connection.start();
Object.defineProperty(globalThis, "perihelion", { value: { connection, moves } });
