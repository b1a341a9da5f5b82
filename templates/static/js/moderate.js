// The moderators' page: one key decides, and the next post has the focus at once; the server is told behind that. Cards are always those that
// the server draws. The log tells when something comes or when somebody else has decided.

import { Clock } from "./clock.js";
import { Connection } from "./connection.js";
import { count } from "./dom.js";
import { stored, store } from "./keys.js";
import { Orders } from "./moderate_orders.js";
import { Status } from "./status.js";

const TICK_MS = 1_000;
/** How soon after a sign in the log the server is asked, and how often it is asked without one: reports leave none there. */
const SYNC_MS = 250;
const SYNC_EVERY_MS = 10_000;
/** While keys come, the server's page is not read: a moderator's next key is not to wait for that. */
const REST_MS = 700;
/** An undone decision comes back by the log within this time. */
const ECHO_MS = 5_000;
/** With fewer cards than this left, the next ones are fetched. */
const CARDS_MIN = 15;
const PACES_MAX = 200;
/** What the page says when something was decided. */
const DONE = { show: "shown", hide: "hidden", keep: "left as it is", cover: "covered", uncover: "uncovered" };

const page = JSON.parse(document.getElementById("page-data").textContent);
const byId = (id) => document.getElementById(id);
const [form, root] = [byId("sort"), byId("cases")];
const clock = new Clock(page.pace, page.zone);
const status = new Status(clock);
const orders = new Orders(page.slug);
const connection = new Connection(page.live, { epoch: page.epoch, seq: page.seq }, { entry: apply, reset: () => location.reload(), window: () => syncSoon(), state: (name) => status.show(name) });

/** Cards that wait until the moderator looks; those that were decided about here, in case that is taken back; and when each was. */
const pending = new Map();
const decided = new Map();
/** Cards that were just put back to wait, with the time: the log says "hide" of them. */
const restored = new Map();
let pressedAt = -Infinity;
/** Milliseconds from a key to the painted next post. */
const paces = [];
const isHeld = page.tab === "held";
let syncing = null;
/** Something may have come back to its old place: the next look begins at the top. */
let isFromTop = false;

const cards = () => [...root.querySelectorAll(":scope > .case")];
const find = (id) => root.querySelector(`:scope > .case[data-id="${id}"]`);
const here = () => document.activeElement?.closest?.("#cases > .case") ?? null;
const selected = () => [...root.querySelectorAll("input[name=ids]:checked")].map((box) => box.value);
const posts = (n) => count(n, "post", "posts");
const placeOf = (card) => Number(card.dataset.place);
const isNewestFirst = page.tab === "shown" || page.tab === "hidden";

/** What one entry means for this page. A held post is an empty line in the log. */
function apply(entry) {
  if (entry.at) clock.heard(entry.at);
  if (entry.kind === "void" || entry.kind === "post") syncSoon();
  if (entry.kind === "show" || entry.kind === "hide" || entry.kind === "remove") {
    const wasHere = decided.has(entry.id) || performance.now() - (restored.get(entry.id) ?? -Infinity) < ECHO_MS;
    if (entry.kind === "hide") restored.delete(entry.id);
    if (wasHere && entry.kind !== "remove") return;
    const isOut = { held: true, reported: entry.kind === "remove", shown: entry.kind !== "show", hidden: entry.kind !== "hide" }[page.tab];
    if (isOut) drop(entry.id);
    isFromTop ||= entry.kind === "hide";
    syncSoon();
  }
}

/** Somebody else has decided. The one in focus stays, and says so, until the focus moves: no key meets another post. */
function drop(id) {
  pending.delete(id);
  const gone = find(id);
  if (!gone || decided.has(id) || gone.classList.contains("gone")) return;
  if (gone !== here()) gone.remove();
  else {
    gone.classList.add("gone");
    gone.querySelector("input").checked = false;
    gone.querySelector(".case-acts").replaceChildren(Object.assign(document.createElement("p"), { className: "label", textContent: "Somebody has decided about this one meanwhile." }));
    gone.addEventListener("focusout", () => setTimeout(() => { if (here() !== gone) { gone.remove(); paint(); } }), { capture: true });
  }
  paint();
}

function syncSoon() {
  syncing ??= setTimeout(whenAtRest, SYNC_MS);
}

function whenAtRest() {
  const left = pressedAt + REST_MS - performance.now();
  if (left > 0 && cards().length > 0) syncing = setTimeout(whenAtRest, left);
  else sync();
}

/** What the server draws now: numbers, and cards that are not here yet. */
async function sync() {
  const after = isFromTop ? null : beyond();
  isFromTop = false;
  const fresh = await drawn(address(after));
  syncing = null;
  if (!fresh) return;
  for (const id of ["tabs", "oldest"]) replace(id, fresh);
  for (const made of fresh.querySelectorAll("#cases > .case")) {
    const id = made.dataset.id;
    if (find(id) || decided.has(id) || pending.has(id)) continue;
    pending.set(id, document.importNode(made, true));
  }
  // Nobody is reading: there is nothing that could move.
  if (cards().length === 0) showNew(false);
  paint();
}

