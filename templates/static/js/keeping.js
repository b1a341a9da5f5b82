// What is said above the conversation: that the event is over, or that posts are kept back because the disk is full. The log tells of the
// end; a full disk cannot write to the log, so it is asked for once a minute while somebody looks.

import { ask } from "./ask.js";

const ASK_EVERY_MS = 60_000;

export class Keeping {
  constructor(slug) {
    this.address = `/${slug}/life.json`;
    this.line = document.getElementById("life-notice");
    setInterval(() => document.visibilityState === "visible" && this.look(), ASK_EVERY_MS);
  }

  /** An entry of the log: settings may have ended the event, or opened it again. */
  heard(entry) {
    if (entry.kind === "event") this.look();
  }

  async look() {
    const told = await ask(this.address, (said) => "is_over" in said).catch(() => null);
    if (told) this.show(told);
  }

  show({ banner, is_over }) {
    this.line.hidden = !banner;
    this.line.textContent = banner?.words ?? "";
    for (const box of [document.getElementById("compose"), document.querySelector(".compose-dock")]) box?.toggleAttribute("hidden", is_over);
  }
}
