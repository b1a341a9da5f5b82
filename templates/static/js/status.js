// What the page says about itself: the connection, how far it has everything, how many new items wait. All polite.

import { count } from "./dom.js";

const NOTICE_MS = 2_000;
const SPEAK_MS = 20_000;
const WORDS = { live: "Live", delayed: "Delayed", reconnecting: "Reconnecting", connecting: "Connecting" };

export class Status {
  constructor(clock) {
    this.clock = clock;
    this.conn = document.getElementById("conn");
    this.notice = document.getElementById("link-notice");
    this.pill = document.getElementById("pill");
    this.spoken = document.getElementById("spoken");
    this.upTo = clock.now();
    this.spokeAt = -SPEAK_MS;
    this.missing = null;
    this.show("connecting");
  }

  /** live, delayed or reconnecting. The notice follows only when a break lasts: a blink needs no alarm. */
  show(state) {
    if (state === "live") this.upTo = Math.max(this.upTo, this.clock.now());
    if (state === this.state) return;
    if (this.state === "live") this.upTo = this.clock.now();
    this.state = state;
    this.conn.dataset.s = state;
    this.conn.textContent = WORDS[state];
    clearTimeout(this.timer);
    if (state === "live") this.tell();
    else this.timer = setTimeout(() => this.tell(), NOTICE_MS);
  }

  /** The window that is still being fetched from the archive; null when there is none. */
  holes(missing) {
    this.missing = missing;
    this.tell();
  }

  tell() {
    const upTo = this.clock.hhmm(this.upTo);
    const [head, text] = this.missing?.failed ? ["Some older posts are still missing.", "They are kept, and this page asks for them again by itself."]
      : this.state === "reconnecting" ? ["Reconnecting.", `You have everything up to ${upTo}. What arrives meanwhile is kept and will follow; nothing is lost.`]
      : this.state === "delayed" ? ["Delayed.", `You have everything up to ${upTo}; the rest is on its way.`]
      : [null, null];
    this.notice.hidden = head === null;
    if (head !== null) this.notice.replaceChildren(Object.assign(document.createElement("b"), { textContent: head }), ` ${text}`);
  }

  /** The pill: how many items wait above. Lanes have pills of their own. */
  waiting(n) {
    if (this.pill) this.pill.parentElement.hidden = n === 0;
    if (n === 0) return;
    const words = count(n, "new item", "new items");
    if (this.pill && this.pill.lastChild.textContent !== words) this.pill.lastChild.textContent = words;
    if (performance.now() - this.spokeAt < SPEAK_MS) return;
    this.spokeAt = performance.now();
    this.spoken.textContent = `${words}. Press full stop to show them.`;
  }
}
