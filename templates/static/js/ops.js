// The dashboard, live: one small question every two seconds while somebody looks, none while nobody does. What a cell says is put into its
// place; when there are other rows than before, the page itself is fetched and its rows take the old ones' place.

import { ask } from "./ask.js";

const LOOK_MS = 2_000;
const ASK_MS_MAX = 5_000;
const STATE = "/admin/ops/state.json";
/** The classes of a cell by its tone, as the server gives them. */
const TONES = { plain: [], ok: ["state"], warn: ["state", "warn"], bad: ["state", "bad"], off: ["state", "off"] };

const main = document.getElementById("ops");
const linkState = document.getElementById("link-state");
let timer = null;
let isAsking = false;

const isOurs = (told) => typeof told.shape === "string" && typeof told.cells === "object" && told.cells !== null;

async function look() {
  clearTimeout(timer);
  if (document.hidden || isAsking) return;
  isAsking = true;
  try {
    const told = await ask(STATE, isOurs, { signal: AbortSignal.timeout(ASK_MS_MAX), headers: { Accept: "application/json" } });
    if (told.shape !== main.dataset.shape) await drawAnew();
    else fill(told.cells);
    isHeard(true);
  } catch {
    isHeard(false);
  }
  isAsking = false;
  if (!document.hidden) timer = setTimeout(look, LOOK_MS);
}

/** Says once that nobody answers, and keeps what was last known in sight, greyed. */
function isHeard(heard) {
  main.toggleAttribute("data-stale", !heard);
  const words = heard ? "" : "The site does not answer; trying on.";
  if (linkState.textContent !== words) linkState.textContent = words;
}

function fill(cells) {
  for (const element of document.querySelectorAll("[data-k]")) {
    const cell = cells[element.dataset.k];
    if (!cell) continue;
    const [text, tone] = cell;
    if (element.textContent !== text) element.textContent = text;
    for (const name of ["state", "warn", "bad", "off"]) element.classList.toggle(name, (TONES[tone] ?? []).includes(name));
  }
  for (const drawing of document.querySelectorAll("[data-s]")) {
    const spark = cells[drawing.dataset.s]?.[2];
    if (!spark) continue;
    drawing.setAttribute("aria-label", spark[1]);
    drawing.lastElementChild.setAttribute("d", spark[0]);
  }
}

/** Takes the rows from the page as the server draws it now. A question that somebody is being asked ("Yes, stop") is left open. */
async function drawAnew() {
  if (main.querySelector("details[open]")) return;
  const answer = await fetch("/admin/ops", { headers: { Accept: "text/html" }, redirect: "manual", signal: AbortSignal.timeout(ASK_MS_MAX) });
  if (!answer.ok) throw new Error(`the page answered ${answer.status}`);
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const made = fresh.getElementById("ops");
  if (!made) throw new Error("that is another page");
  const focused = document.activeElement?.closest?.("form")?.getAttribute("aria-label");
  const all = document.getElementById("all");
  all.replaceChildren(...[...fresh.getElementById("all").childNodes].map((node) => document.importNode(node, true)));
  main.dataset.shape = made.dataset.shape;
  if (focused) [...all.querySelectorAll("form")].find((form) => form.getAttribute("aria-label") === focused)?.querySelector("button")?.focus({ preventScroll: true });
}

document.addEventListener("visibilitychange", look);
addEventListener("online", look);
document.documentElement.dataset.script = "on";
timer = setTimeout(look, LOOK_MS);
