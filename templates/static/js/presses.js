// Presses on their way: each with its own time and its own key, kept in this browser until the server has decided. Sent in the
// order in which they were pressed; sending one twice does no harm, as the key is the same.

import { uuid } from "./uuid.js";

const RETRY_MS = 1_000;
const RETRY_MS_MAX = 20_000;
const SEND_MS_MAX = 12_000;
/** More than a steward presses in a day without a network. */
const PRESSES_MAX = 200;

export class Presses {
  /** on: {changed(), taken(press, told), refused(press, words), locked()} */
  constructor(slug, on) {
    Object.assign(this, { slug, on, attempt: 0, sending: false, timer: null, isLocked: false });
    this.place = `press:${slug}:`;
    this.all = this.read();
    addEventListener("online", () => this.flush());
    addEventListener("storage", ({ key }) => { if (key?.startsWith(this.place)) { this.all = this.read(); this.on.changed(); } });
    document.addEventListener("visibilitychange", () => { if (!document.hidden) this.flush(); });
  }

  /** ask: {room, talk, since, undo} as the API takes it; words: what it says, for the list of those that wait. */
  add(ask, words) {
    if (this.all.length >= PRESSES_MAX) return this.on.refused({ ask, words }, "Too many presses wait already. Nothing was kept.");
    const press = { key: uuid(), nth: Date.now() + Math.random(), ask, words, tries: 0 };
    this.all.push(press);
    this.keep(press);
    this.flush();
    return press;
  }

  /** Takes back one that waits. The server may have it although no answer came: then it is told to undo it. */
  discard(press) {
    this.drop(press);
    if (press.tries > 0 && !press.ask.undo) this.add({ ...press.ask, undo: true }, `Undo: ${press.words}`);
  }

  async flush() {
    clearTimeout(this.timer);
    if (this.sending || this.isLocked) return;
    this.sending = true;
    let wait = 0;
    while (wait === 0 && this.all.length > 0) wait = await this.send(this.all[0]);
    this.sending = false;
    if (wait > 0) this.timer = setTimeout(() => this.flush(), wait);
  }

  /** Sends one. Returns how long to wait before the next try, in milliseconds; 0 when the server has decided. */
  async send(press) {
    press.tries += 1;
    this.keep(press);
    const signal = AbortSignal.timeout?.(SEND_MS_MAX);
    const headers = { "Content-Type": "application/json", Accept: "application/json", "Idempotency-Key": press.key };
    const answer = await fetch(`/api/v1/events/${this.slug}/stage`, { method: "POST", body: JSON.stringify(press.ask), headers, signal }).catch(() => null);
    const told = await answer?.json().catch(() => null);
    // A network that asks for a log-in first answers in the server's place: only a seq means that the log has it.
    if (answer?.ok && Number.isInteger(told?.seq)) {
      this.attempt = 0;
      this.drop(press);
      this.on.taken(press, told);
      return 0;
    }
    if (answer?.status === 401 && told?.error === "locked") {
      this.isLocked = true;
      this.on.locked();
      return 0.5;
    }
    if (typeof told?.detail === "string" && answer.status >= 400 && answer.status < 500 && answer.status !== 429) {
      this.drop(press);
      // What never reached the log need not be taken back.
      if (!(press.ask.undo && answer.status === 404)) this.on.refused(press, told.detail);
      return 0;
    }
    this.attempt += 1;
    this.on.changed();
    const asked = 1000 * Number(answer?.headers.get("Retry-After") ?? 0);
    return Math.max(asked, Math.min(RETRY_MS_MAX, RETRY_MS * 2 ** this.attempt) * (0.5 + Math.random() / 2));
  }

  keep(press) {
    try { localStorage.setItem(this.place + press.key, JSON.stringify(press)); } catch { /* then it lives as long as the page */ }
    this.on.changed();
  }

  drop(press) {
    this.all = this.all.filter((one) => one.key !== press.key);
    try { localStorage.removeItem(this.place + press.key); } catch { /* see above */ }
    this.on.changed();
  }

  read() {
    const all = [];
    try {
      for (const name of Object.keys(localStorage)) if (name.startsWith(this.place)) all.push(parsed(localStorage.getItem(name)));
    } catch { return this.all ?? []; }
    return all.filter(Boolean).sort((a, b) => a.nth - b.nth);
  }
}

function parsed(json) {
  try {
    const press = JSON.parse(json);
    return typeof press?.key === "string" && typeof press.ask?.room === "string" ? press : null;
  } catch {
    return null;
  }
}
