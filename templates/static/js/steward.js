// The stage for a steward. Every button is one of the form that works without a script; this sends the same to the API, keeps what
// cannot be sent, and takes the rooms anew from the server's own page when the log says that something has changed, so that two
// phones show the same.

import { Clock } from "./clock.js";
import { Connection } from "./connection.js";
import { h } from "./dom.js";
import { Presses } from "./presses.js";

const TICK_MS = 1_000;
/** What time alone changes: a talk becomes due, posts come for one that is over. */
const REDRAW_MS = 20_000;
const ASK_MS = 150;
const RETRY_MS = 3_000;
/** A button that has just changed under the thumb takes no press for so long. */
const HOLD_MS = 600;
const SAID_MS = 6_000;
const WORDS = { live: "Live", delayed: "Delayed", reconnecting: "No network" };

const page = JSON.parse(document.getElementById("page-data").textContent);
const byId = (id) => document.getElementById(id);
const form = byId("press");
const clock = new Clock(page.pace, page.zone);
const wall = Date.now();
const conn = byId("conn");
const presses = new Presses(page.slug, { changed: drawWaiting, taken, refused: (press, words) => say(`${press.words}: ${words}`, true), locked });
const connection = new Connection(page.live, { epoch: page.epoch, seq: page.seq }, { entry: apply, reset: redrawSoon, window: redrawSoon, state: show });

let asking = null;
let wanted = page.seq;
let heldUntil = 0;
let saidTimer = null;
let isMine = false;

/** Now, also after the phone has slept: some browsers stop the page's own clock meanwhile. */
function now() {
  const slept = page.pace.speed === 1 ? page.pace.now + (Date.now() - wall) * 1000 : 0;
  return Math.round(Math.max(clock.now(), slept));
}

function apply(entry) {
  if (entry.at) clock.heard(entry.at);
  if (!["stage", "talk", "schedule", "event"].includes(entry.kind)) return;
  wanted = entry.seq;
  redrawSoon();
}

function show(state) {
  conn.dataset.s = state;
  conn.textContent = WORDS[state] ?? state;
}

function redrawSoon(ms = ASK_MS) {
  asking ??= setTimeout(redraw, typeof ms === "number" ? ms : ASK_MS);
}

/** The rooms as the server draws them now. The room that is looked at, the choice of when, and the thumb keep their place. */
async function redraw() {
  const answer = await fetch(`${location.pathname}?room=${encodeURIComponent(room())}`, { headers: { Accept: "text/html" } }).catch(() => null);
  const html = answer?.ok ? await answer.text().catch(() => "") : "";
  asking = null;
  const fresh = new DOMParser().parseFromString(html, "text/html");
  const data = fresh.getElementById("page-data");
  if (!data) { if (answer?.status === 401) locked(); else redrawSoon(RETRY_MS); return; }
  if (JSON.parse(data.textContent).seq < wanted) redrawSoon(RETRY_MS / 3);
  if (!form || !fresh.getElementById("rooms")) {
    if (Boolean(form) !== Boolean(fresh.getElementById("rooms"))) location.reload();
    return;
  }
  for (const id of ["rooms", "tabs"]) replace(byId(id), fresh.getElementById(id));
  pick(room());
  isMine = false;
}

/** What a steward can tell apart: the words, and what the buttons do. */
function looks(part) {
  return part.textContent + [...part.querySelectorAll("button")].map((button) => button.value).join(" ");
}

function replace(old, made) {
  if (looks(old) === looks(made)) return;
  const focused = document.activeElement?.closest?.("#rooms button")?.value;
  old.replaceChildren(...[...made.childNodes].map((node) => document.importNode(node, true)));
  if (focused) [...old.querySelectorAll("button")].find((button) => button.value === focused)?.focus({ preventScroll: true });
  if (!isMine) heldUntil = performance.now() + HOLD_MS;
}

function room() {
  return form?.elements.room.value ?? "";
}

