// Moves on their way to the nozzle, and the way back. A move is asked for under a key of its own until there is an answer, so that a
// bad network files nothing twice; what takes it back comes with that answer.

import { count } from "./dom.js";
import { uuid } from "./uuid.js";

const TRIES_MAX = 6;
const RETRY_MS = 1_000;
const UNDO_MAX = 50;

export class Moves {
  /** said({words, isWrong, canUndo}) tells the steward. */
  constructor(slug, said) {
    Object.assign(this, { slug, said });
    // A reload forgets no way back.
    this.kept = `perihelion.undo.${slug}`;
    try { this.done = JSON.parse(sessionStorage.getItem(this.kept)) ?? []; } catch { this.done = []; }
    this.underWay = 0;
  }

  /** Files posts: `moves` is [[target, [ids]]]. True when all of it was taken; `at(seq)` hears under which entry. */
  async file(moves, words, at) {
    this.underWay += 1;
    const before = [];
    const sent = await this.send(moves.map(([target, ids]) => ask(target, ids)), before);
    this.underWay -= 1;
    if (sent.ok) at(sent.seq);
    if (before.length > 0) this.keep([...this.done, before].slice(-UNDO_MAX));
    this.said(sent.ok ? { words: words + followed(sent), canUndo: before.length > 0 } : { words: sent.why, isWrong: true, canUndo: this.done.length > 0 });
    return sent.ok;
  }

  /** Takes the last move back; the ids that are as before, none when there was nothing to take back. */
  async undo() {
    const last = this.done.at(-1);
    if (!last) return [];
    this.keep(this.done.slice(0, -1));
    this.underWay += 1;
    const sent = await this.send(last, []);
    this.underWay -= 1;
    const ids = last.flatMap((asked) => asked.ids);
    if (!sent.ok) { this.keep([...this.done, last]); this.said({ words: sent.why, isWrong: true, canUndo: true }); return []; }
    this.said({ words: `Taken back: ${posts(ids.length)} as before.`, canUndo: this.done.length > 0 });
    return ids;
  }

  // Storage may be refused: then it holds for this page only.
  keep(done) {
    this.done = done;
    try { sessionStorage.setItem(this.kept, JSON.stringify(done)); } catch { /* see above */ }
  }

  async send(asked, before) {
    let [seq, others] = [0, 0];
    for (const one of asked) {
      const answer = await this.post(one);
      if (answer.why !== undefined) return { ok: false, why: answer.why };
      if (answer.moved > 0) before.push(...answer.before);
      seq = Math.max(seq, answer.seq);
      others += answer.followed;
    }
    return { ok: true, seq, others };
  }

  async post(body) {
    const headers = { "Content-Type": "application/json", "Idempotency-Key": uuid() };
    const request = { method: "POST", headers, body: JSON.stringify(body) };
    for (let tries = 1; ; tries += 1) {
      const answer = await fetch(`/api/v1/events/${this.slug}/file`, request).catch(() => null);
      const said = await answer?.json().catch(() => null);
      if (answer?.ok && said) return said;
      const isLasting = answer && answer.status < 500 && answer.status !== 429;
      if (isLasting || tries >= TRIES_MAX) return { why: said?.detail ?? "There is no network just now, so nothing was moved. Try again in a moment." };
      await new Promise((wake) => setTimeout(wake, RETRY_MS * tries * (0.5 + Math.random())));
    }
  }
}

/** One target as the API takes it. */
function ask(target, ids) {
  if (target === "event") return { ids, talk: null, event: true };
  if (target === "none") return { ids, talk: null };
  if (target === "rule") return { ids, talk: null, rule: true };
  return { ids, talk: target };
}

/** Posts that the rules filed anew, as they answer what was moved, or come from its author. */
function followed({ others }) {
  return others > 0 ? ` By the rules, ${count(others, "other follows", "others follow")}.` : "";
}

export function posts(n) {
  return count(n, "post", "posts");
}
