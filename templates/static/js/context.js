// What answered posts said that are not in the page: asked for at once for all answers that are, and at different moments by
// different pages, as all of them hear of an answer in the same one. The lines come in where nobody is reading.

import { ask, pause } from "./ask.js";

const ASK_MS = 8_000;
const IDS_MAX = 40;
const RETRY_MS = 15_000;
/** Posts that are remembered as asked for: far more than a window holds answers. */
const ASKED_MAX = 2_000;

export class Contexts {
  constructor(feeds, page) {
    Object.assign(this, { feeds, page });
    this.asked = new Set();
    this.learnt = new Set();
    this.waits = false;
  }

  /** Called once per painted frame. */
  look() {
    this.draw();
    if (this.waits) return;
    const wanted = this.wanted();
    if (wanted.length > 0) this.ask();
  }

  wanted() {
    return [...new Set(this.feeds.flatMap((feed) => feed.unquoted()))].filter((id) => !this.asked.has(id)).slice(0, IDS_MAX);
  }

  async ask() {
    this.waits = true;
    await pause(ASK_MS * Math.random());
    const ids = this.wanted();
    for (const id of ids) this.asked.add(id);
    const said = ids.length > 0 && await ask(`/${this.page.slug}/items?of=${ids.join(",")}`, ({ answered }) => typeof answered === "object").catch(() => null);
    if (said === null) {
      for (const id of ids) this.asked.delete(id);
      await pause(RETRY_MS * (0.5 + Math.random()));
    }
    for (const id of this.asked) if (this.asked.size > ASKED_MAX) this.asked.delete(id); else break;
    this.waits = false;
    if (!said) return;
    this.feeds[0].learn(said.answered);
    for (const id of Object.keys(said.answered)) this.learnt.add(id);
    this.draw();
  }

  /** Puts the lines above answers that are out of sight, or above all of them while nobody reads. */
  draw() {
    for (const id of this.learnt) {
      const answers = this.feeds.flatMap((feed) => feed.order.filter((record) => record.answers === id && record.element).map((record) => ({ feed, record })));
      if (answers.some(({ feed, record }) => feed.reading() && isSeen(record.element))) continue;
      this.learnt.delete(id);
      for (const feed of this.feeds) feed.requote(id);
    }
  }
}

function isSeen(element) {
  const { top, bottom } = element.getBoundingClientRect();
  return bottom > 0 && top < innerHeight;
}