/** Another room, also without a network: all of them are in the page. */
function pick(slug) {
  form.elements.room.value = slug;
  for (const panel of byId("rooms").children) panel.hidden = panel.dataset.room !== slug;
  for (const other of byId("moved")?.querySelectorAll("[data-of]") ?? []) other.hidden = other.dataset.of === slug;
  for (const tab of byId("tabs").children) {
    if (tab.dataset.room === slug) tab.setAttribute("aria-current", "true");
    else tab.removeAttribute("aria-current");
  }
  history.replaceState(null, "", `?room=${encodeURIComponent(slug)}`);
}

/** Since when a press of this button holds, in microseconds. */
function moment(button) {
  const since = form.elements.since.value;
  if (since !== "schedule") return now() - Number(since) * 60_000_000;
  return Math.min(now(), Number(button.dataset.start ?? now()));
}

function press(button) {
  const [what, talk, since] = button.value.split(" ");
  const title = button.querySelector("b")?.textContent ?? "";
  const name = byId("tabs").querySelector("[aria-current]")?.textContent ?? room();
  const of = (id) => (id === "break" ? null : id);
  isMine = true;
  if (what === "undo") presses.add({ room: room(), talk: of(talk), since: Number(since), undo: true }, `Undo in ${name}`);
  else if (what === "still") presses.add({ room: room(), talk, since: now() }, `Still on in ${name}`);
  else {
    const at = moment(button);
    presses.add({ room: room(), talk: of(what), since: at }, `${title} in ${name} since ${clock.hhmm(at)}`);
    form.elements.since.value = "0";
  }
  navigator.vibrate?.(20);
}

function taken(press, told) {
  wanted = Math.max(wanted, told.seq);
  say(told.changed ? `${press.words}: done. Everybody sees it.` : `${press.words}: that was so already.`);
  isMine = true;
  redrawSoon(0);
}

function say(words, isWrong = false) {
  const line = byId("said");
  if (!line) return;
  line.hidden = false;
  line.classList.toggle("bad", isWrong);
  line.textContent = words;
  clearTimeout(saidTimer);
  if (!isWrong) saidTimer = setTimeout(() => { line.hidden = true; }, SAID_MS);
}

/** The key is gone or was changed: what waits is kept, and goes out after the log-in. */
function locked() {
  say("", true);
  byId("said")?.replaceChildren("You are not signed in any more. What you pressed is kept. ", h("a", { href: location.href }, "Sign in again"));
}

/** The honest line: what the server does not have yet. One that is just on its way is not worth a line. */
function drawWaiting() {
  const waiting = presses.all.filter((one) => one.tries > 1 || !navigator.onLine || presses.attempt > 0 || presses.isLocked);
  for (const id of ["waits", "waits-short"]) if (byId(id)) byId(id).hidden = waiting.length === 0;
  if (waiting.length === 0 || !form) return;
  const n = waiting.length;
  byId("waits-short").textContent = `${n} ${n === 1 ? "press waits" : "presses wait"} for the network`;
  byId("waits-line").textContent = `${n} ${n === 1 ? "press waits" : "presses wait"} for the network. ${n === 1 ? "It keeps its" : "They keep their"} own time and ${n === 1 ? "goes" : "go"} out by ${n === 1 ? "itself" : "themselves"}.`;
  byId("waits-list").replaceChildren(...waiting.map((one) => {
    const back = h("button", { class: "btn", type: "button" }, "Take back");
    back.addEventListener("click", () => presses.discard(one));
    return h("li", null, h("span", { dir: "auto" }, one.words), back);
  }));
}

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!event.submitter) return;
  if (performance.now() < heldUntil) say("The buttons have just changed. Look again, then press.", true);
  else press(event.submitter);
});
byId("said")?.addEventListener("click", (event) => { if (!event.target.closest("a")) byId("said").hidden = true; });
byId("tabs")?.addEventListener("click", (event) => {
  const tab = event.target.closest("a[data-room]");
  if (!tab || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  pick(tab.dataset.room);
});
setInterval(() => { byId("clock").textContent = clock.hhmm(now()); }, TICK_MS);
setInterval(() => { if (!document.hidden) redrawSoon(); }, REDRAW_MS);
addEventListener("offline", drawWaiting);
addEventListener("online", drawWaiting);
document.documentElement.dataset.script = "on";
drawWaiting();
presses.flush();
connection.start();
Object.defineProperty(globalThis, "perihelion", { value: { connection, presses } });
