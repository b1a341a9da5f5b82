// What is on now, next, and the line both fold to. The server says what is on and when (`stage` in the page's data, the same
// from /now); this only follows its clock, draws the same markup as templates/partials/stage.html, and asks again when the
// log says that something has changed.

import { ask, pause } from "./ask.js";
import { h, iso } from "./dom.js";

const NEXT_MAX = 3;
/** A talk that begins within this time ends a break, in microseconds; later, nothing is on. As in view/now.rs. */
export const BREAK_MAX = 8 * 3_600_000_000;
/** All pages hear of a change in the same moment; they ask within so many milliseconds. */
const ASK_MS = 2_500;
const RETRY_MS = 2_000;
const RETRY_MS_MAX = 60_000;

export class Stage {
  /** mine(): the room in which the reader sits, which comes first; null without one. */
  constructor(page, clock, mine = () => null) {
    Object.assign(this, { page, clock, mine });
    this.talks = new Map(page.talks.map((talk) => [talk.id, talk]));
    this.rooms = page.stage;
    this.root = document.getElementById("stage");
    this.line = document.getElementById("stage-line");
    this.drawn = null;
    this.wanted = 0;
    this.asking = null;
    this.tries = 0;
  }

  talk(entry) {
    const { id, title, speakers, room, start, end, dropped } = entry.talk;
    this.talks.set(id, { id, title, speakers: speakers.map((s) => s.name), room, start, end, dropped });
    this.changed(entry);
  }

  /** The log says something of stage, talks or rooms: what is on is asked for anew, once for all that comes meanwhile. */
  changed(entry) {
    this.wanted = entry.seq;
    this.asking ??= pause(ASK_MS * Math.random()).then(() => this.ask());
  }

  async ask() {
    const told = await ask(`/api/v1/events/${this.page.slug}/now`, ({ rooms }) => Array.isArray(rooms)).catch(() => null);
    this.asking = null;
    if (told) { this.rooms = told.rooms; this.draw(); }
    if (told && told.position?.seq >= this.wanted) { this.tries = 0; return; }
    // The site may read the log a moment after us, or be away.
    this.tries += 1;
    const wait = Math.min(RETRY_MS_MAX, RETRY_MS * 2 ** Math.min(this.tries, 8)) * (0.5 + Math.random() / 2);
    this.asking = pause(wait).then(() => this.ask());
  }

  /** Rooms with what is on in each at `now`. */
  on(now) {
    return this.rooms.map(({ slug, name, spans }) => {
      const span = spans.findLast((one) => one.from <= now && now < one.to) ?? null;
      const next = spans.find((one) => one.from > now && one.talk) ?? null;
      const soon = next && next.from - now < BREAK_MAX ? next : null;
      const talk = span?.talk ? this.talks.get(span.talk) ?? null : null;
      return { slug, name, span, talk, soon, isDue: talk ? span.due <= now : false, late: talk ? span.late_end : soon?.late_start };
    });
  }

  /** Draws anew when something changed; otherwise only moves the played part. */
  draw() {
    if (!this.root) return;
    const now = this.clock.now();
    const mine = this.mine();
    const rooms = this.on(now).sort((a, b) => (b.slug === mine) - (a.slug === mine));
    const next = this.rooms.flatMap(({ name, spans }) => spans.filter((one) => one.from > now && this.talks.has(one.talk)).map((one) => ({ ...one, room: name })))
      .sort((a, b) => a.from - b.from || (a.talk < b.talk ? -1 : 1)).slice(0, NEXT_MAX);
    const signature = JSON.stringify([rooms, next]);
    if (signature !== this.drawn) {
      if (this.drawn !== null || this.changedSinceServer(rooms)) this.redraw(rooms, next);
      this.drawn = signature;
    }
    for (const { talk, span, slug } of rooms) {
      const played = talk && this.root.querySelector(`[data-stage="${CSS.escape(slug)}"] progress`);
      if (played) played.value = share(span, now);
    }
  }

  changedSinceServer(rooms) {
    const shown = [...this.root.querySelectorAll("[data-stage]")].map((e) => `${e.dataset.stage}:${e.dataset.talk ?? ""}`);
    return JSON.stringify(shown) !== JSON.stringify(rooms.map((r) => `${r.slug}:${r.talk?.id ?? ""}`));
  }

  redraw(rooms, next) {
    const talks = h("div", { class: "rooms" }, rooms.map((r) => this.now(r)));
    const now = this.clock.now();
    const list = next.map((one) => h("li", null, h("time", { datetime: iso(one.from) }, this.clock.coming(one.from, now)),
      h("p", null, h("a", { href: this.href(one.talk) }, this.talks.get(one.talk).title), h("span", null, one.room))));
    this.root.replaceChildren(talks, ...(list.length > 0 ? [h("section", { class: "next", "aria-label": "Next" }, h("b", null, "Next"), h("ol", null, list))] : []));
    this.line.firstElementChild.replaceChildren(...rooms.filter((r) => r.talk).map(({ name, talk, span, isDue }) =>
      h("p", null, h("b", null, name), ` ${talk.title} `, h("span", null, isDue ? `since ${this.clock.hhmm(span.from)}` : `until ${this.clock.hhmm(span.due)}`))));
  }

  now({ slug, name, talk, span, soon, isDue, late }) {
    const next = talk ? null : this.talks.get(soon?.talk);
    return h("article", { class: talk ? "talk-now" : "talk-now idle", "data-stage": slug, "data-talk": talk?.id },
      talk ? h("progress", { class: "played", max: 100, value: share(span, this.clock.now()), "aria-label": "Played" }) : null,
      h("p", { class: "where" }, h("b", null, name), h("span", null, this.when(talk, span, soon, isDue))),
      late ? h("p", { class: "delay" }, `Running ${late.text}`) : null,
      h("h2", null, talk ? h("a", { href: this.href(talk.id), dir: "auto" }, talk.title) : span || soon ? "Break" : "Nothing is on"),
      talk?.speakers.length > 0 ? h("p", { class: "who" }, names(talk.speakers)) : null,
      next ? h("p", { class: "who" }, "Then ", h("a", { href: this.href(next.id) }, next.title)) : null,
      h("button", { class: "sit needs-script", type: "button", "data-sit": slug, "aria-pressed": String(slug === this.mine()) }, "My room"));
  }

  when(talk, span, soon, isDue) {
    const { clock } = this;
    const at = (lead, moment) => [lead, h("time", { datetime: iso(moment) }, clock.hhmm(moment))];
    if (talk && isDue) return at("since ", span.from);
    if (talk) return h("time", { datetime: iso(span.from), "data-to": iso(span.due) }, `${clock.hhmm(span.from)} to ${clock.hhmm(span.due)}`);
    return soon ? at("until ", soon.from) : null;
  }

  href(id) {
    return `/${this.page.slug}/talks/${id}`;
  }
}

function share(span, now) {
  return Math.max(0, Math.min(100, (100 * (now - span.from)) / Math.max(1, span.due - span.from)));
}

/** "A", "A and B", "A, B and C": as the server joins them. */
function names(all) {
  return all.length < 2 ? all.join("") : `${all.slice(0, -1).join(", ")} and ${all.at(-1)}`;
}
