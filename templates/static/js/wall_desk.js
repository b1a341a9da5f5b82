// The walls for operators. Every button is one of a form that works without a script; this sends the same to the API, sends it again until
// somebody answers, and takes the state anew from the server's own page, often while the walls acknowledge.

import { uuid } from "./uuid.js";

/** How often the state is looked at: for some seconds after a press, and otherwise. */
const SOON_MS = 250;
const SOON_FOR_MS = 6_000;
const LOOK_MS = 3_000;
const RETRY_MS = 700;
const SEND_MS_MAX = 5_000;
/** A button that has just changed under the thumb shows no wall for so long: somebody else may have pressed it a moment ago. */
const HOLD_MS = 1_000;
/** What is drawn anew, each by itself: what has not changed stays under the thumb. */
const PARTS = ["state", "panic", "rooms", "screens"];

const byId = (id) => document.getElementById(id);
const main = byId("walls");
/** What has not been answered yet: for each thing that may be said (all walls, a room, the settings) the last word. */
const waiting = new Map();
let hurryUntil = 0;
let looking = null;
let heldUntil = 0;
let isPressed = false;

/** The order of a button, as the API takes it; null for a button that is none. */
function order(button) {
  const [what, room] = split(button.value);
  if (what === "blank" || what === "show") return { ...(room ? { room } : {}), blank: what === "blank" };
  if (what !== "set") return null;
  const form = byId("settings");
  return { delay_s: Number(form.elements.delay.value), during_talks: form.elements.during.value };
}

function split(value) {
  const at = value.indexOf(" ");
  return at < 0 ? [value, ""] : [value.slice(0, at), value.slice(at + 1)];
}

/** Sends the last word on a thing until somebody answers. Words on other things do not wait for it; an older one on the same is called off. */
async function deliver(about, one) {
  const lane = waiting.get(about) ?? { next: null, isBusy: false };
  waiting.set(about, lane);
  lane.next = one;
  lane.abort?.abort();
  if (lane.isBusy) return;
  lane.isBusy = true;
  while (lane.next) {
    const mine = lane.next;
    lane.abort = new AbortController();
    const answer = await send(mine, lane.abort.signal);
    if (lane.next !== mine) continue;
    if (answer) {
      lane.next = null;
      say(answer.words, answer.isWrong);
    } else {
      say("Not told yet: the server does not answer. This is sent again until it does; if it is urgent, cover the projector.", true);
      await new Promise((wake) => setTimeout(wake, RETRY_MS));
    }
  }
  lane.isBusy = false;
  hurry();
}

/** Null when it is not known whether the order was taken: the key makes asking again safe. */
async function send(one, abort) {
  const headers = { "Content-Type": "application/json", Accept: "application/json", "Idempotency-Key": one.key };
  const signal = AbortSignal.any([abort, AbortSignal.timeout(SEND_MS_MAX)]);
  const answer = await fetch(`/api/v1/events/${main.dataset.slug}/wall`, { method: "POST", headers, body: JSON.stringify(one.ask), signal }).catch(() => null);
  const told = await answer?.json().catch(() => null);
  if (answer?.ok && Number.isInteger(told?.seq)) return { words: told.changed ? one.words : "That was so already.", isWrong: false };
  if (answer?.status === 401 && told?.error === "locked") return { words: "You are not signed in any more. Reload this page to sign in; the walls were not told.", isWrong: true };
  if (typeof told?.detail === "string" && answer.status >= 400 && answer.status < 500 && answer.status !== 429) return { words: told.detail, isWrong: true };
  return null;
}

function say(words, isWrong) {
  const line = byId("said");
  line.hidden = words === "";
  line.classList.toggle("bad", isWrong);
  if (line.textContent !== words) line.textContent = words;
}

/** The state as the server draws it now. The focus keeps its place. */
async function look() {
  clearTimeout(looking);
  if (document.hidden) return;
  const answer = await fetch(location.pathname, { headers: { Accept: "text/html" }, signal: AbortSignal.timeout(SEND_MS_MAX) }).catch(() => null);
  const html = answer?.ok ? await answer.text().catch(() => "") : "";
  const fresh = new DOMParser().parseFromString(html, "text/html");
  if (!isPressed) for (const id of PARTS) replace(id, fresh);
  const clock = fresh.getElementById("clock");
  if (clock) byId("clock").textContent = clock.textContent;
  clearTimeout(looking);
  looking = setTimeout(look, performance.now() < hurryUntil ? SOON_MS : LOOK_MS);
}

function replace(id, fresh) {
  const [old, made] = [byId(id), fresh.getElementById(id)];
  if (!made || old.isEqualNode(made)) return;
  if (id === "panic" || id === "rooms") heldUntil = performance.now() + HOLD_MS;
  const focused = document.activeElement?.closest?.(`#${id} button`)?.value;
  old.replaceChildren(...[...made.childNodes].map((node) => document.importNode(node, true)));
  if (focused) [...old.querySelectorAll("button")].find((button) => button.value === focused)?.focus({ preventScroll: true });
}

function hurry() {
  hurryUntil = performance.now() + SOON_FOR_MS;
  look();
}

for (const id of ["press", "settings"]) {
  byId(id).addEventListener("submit", (event) => {
    const ask = event.submitter && order(event.submitter);
    if (!ask) return;
    event.preventDefault();
    if (ask.blank === false && performance.now() < heldUntil) { say("The button has just changed. Look again, then press.", true); return; }
    const words = ask.blank === true ? "Blank." : ask.blank === false ? "Shown again." : "Set.";
    say("Telling the walls.", false);
    deliver(ask.blank === undefined ? "set" : `blank ${ask.room ?? ""}`, { ask, words, key: uuid() });
    navigator.vibrate?.(30);
    hurry();
  });
}
addEventListener("pointerdown", () => { isPressed = true; });
for (const end of ["pointerup", "pointercancel", "blur"]) addEventListener(end, () => { setTimeout(() => { isPressed = false; }, 0); });
document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
addEventListener("online", look);
document.documentElement.dataset.script = "on";
look();
