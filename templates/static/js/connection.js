// The cursor and the connection. The cursor (epoch, seq) says "this page has every entry up to seq"; it moves only in the
// task that applies the entry, lives in this tab only, and every reconnect asks from it. So a page misses nothing and
// draws nothing twice, whatever the network does. What an entry means for the page is live.js.
//
// A page that nobody looks at has no connection and no timer after a while; it comes back with one request.

import { ask, Foreign } from "./ask.js";
import { LADDER } from "./transports.js";

const RETRY_MS = 500;
const RETRY_MS_MAX = 30_000;
const STABLE_MS = 30_000;
const ANSWER_MS_MAX = 15_000;
const SILENCE_MS = 35_000;
const BEHIND_MS = 2_000;
const STALE_MS = 20_000;
/** How long a page that nobody looks at stays connected. */
const REST_MS = 30_000;
/** How often is looked whether a network still answers in our place. */
const PORTAL_MS = 5_000;
/** Failures without any answer before it is asked whether anybody is there at all. */
const FAILURES_MAX = 2;
const CLIMB_MS = 60_000;
const CLIMB_MS_MAX = 600_000;
/** Entries that are too many to be streamed to a page that shows a few hundred. */
const FAR = 1_500;

export class Connection {
  /** on: {entry(entry), reset(), window({after, base, archive}), state(name), far(top)}; name: live, delayed, reconnecting, portal, connecting.
      far(top), where there is one, says whether the page would rather be drawn anew: then it calls goOn(position) when it is. */
  constructor(base, cursor, on) {
    Object.assign(this, { base, cursor, on });
    this.rung = 0;
    this.failures = 0;
    this.attempt = 0;
    this.climb = CLIMB_MS;
    this.rests = REST_MS;
    this.gaps = 0;
    this.turn = 0;
    this.top = cursor.seq;
    this.open = this.candidate = null;
    this.wasOffline = this.wasThere = false;
    this.mayLeap = true;
    this.heard = this.began = Date.now();
  }

  start() {
    addEventListener("online", () => this.wake());
    addEventListener("offline", () => { this.wasOffline = true; this.on.state("reconnecting"); });
    document.addEventListener("visibilitychange", () => (document.hidden ? this.rest() : this.wake()));
    addEventListener("pagehide", () => this.stop());
    addEventListener("pageshow", (event) => { if (event.persisted) this.wake(); });
    this.connect();
    if (document.hidden) this.rest();
  }

