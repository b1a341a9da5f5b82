// A talk's conversation in step with its recording: posts appear at the speed of the recording, the newest on top. The page has them all;
// this only says which of them have been said by now. What is taken back meanwhile leaves the page at once, from the live log.

import { Connection } from "./connection.js";
import { h } from "./dom.js";
import { stored } from "./keys.js";

const TICK_MS = 200;
const STEP_SECONDS = 10;
const SAY_EVERY_MS = 20_000;
const SECOND = 1_000_000;

const page = JSON.parse(document.getElementById("page-data").textContent);
const at = (id) => document.getElementById(id);
const feed = at("feed") ?? h("div");
const chart = at("chart");
const svg = chart?.querySelector("svg");
const format = new Intl.DateTimeFormat("en-GB", { timeZone: page.zone, hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });

/** Posts with the second of the recording in which they were said, as they were said. */
const posts = [...feed.children].map((block) => {
  const item = block.querySelector("[data-at]");
  return { block, at: (Number(item?.dataset.at ?? 0) - page.first_frame) / SECOND };
});
const bars = [...(svg?.querySelectorAll("a[data-at]") ?? [])].map((bar) => ({ bar, at: (Number(bar.dataset.at) - page.first_frame) / SECOND }));
const waits = h("p", { class: "waits" }, "Nothing has been said yet at this place of the recording.");

let t = Math.min(page.t, page.seconds);
let speed = 1;
let playing = false;
let last = 0;
let said = 0;
let shown = new Set();

document.documentElement.dataset.script = "on";
chart?.classList.add("plays");
feed.setAttribute("aria-label", "Items, newest first");
for (const { block } of [...posts]) feed.prepend(block);
feed.after(waits);

function show() {
  const now = new Set();
  for (const { block, at: when } of posts) {
    const is = when <= t;
    if (is) now.add(block);
    if (block.hidden === !is) continue;
    block.hidden = !is;
    // Several at once are a jump, not news.
    block.classList.toggle("is-new", is && playing);
  }
  shown = now;
  waits.hidden = now.size > 0;
  at("seek").value = Math.floor(t);
  at("seek").setAttribute("aria-valuetext", `Minute ${Math.floor(t / 60)} of ${Math.ceil(page.seconds / 60)}`);
  at("minute").textContent = `Minute ${Math.floor(t / 60)}`;
  at("moment").textContent = format.format((page.first_frame + t * SECOND) / 1000);
  if (!svg) return;
  for (const { bar, at: when } of bars) bar.classList.toggle("done", when < t);
  const x = ((page.first_frame + t * SECOND - Number(svg.dataset.from)) / Number(svg.dataset.span)) * 100;
  const place = `${Math.max(0, Math.min(100, x)).toFixed(2)}%`;
  at("playhead").setAttribute("x1", place);
  at("playhead").setAttribute("x2", place);
}

/** To a place of the recording; the address says it, so that it can be sent on and a reload stays. */
function seek(seconds) {
  t = Math.max(0, Math.min(page.seconds, seconds));
  show();
  remember();
}

function remember() {
  const url = new URL(location.href);
  url.searchParams.set("t", String(Math.floor(t)));
  history.replaceState(history.state, "", url);
}

function play(is) {
  if (is && t >= page.seconds) t = 0;
  playing = is;
  last = performance.now();
  at("play").classList.toggle("plays", is);
  at("play").setAttribute("aria-label", is ? "Pause" : "Play");
  say(is ? `Playing from minute ${Math.floor(t / 60)}.` : `Paused at minute ${Math.floor(t / 60)}, ${shown.size} items.`);
  if (!is) remember();
}

function say(words) {
  said = performance.now();
  at("replay-says").textContent = words;
}

setInterval(() => {
  const now = performance.now();
  const passed = now - last;
  last = now;
  if (!playing) return;
  t = Math.min(page.seconds, t + (passed / 1000) * speed);
  show();
  if (t >= page.seconds) play(false);
  else if (now - said > SAY_EVERY_MS) say(`Minute ${Math.floor(t / 60)}, ${shown.size} items.`);
}, TICK_MS);

at("play").addEventListener("click", () => play(!playing));
at("seek").addEventListener("input", (event) => seek(Number(event.target.value)));
at("speed").addEventListener("click", (event) => {
  const button = event.target.closest("[data-speed]");
  if (!button) return;
  speed = Number(button.dataset.speed);
  for (const other of at("speed").children) other.setAttribute("aria-pressed", String(other === button));
});
chart?.addEventListener("click", (event) => {
  const bar = event.target.closest("a[data-at]");
  if (!bar) return;
  event.preventDefault();
  seek((Number(bar.dataset.at) - page.first_frame) / SECOND);
});
document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || stored()) return;
  if (event.target.closest?.("input, textarea, select, [contenteditable]")) return;
  const act = {
    p: () => play(!playing),
    ArrowLeft: () => seek(t - STEP_SECONDS),
    ArrowRight: () => seek(t + STEP_SECONDS),
  }[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

/** What is taken back is gone from here as well; its place says so. New words are read anew, on the post's own page. */
function changed(entry) {
  const item = document.getElementById(`i-${entry.id}`);
  if (!item) return;
  if (entry.kind === "hide" || entry.kind === "remove") {
    item.className = "item removed";
    item.removeAttribute("aria-label");
    item.replaceChildren("This post was taken back a moment ago.");
  } else if (entry.kind === "edit") {
    const words = h("p", { class: "label" }, h("a", { href: `/${page.slug}/posts/${entry.id}` }, "This post was edited a moment ago: read it as it is now."));
    item.querySelector("details.cover")?.remove();
    for (const part of item.querySelectorAll(".item-body, .photo, .linkref, .context")) part.remove();
    item.querySelector(".item-head").after(words);
  }
}

// Too far away to know what was taken back: the page as the server has it now, at the same place.
const anew = () => { remember(); location.reload(); };
const connection = new Connection(page.live, { epoch: page.epoch, seq: page.seq }, { entry: changed, reset: anew, window: anew, state: () => {} });
connection.start();
globalThis.perihelion = { connection, replay: { seek, play } };
show();
