// What a wall tells of itself, so that operators know what hangs in the hall: at its start, when it has painted a word of theirs, and every 15
// seconds. The answer says what walls are to obey: a second way for it, should the live connection be dead without knowing it. And what a
// screen needs that nobody touches: that it stays on, and fills itself when somebody does.

import { uuid } from "./uuid.js";

const TELL_MS = 15_000;
const RETRY_MS = 1_500;
const SOON_MS = 300;
const SEND_MS_MAX = 10_000;
/** A window that nobody sees paints no frame: then what was drawn is told without waiting for one. */
const FRAME_MS_MAX = 150;
const QUIET_KEYS = ["Escape", "Tab", "Shift", "Control", "Alt", "Meta", "F5", "F11", "F12"];

export class Screen {
  /** about(): {seq, shows, posts}; control({seq, wall, epoch, top}, asked): what walls are to obey, and how far the log had come after `asked`. */
  constructor(page, about, control) {
    Object.assign(this, { about, control, soon: null, told: -1, url: `/${page.slug}/wall/seen`, room: page.room, name: name() });
  }

  start() {
    this.tell();
    setInterval(() => this.tell(), TELL_MS);
    document.addEventListener("visibilitychange", () => { if (!document.hidden) stayAwake(); this.tell(); });
    addEventListener("click", fill);
    addEventListener("keydown", (event) => { if (!QUIET_KEYS.includes(event.key) && !event.ctrlKey && !event.metaKey && !event.altKey) fill(); });
    stayAwake();
  }

  /** What was just drawn is told once it has been painted. */
  painted() {
    let isTold = false;
    const tell = () => { if (!isTold) { isTold = true; this.tell(); } };
    requestAnimationFrame(() => setTimeout(tell, 0));
    setTimeout(tell, FRAME_MS_MAX);
  }

  /** Something was taken off the screen: told soon, for all that goes in one breath. */
  obeyed() {
    this.soon ??= setTimeout(() => { this.soon = null; this.tell(); }, SOON_MS);
  }

  async tell() {
    clearTimeout(this.again);
    const about = this.about();
    const asked = performance.now();
    const body = JSON.stringify({ screen: this.name, room: this.room, ...about });
    const headers = { "Content-Type": "application/json", Accept: "application/json" };
    const answer = await fetch(this.url, { method: "POST", headers, body, signal: AbortSignal.timeout?.(SEND_MS_MAX) }).catch(() => null);
    const told = answer?.ok ? await answer.json().catch(() => null) : null;
    if (Number.isInteger(told?.seq) && told.wall) {
      this.told = Math.max(this.told, about.seq);
      this.control(told, asked);
    }
    if (this.told < this.about().seq) this.again = setTimeout(() => this.tell(), RETRY_MS);
  }
}

/** Of this window, and the same after a reload. */
function name() {
  try {
    const known = sessionStorage.getItem("wall:screen");
    if (known) return known;
    const made = uuid();
    sessionStorage.setItem("wall:screen", made);
    return made;
  } catch {
    return uuid();
  }
}

function stayAwake() {
  navigator.wakeLock?.request("screen").catch(() => { /* a low battery may refuse; the wall goes on */ });
}

function fill() {
  if (!document.fullscreenElement) document.documentElement.requestFullscreen?.().catch(() => { /* then it stays a window */ });
}
