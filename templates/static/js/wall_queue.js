// Whose turn it is on a wall: posts come one by one, the newest on top, each for as long as it takes to read it. Pure; what fits is measured
// in wall_fit.js, what may be shown is said in wall_said.js.

/** Posts that are remembered, those that wait for their turn, and those that are up at once. */
const KEPT_MAX = 200;
const WAITING_MAX = 12;
export const POSTS_MAX = 3;
/** A new post comes so often at most; a long one keeps its place on top for longer, in milliseconds. */
const TURN_MS = 8_000;
const READ_MS = 3_000;
const WORD_MS = 500;
/** Letters that count as a word where words are not parted by spaces. */
const WORD_LETTERS = 6;

export class Queue {
  /** may(one): whether the wall may show it now; isDue(one): whether its delay is over. */
  constructor(may, isDue) {
    Object.assign(this, { may, isDue, turnAt: 0, up: [] });
    this.begin([]);
  }

  /** The posts that the server's page was printed with. Those that were due by then have had their turn: they only fill what is empty. */
  begin(all) {
    this.byId = new Map(all.map((one) => [one.id, one]));
    this.done = new Set(all.filter((one) => this.isDue(one)).map((one) => one.id));
  }

  /** New words. A post that is up stays up if they may be shown at once; else it comes down, and its place waits for their delay. */
  put(one) {
    const old = this.byId.get(one.id);
    if (old && old.last >= one.last) return;
    this.byId.set(one.id, one);
    if (this.byId.size > KEPT_MAX) this.forget();
  }

  take(id) {
    this.byId.delete(id);
    this.done.delete(id);
  }

  move(id, room) {
    const one = this.byId.get(id);
    if (one) this.byId.set(id, { ...one, room });
  }

  forget() {
    const oldest = [...this.byId.values()].filter((one) => !this.up.includes(one.id)).sort((a, b) => a.first - b.first)[0];
    if (oldest) this.take(oldest.id);
  }

  /** The posts to show at this moment, in their order; more than fit, so that a shorter one may take a place. `ms` is a clock that only grows. */
  at(ms) {
    const known = (id) => { const one = this.byId.get(id); return one?.words && this.may(one) ? one : null; };
    this.up = this.up.filter(known);
    const due = [...this.byId.values()].filter((one) => one.words && !this.done.has(one.id) && this.isDue(one)).sort((a, b) => a.first - b.first);
    // What this wall may not show while others do (a talk is on, it is blank) has missed its turn, not its place.
    for (const one of due) if (!this.may(one)) this.done.add(one.id);
    const waiting = due.filter((one) => this.may(one));
    for (const one of waiting.splice(0, Math.max(0, waiting.length - WAITING_MAX))) this.done.add(one.id);
    if (waiting.length > 0 && ms >= this.turnAt) {
      this.up.unshift(waiting[0].id);
      this.done.add(waiting[0].id);
      this.turnAt = ms + turn(waiting[0].words);
    }
    const filling = [...this.byId.values()].filter((one) => one.words && this.done.has(one.id) && !this.up.includes(one.id) && this.may(one)).sort((a, b) => b.first - a.first);
    return [...this.up.map(known), ...filling.slice(0, 2 * POSTS_MAX)];
  }

  /** What came of it: these are up. A post that does not fit even alone has had its turn, and costs nobody else's. */
  shown(ids) {
    if (this.up.length > 0 && !ids.includes(this.up[0])) this.turnAt = 0;
    this.up = ids;
  }

  photos(max) {
    return [...this.byId.values()].filter((one) => this.may(one)).sort((a, b) => b.first - a.first).flatMap((one) => one.photos).slice(0, max);
  }
}

/** How long nobody pushes these words down. */
export function turn(words) {
  const spoken = words.split(/\s+/u).filter(Boolean).reduce((n, word) => n + Math.ceil([...word].length / WORD_LETTERS / 2), 0);
  return Math.max(TURN_MS, READ_MS + spoken * WORD_MS);
}