  /** Nobody looks: after a while there is neither a connection nor a timer. */
  rest() {
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.stop(), this.rests);
  }

  stop() {
    clearTimeout(this.resting);
    this.shut();
    this.on.state("connecting");
  }

  /** Somebody looks, or there is a network again: one connection, unless there is a good one or one being made. */
  wake() {
    if (document.hidden) return;
    clearTimeout(this.resting);
    const now = Date.now();
    const isGood = this.open && !this.wasOffline && (this.ready ? now - this.heard < STALE_MS : now - this.began < ANSWER_MS_MAX);
    this.wasOffline = false;
    if (isGood) return;
    this.attempt = 0;
    this.again(0);
  }

  /** Closes what is open and calls off what is planned. */
  shut() {
    this.turn += 1;
    for (const one of [this.open, this.candidate]) one?.close();
    this.open = this.candidate = null;
    for (const timer of [this.retry, this.quiet, this.stable, this.climber, this.behind]) clearTimeout(timer);
  }

  connect() {
    this.shut();
    this.began = this.heard = Date.now();
    this.ready = false;
    const mine = { object: (object) => this.object(object), end: (how) => this.lost(how) };
    this.open = LADDER[this.rung](this.base, () => this.position(), mine);
    this.listen(ANSWER_MS_MAX);
  }

  /** Whoever says nothing for so long is gone. */
  listen(ms) {
    clearTimeout(this.quiet);
    this.quiet = setTimeout(() => this.lost({}), ms);
  }

  position() {
    return `${this.cursor.epoch}.${this.cursor.seq}`;
  }

  /** The connection ended, or never was. */
  lost(how) {
    this.shut();
    if (!this.ready) this.failures += 1;
    if (how.foreign) return this.portal();
    this.on.state("reconnecting");
    if (this.failures >= FAILURES_MAX) return void this.look(true);
    this.retreat(how.retry_ms);
  }

  retreat(asked) {
    const ceiling = Math.min(RETRY_MS_MAX, RETRY_MS * 2 ** this.attempt);
    this.attempt += 1;
    this.again(asked > 0 ? asked : Math.random() * ceiling);
  }

  /** A rung that never answers is left for the one below it if the server answers otherwise, twice: it may have come back just now.
      A network that is away, or that answers in the server's place, is no reason. */
  async look(mayStepDown) {
    const { turn } = this;
    const isHead = ({ epoch, top }) => typeof epoch === "string" && Number.isInteger(top);
    const head = await ask(new URL(`${this.base}/head.json`, location.href), isHead, { cache: "no-store" }).catch((error) => error);
    if (turn !== this.turn) return;
    if (head instanceof Foreign) return this.portal();
    const isThere = !(head instanceof Error);
    if (isThere) this.attempt = 0;
    if (isThere && mayStepDown && this.wasThere) {
      this.rung = Math.min(this.rung + 1, LADDER.length - 1);
      this.failures = 0;
    }
    this.wasThere = isThere && !this.wasThere;
    this.retreat();
  }

  /** Somebody answers in our place. Where it is a Wi-Fi that wants a log-in, it goes on from the cursor after that. */
  portal() {
    this.on.state("portal");
    this.wasThere = false;
    this.retry = setTimeout(() => this.look(false), PORTAL_MS * (0.5 + Math.random()));
  }

  /** Connects anew from the cursor, `ms` from now. */
  again(ms) {
    this.shut();
    this.retry = setTimeout(() => this.connect(), ms);
  }

  object(object) {
    this.heard = Date.now();
    this.listen(SILENCE_MS);
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
    this.head({ epoch, top });
  }

  head({ epoch, top }) {
    if (epoch === this.cursor.epoch) this.top = Math.max(this.top, top);
    if (this.mayLeap && this.top - this.cursor.seq > FAR && this.on.far?.(this.top)) return this.shut();
    this.answered();
  }

  /** The page was drawn anew at `position`, or could not be: null. Then the stream tells all of it, until it has. */
  goOn(position) {
    this.mayLeap = position !== null;
    if (position?.epoch === this.cursor.epoch && position.seq > this.cursor.seq) this.cursor.seq = position.seq;
    if (!document.hidden) this.again(0);
  }

  /** Another log, or a place in it that cannot be reached from ours: the page starts anew. */
  fresh(epoch, after) {
    this.cursor = { epoch, seq: after };
    this.top = after;
    this.on.reset();
  }

  answered() {
    if (!this.ready) {
      this.ready = true;
      this.failures = 0;
      this.wasThere = false;
      clearTimeout(this.stable);
      this.stable = setTimeout(() => { this.attempt = 0; }, STABLE_MS);
      if (this.rung > 0) this.climber = setTimeout(() => this.probe(), this.climb);
    }
    this.tell();
  }

  tell() {
    if (this.cursor.seq >= this.top) this.mayLeap = true;
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
    const candidate = this.candidate = LADDER[0](this.base, () => this.position(), {
      object: (object) => {
        if (!done) { done = true; this.moveTo(candidate); }
        this.object(object);
      },
      end: (how) => {
        if (done) { this.lost(how); return; }
        this.candidate = null;
        this.climb = Math.min(CLIMB_MS_MAX, this.climb * 2);
        this.climber = setTimeout(() => this.probe(), this.climb);
      },
    });
  }

  /** A retry that waits would open a second connection beside this one: it is called off. */
  moveTo(candidate) {
    clearTimeout(this.retry);
    this.turn += 1;
    this.open?.close();
    this.open = candidate;
    this.candidate = null;
    this.rung = 0;
    this.climb = CLIMB_MS;
  }
}