/** The last place that is shown, where new cards come behind it. */
function beyond() {
  const last = [...cards(), ...pending.values()].map(placeOf);
  return isHeld && last.length > 0 ? Math.max(...last) : null;
}

function address(after) {
  const url = new URL(location.href);
  for (const name of ["done", "posts", "undo", "after"]) url.searchParams.delete(name);
  if (after !== null) url.searchParams.set("after", after);
  return url;
}

async function drawn(url) {
  const answer = await fetch(url, { headers: { Accept: "text/html" } }).catch(() => null);
  const html = answer?.ok ? await answer.text().catch(() => "") : "";
  const fresh = new DOMParser().parseFromString(html, "text/html");
  return fresh.getElementById("cases") ? fresh : null;
}

function replace(id, fresh) {
  const [old, made] = [byId(id), fresh.getElementById(id)];
  if (made && !old.isEqualNode(made)) old.replaceChildren(...[...made.childNodes].map((node) => document.importNode(node, true)));
}

/** Puts what waits in its place; the focus goes to the first of it, where somebody asked for that. */
function showNew(isAsked = true) {
  const made = [...pending.values()];
  pending.clear();
  for (const card of made) put(card);
  if (isAsked && made.length > 0) focus(isNewestFirst ? cards()[0] : made[0]);
  paint();
}

function put(card) {
  const isBefore = (other) => (isNewestFirst ? placeOf(other) < placeOf(card) : placeOf(other) > placeOf(card));
  root.insertBefore(card, cards().find(isBefore) ?? null);
}

function paint() {
  const [left, chosen] = [cards().length, selected().length];
  const row = byId("pill").parentElement;
  row.hidden = pending.size === 0;
  // Those that the first page left out wait for as long as the others.
  const word = isHeld && byId("more").children.length > 0 ? "more" : "new";
  byId("pill").lastChild.textContent = count(pending.size, word, word);
  byId("nothing").hidden = left > 0 || pending.size > 0;
  byId("bar").hidden = left === 0;
  byId("bar").classList.toggle("on", chosen > 0);
  byId("selected").textContent = chosen > 0 ? `${posts(chosen)} selected` : "The selected posts";
  byId("more").hidden = isHeld || byId("more").children.length === 0;
}

function focus(which) {
  which?.querySelector("article")?.focus({ preventScroll: true });
  which?.scrollIntoView({ block: "nearest" });
}

function said(words, isWrong = false) {
  const line = byId("said");
  line.hidden = false;
  line.classList.toggle("bad", isWrong);
  line.querySelector("p").textContent = words;
  line.querySelector("button")?.remove();
  if (orders.done.length === 0 && orders.underWay === 0) return;
  const undo = Object.assign(document.createElement("button"), { className: "btn", type: "submit", name: "undo", value: "last", textContent: "Undo " });
  undo.append(Object.assign(document.createElement("kbd"), { className: "kbd", textContent: "u" }));
  line.append(undo);
}

/** Decides about posts: the cards go at once, the next one gets the focus; if it cannot be done they come back. */
async function decide(ids, decision) {
  if (ids.length === 0) return;
  const stays = decision === "cover" || decision === "uncover";
  const gone = stays ? [] : ids.map(find).filter(Boolean);
  const was = here() ?? gone[0] ?? null;
  let next = was;
  while (next && gone.includes(next)) next = next.nextElementSibling;
  next ??= cards().filter((one) => !gone.includes(one)).at(-1) ?? null;
  for (const one of gone) { decided.set(one.dataset.id, one); one.querySelector("input").checked = false; one.remove(); }
  if (!stays && cards().length < CARDS_MIN) more();
  if (stays) for (const id of ids) { const box = find(id)?.querySelector("input"); if (box) box.checked = false; }
  paint();
  if (!stays) { if (next) focus(next); else { byId("nothing").hidden = false; byId("nothing").focus(); } }
  const answer = await orders.press(ids, decision);
  if (!answer.ok) {
    for (const one of gone) { decided.delete(one.dataset.id); if (!find(one.dataset.id)) put(one); }
    paint();
    if (gone.length > 0) focus(gone[0]);
    said(answer.why, true);
    return;
  }
  if (answer.notes?.length > 0) said(answer.notes.join(" "), true);
  else said(`${posts(ids.length)} ${ids.length > 1 && decision === "keep" ? "left as they are" : DONE[decision] ?? "done"}.`);
  if (stays) refresh(ids);
  syncSoon();
}

/** Cards whose buttons have changed, as the server draws them now. */
async function refresh(ids) {
  const first = Math.min(...ids.map(find).filter(Boolean).map(placeOf));
  const fresh = await drawn(address(isNewestFirst ? first + 1 : first - 1));
  for (const id of ids) {
    const [old, made] = [find(id), fresh?.querySelector(`#cases > .case[data-id="${id}"]`)];
    if (!old || !made) continue;
    const [isHere, card] = [old === here(), document.importNode(made, true)];
    old.replaceWith(card);
    if (isHere) focus(card);
  }
}

