// What the page says about itself: the connection, how far it has everything, how many new items wait. All polite.

import { count } from "./dom.js";

const NOTICE_MS = 2_000;
/** A break that lasts may be a Wi-Fi that wants a log-in, where it cannot be told from none. */
const HINT_MS = 20_000;
const SPEAK_MS = 20_000;
const WORDS = { live: "Live", delayed: "Delayed", reconnecting: "Reconnecting", portal: "Log-in wanted", connecting: "Connecting" };

export class Status {
  /** isBack(): whether the reader has scrolled back, and hears nothing of what comes. */
  constructor(clock, isBack = () => false) {
    Object.assign(this, { clock, isBack });
    this.conn = document.getElementById("conn");
    this.notice = document.getElementById("link-notice");
    this.pill = document.getElementById("pill");
    this.spoken = document.getElementById("spoken");
    this.upTo = clock.now();
    this.spokeAt = -Infinity;
    this.unspoken = 0;
    this.missing = null;
    this.show("connecting");
  }

  /** live, delayed, reconnecting, portal, or connecting: nobody looked until now. The notice follows only when a break lasts: a blink needs no alarm. */
  show(state) {
    if (state === "live") this.upTo = Math.max(this.upTo, this.clock.now());
    if (state === this.state) return;
    if (state === "live") this.failed = null;
    if (this.state === "live") this.upTo = this.clock.now();
    this.state = state;
    this.since = Date.now();
    this.conn.dataset.s = state;
    this.conn.textContent = WORDS[state];
    clearTimeout(this.timer);
    if (state === "live" || state === "portal") this.tell();
    else if (state !== "connecting") this.timer = setTimeout(() => this.tell(), NOTICE_MS);
  }

  /** Nobody looks: no timer wakes the page. */
  rest() {
    clearTimeout(this.timer);
    clearTimeout(this.speaking);
    this.speaking = null;
  }

  /** The window that is still being fetched from the archive; null when there is none. */
  holes(missing) {
    this.missing = missing;
    this.tell();
  }

  /** Something that was asked for and is not to be had now. */
  fails(what) {
    this.failed = what;
    this.tell();
  }

  tell() {
    const upTo = this.clock.hhmm(this.upTo);
    const isLong = Date.now() - this.since >= HINT_MS;
    const [head, text] = this.state === "portal" ? ["This Wi-Fi wants you to log in first.", `Open any other page, log in there, and come back: this page goes on by itself. You have everything up to ${upTo}, and what you wrote is kept.`]
      : this.missing?.failed ? ["Some older posts are still missing.", "They are kept, and this page asks for them again by itself."]
      : this.state === "reconnecting" ? ["Reconnecting.", `You have everything up to ${upTo}. What arrives meanwhile is kept and will follow; nothing is lost.${isLong ? " If this Wi-Fi wants a log-in, open any other page to see it." : ""}${this.failed ? ` ${this.failed}` : ""}`]
      : this.state === "delayed" ? ["Delayed.", `You have everything up to ${upTo}; the rest is on its way.`]
      : this.failed ? ["Not just now.", this.failed]
      : [null, null];
    this.notice.hidden = head === null;
    if (head === null) this.notice.replaceChildren();
    else {
      const words = [Object.assign(document.createElement("b"), { textContent: head }), ` ${text}`];
      if (this.notice.textContent !== head + words[1]) this.notice.replaceChildren(...words);
    }
    if (this.state === "reconnecting" && !isLong) {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.tell(), HINT_MS);
    }
  }

  /** The pill: how many items wait above, or the way back to now. Lanes have pills of their own. */
  waiting(n, isLive = true) {
    if (!this.pill) return;
    this.pill.parentElement.hidden = n === 0 && isLive;
    const words = n === 0 ? "Back to now" : count(n, "new item", "new items");
    if (this.pill.lastChild.textContent !== words) this.pill.lastChild.textContent = words;
  }

  /** Something new for the reader: said together with what comes within the time between two announcements. */
  came(n, waits) {
    if (this.isBack()) { this.unspoken = 0; return; }
    this.unspoken += n;
    this.waits = waits;
    this.speaking ??= setTimeout(() => this.speak(), Math.max(0, this.spokeAt + SPEAK_MS - performance.now()));
  }

  speak() {
    this.speaking = null;
    if (this.unspoken === 0 || this.isBack()) return;
    this.spokeAt = performance.now();
    this.spoken.textContent = `${count(this.unspoken, "new item", "new items")}.${this.waits ? " Press full stop to show what waits." : ""}`;
    this.unspoken = 0;
  }
}
