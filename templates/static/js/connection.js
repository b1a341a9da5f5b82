// The cursor and the connection. The cursor (epoch, seq) says "this page has every entry up to seq"; it moves only in the
// task that applies the entry, lives in this tab only, and every reconnect asks from it. So a page misses nothing and
// draws nothing twice, whatever the network does. What an entry means for the page is live.js.

import { LADDER } from "./transports.js";

const RETRY_MS = 500;
const RETRY_MS_MAX = 30_000;
const STABLE_MS = 30_000;
const SILENCE_MS = 35_000;
const BEHIND_MS = 2_000;
const STALE_MS = 20_000;
const RUNG_FAILURES_MAX = 2;
const CLIMB_MS = 60_000;
const CLIMB_MS_MAX = 600_000;

export class Connection {
  /** on: {entry(entry), reset(), window({after, base, archive}), state(name)}; name: live, delayed, reconnecting. */
  constructor(base, cursor, on) {
    Object.assign(this, { base, cursor, on });
    this.rung = 0;
    this.failures = 0;
    this.attempt = 0;
    this.climb = CLIMB_MS;
    this.gaps = 0;
    this.top = cursor.seq;
    this.open = null;
    this.heard = performance.now();
  }

  start() {
    addEventListener("online", () => this.again(0));
    addEventListener("offline", () => this.on.state("reconnecting"));
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && performance.now() - this.heard > STALE_MS) this.again(0);
    });
    addEventListener("pagehide", () => this.open?.close());
    addEventListener("pageshow", (event) => { if (event.persisted) this.again(0); });
    setInterval(() => { if (this.open && performance.now() - this.heard > SILENCE_MS) this.lost({}); }, 5_000);
    this.connect();
  }

  connect() {
    clearTimeout(this.retry);
    this.open?.close();
    this.heard = performance.now();
    this.ready = false;
    const mine = { object: (object) => this.object(object), end: (how) => this.lost(how) };
    this.open = LADDER[this.rung](this.base, () => this.position(), mine);
  }

  position() {
    return `${this.cursor.epoch}.${this.cursor.seq}`;
  }

  /** The connection ended. A rung that never answered twice in a row is left for the one below it. */
  lost(how) {
    this.open?.close();
    this.open = null;
    clearTimeout(this.stable);
    clearTimeout(this.climber);
    clearTimeout(this.behind);
    if (!this.ready) {
      this.failures += 1;
      if (this.failures >= RUNG_FAILURES_MAX && this.rung < LADDER.length - 1) { this.rung += 1; this.failures = 0; }
    }
    this.on.state("reconnecting");
    const ceiling = Math.min(RETRY_MS_MAX, RETRY_MS * 2 ** this.attempt);
    this.attempt += 1;
    this.again(how.retry_ms > 0 ? how.retry_ms : Math.random() * ceiling);
  }

  /** Connects anew from the cursor, `ms` from now. */
  again(ms) {
    this.open?.close();
    this.open = null;
    clearTimeout(this.retry);
    this.retry = setTimeout(() => this.connect(), ms);
  }

  object(object) {
    this.heard = performance.now();
    if (object.seq !== undefined) return this.entry(object);
    if (object.hello) return this.hello(object.hello);
    if (object.poll) return this.polled(object.poll);
    if (object.idle) return this.answered();
    if (object.head) return this.head(object.head);
    if (object.window) return this.window(object.window);
    if (object.beat) return this.beat(object.beat);
    if (object.bye) return this.lost({ retry_ms: Math.max(1, object.bye.retry_ms) });
    return undefined;
  }

  /** Not resumed in the same log but further on: a window follows and says what lies between. Else the page starts afresh. */
  hello({ epoch, after, top, resumed }) {
    if (epoch !== this.cursor.epoch || (!resumed && after <= this.cursor.seq)) this.fresh(epoch, after);
    this.top = top;
    this.answered();
  }

  head({ epoch, top }) {
    if (epoch === this.cursor.epoch) this.top = Math.max(this.top, top);
    this.answered();
  }

  /** Another log, or a place in it that cannot be reached from ours: the page starts anew. */
  fresh(epoch, after) {
    this.cursor = { epoch, seq: after };
    this.on.reset();
  }

  answered() {
    if (!this.ready) {
      this.ready = true;
      this.failures = 0;
      clearTimeout(this.stable);
      this.stable = setTimeout(() => { this.attempt = 0; }, STABLE_MS);
      if (this.rung > 0) this.climber = setTimeout(() => this.probe(), this.climb);
    }
    this.tell();
  }

  tell() {
    this.on.state(this.cursor.seq < this.top ? "delayed" : "live");
  }

  polled({ epoch, after, next, entries, window, resumed }) {
    if (epoch !== this.cursor.epoch || (resumed === false && !window)) this.fresh(epoch, after);
    if (window) this.window(window);
    for (const entry of entries) this.entry(entry);
    this.top = Math.max(this.top, next);
    this.answered();
  }

  /** Applies the next entry and moves the cursor, in this one task. */
  entry(entry) {
    if (entry.seq <= this.cursor.seq) return;
    if (entry.seq > this.cursor.seq + 1) {
      this.gaps += 1;
      this.lost({});
      return;
    }
    this.on.entry(entry);
    this.cursor.seq = entry.seq;
    if (entry.seq >= this.top) { this.top = entry.seq; this.tell(); }
  }

  /** We were away for longer than the tail: what lies between comes from the archive, the stream goes on at base. */
  window({ after, base, archive }) {
    if (base <= this.cursor.seq) return;
    this.on.window({ after: Math.max(after, this.cursor.seq), base, archive });
    this.cursor.seq = base;
  }

  /** The server is ahead of us and nothing comes: ask again. */
  beat({ top }) {
    this.top = Math.max(this.top, top);
    this.answered();
    if (top <= this.cursor.seq) return;
    clearTimeout(this.behind);
    this.behind = setTimeout(() => { if (this.cursor.seq < top) this.lost({}); }, BEHIND_MS);
  }

  /** From a lower rung, tries the best one beside the running connection and moves over once it answers. */
  probe() {
    let done = false;
    const candidate = LADDER[0](this.base, () => this.position(), {
      object: (object) => {
        if (!done) { done = true; this.moveTo(candidate); }
        this.object(object);
      },
      end: (how) => {
        if (done) { this.lost(how); return; }
        this.climb = Math.min(CLIMB_MS_MAX, this.climb * 2);
        this.climber = setTimeout(() => this.probe(), this.climb);
      },
    });
  }

  /** A retry that waits would open a second connection beside this one: it is called off. */
  moveTo(candidate) {
    clearTimeout(this.retry);
    this.open?.close();
    this.open = candidate;
    this.rung = 0;
    this.climb = CLIMB_MS;
  }
}
