// A moderator's decisions on their way to the server, and the way back. They are sent one request after the other, those that wait together
// in one; each is asked for under a key of its own until there is an answer, so that a bad network does nothing twice.

import { uuid } from "./uuid.js";

const TRIES_MAX = 6;
const RETRY_MS = 1_000;
const UNDO_MAX = 100;
const IDS_MAX = 200;

export class Orders {
  constructor(slug) {
    Object.assign(this, { slug, waiting: [], isBusy: false });
    // A reload forgets no way back.
    this.kept = `perihelion.moderate.${slug}`;
    try { this.done = JSON.parse(sessionStorage.getItem(this.kept)) ?? []; } catch { this.done = []; }
  }

  get underWay() { return this.waiting.length + (this.isBusy ? 1 : 0); }

  /** One press: {ids, decision}. Answers {ok, seq} or {why}, when it is known. */
  press(ids, decision) {
    return new Promise((told) => {
      this.waiting.push({ ids, decision, told });
      this.work();
    });
  }

  /** What holds for an author. */
  author(author, standing) {
    return new Promise((told) => {
      this.waiting.push({ body: { author, standing }, told });
      this.work();
    });
  }

  async work() {
    if (this.isBusy) return;
    this.isBusy = true;
    while (this.waiting.length > 0) {
      const together = this.next();
      const answer = await this.send(together[0].body ?? { ids: together.flatMap(({ ids }) => ids), decision: together[0].decision });
      for (const press of together) {
        if (answer.why === undefined) this.keep([...this.done, { ids: press.ids ?? [], back: press.ids ? backOf(press.ids, answer.back) : answer.back }].filter(({ back }) => back.length > 0).slice(-UNDO_MAX));
        press.told(answer.why === undefined ? { ok: true, seq: answer.seq, notes: answer.notes } : { why: answer.why });
      }
    }
    this.isBusy = false;
  }

  /** The presses that are sent next: as many as ask for the same. */
  next() {
    const first = this.waiting.shift();
    const together = [first];
    let ids = first.ids?.length ?? IDS_MAX;
    while (this.waiting.length > 0 && first.decision !== undefined && this.waiting[0].decision === first.decision && ids + this.waiting[0].ids.length <= IDS_MAX) {
      ids += this.waiting[0].ids.length;
      together.push(this.waiting.shift());
    }
    return together;
  }

  /** Takes the last press back, once it has been answered: {ids} or {why}; null when there was none. */
  async undo() {
    while (this.underWay > 0) await new Promise((wake) => setTimeout(wake, 20));
    const last = this.done.at(-1);
    if (!last) return null;
    this.keep(this.done.slice(0, -1));
    for (const body of last.back) {
      const answer = await this.send(body);
      if (answer.why !== undefined) { this.keep([...this.done, last]); return { why: answer.why }; }
    }
    return { ids: last.ids };
  }

  // Storage may be refused: then it holds for this page only.
  keep(done) {
    this.done = done;
    try { sessionStorage.setItem(this.kept, JSON.stringify(done)); } catch { /* see above */ }
  }

  async send(body) {
    const headers = { "Content-Type": "application/json", "Idempotency-Key": uuid() };
    const request = { method: "POST", headers, body: JSON.stringify(body) };
    for (let tries = 1; ; tries += 1) {
      const answer = await fetch(`/api/v1/events/${this.slug}/moderate`, request).catch(() => null);
      const said = await answer?.json().catch(() => null);
      if (answer?.ok && said) return said;
      const isLasting = answer && answer.status < 500 && answer.status !== 429;
      if (isLasting || tries >= TRIES_MAX) return { why: said?.detail ?? "There is no network just now, so nothing was changed. Try again in a moment." };
      await new Promise((wake) => setTimeout(wake, RETRY_MS * tries * (0.5 + Math.random())));
    }
  }
}

/** What of an answer takes these posts back. */
function backOf(ids, back) {
  const mine = back.map((one) => ({ ...one, ids: (one.ids ?? []).filter((id) => ids.includes(id)) }));
  return mine.filter((one) => one.ids.length > 0);
}