/** Cards behind those that are shown, when few are left. */
async function more() {
  const last = cards().map(placeOf);
  if (!isHeld || last.length === 0) return;
  syncSoon();
}

async function undo() {
  const told = await orders.undo();
  if (told === null) return said("There is nothing to take back.");
  if (told.why) return said(told.why, true);
  const back = told.ids.map((id) => decided.get(id)).filter(Boolean);
  for (const id of told.ids) { decided.delete(id); restored.set(id, performance.now()); }
  for (const card of back) if (!find(card.dataset.id)) put(card);
  paint();
  if (back.length > 0) focus(back[0]);
  said("Taken back.");
  if (back.length === 0) refresh(told.ids);
  syncSoon();
}

/** A button of one card; with posts selected it is meant for all of these. */
function press(key) {
  const ids = selected();
  if (ids.length === 0) {
    const card = here() ?? firstInSight();
    if (!here()) return focus(card);
    card.querySelector(`[data-key="${key}"]`)?.click();
    return;
  }
  const asked = new Map();
  for (const id of ids) {
    const decision = find(id)?.querySelector(`[data-key="${key}"]`)?.value.split(" ")[0];
    if (decision) asked.set(decision, [...(asked.get(decision) ?? []), id]);
  }
  for (const [decision, some] of asked) decide(some, decision);
}

function firstInSight() {
  return cards().find((one) => one.getBoundingClientRect().bottom > 60) ?? null;
}

function step(by) {
  const all = cards();
  const now = all.indexOf(here());
  const there = now < 0 ? firstInSight() : all[now + by];
  if (there) focus(there);
  else if (by > 0 && pending.size > 0) showNew();
}

function select() {
  const box = here()?.querySelector("input[name=ids]");
  if (box) { box.checked = !box.checked; paint(); }
}

function original() {
  const way = here()?.querySelector("a.original");
  if (way) open(way.href, "_blank", "noopener,noreferrer");
}

async function setAuthor(value) {
  const [standing, author] = [value.slice(0, value.indexOf(" ")), value.slice(value.indexOf(" ") + 1)];
  const was = here()?.dataset.id;
  const answer = await orders.author(author, standing);
  if (!answer.ok) return said(answer.why, true);
  const fresh = await drawn(address(null));
  if (fresh) {
    for (const id of ["tabs", "oldest"]) replace(id, fresh);
    const known = new Map([...fresh.querySelectorAll("#cases > .case")].map((made) => [made.dataset.id, made]));
    for (const old of cards()) {
      const made = known.get(old.dataset.id);
      if (made && !old.isEqualNode(made)) old.replaceWith(document.importNode(made, true));
    }
  }
  said({ trusted: "Trusted: what this author writes is shown at once.", blocked: "Blocked: all this author’s posts are being hidden, and so is what comes.", none: "Nothing is said of this author any more." }[standing] ?? "Done.");
  if (was) focus(find(was) ?? firstInSight());
  syncSoon();
}

form.addEventListener("submit", (event) => {
  const { name, value } = event.submitter ?? {};
  event.preventDefault();
  if (name === "undo") undo();
  else if (name === "author") setAuthor(value);
  else if (name === "do") { const [decision, id] = value.split(" "); decide([id], decision); }
  else if (name === "selected") decide(selected(), value);
});
root.addEventListener("change", paint);
byId("select-all").addEventListener("click", () => { for (const card of cards()) card.querySelector("input").checked = true; paint(); });
document.addEventListener("keydown", (event) => {
  const isOpen = document.querySelector("dialog[open]");
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isOpen || byId("keys-off").checked) return;
  if (event.target.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable]")) return;
  const act = { j: () => step(1), k: () => step(-1), x: select, u: undo, o: original, ".": () => showNew(), "?": () => byId("keys-help").showModal() }[event.key]
    ?? (/^[ahc]$/.test(event.key) ? () => press(event.key) : null);
  if (!act) return;
  event.preventDefault();
  const began = performance.now();
  pressedAt = began;
  act();
  requestAnimationFrame(() => setTimeout(() => { paces.push(performance.now() - began); if (paces.length > PACES_MAX) paces.shift(); }));
});
byId("pill").addEventListener("click", () => showNew());
byId("keys-off").checked = stored();
byId("keys-off").addEventListener("change", () => store(byId("keys-off").checked));
byId("keys-open").addEventListener("click", () => byId("keys-help").showModal());
setInterval(() => { byId("clock").textContent = clock.hhmm(clock.now()); }, TICK_MS);
setInterval(() => { if (!document.hidden) syncSoon(); }, SYNC_EVERY_MS);
document.documentElement.dataset.script = "on";
paint();
connection.start();
Object.defineProperty(globalThis, "perihelion", { value: { connection, orders, paces } });
