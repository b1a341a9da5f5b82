// What is on now, next, and the line both fold to: drawn from talks, stage entries and the venue's clock. The same markup
// as templates/partials/stage.html, and the same rule: what stewards said holds until the schedule's next talk begins.

import { h } from "./dom.js";

const NEXT_MAX = 3;

export class Stage {
  constructor(page, clock) {
    Object.assign(this, { page, clock });
    this.talks = new Map(page.talks.map((talk) => [talk.id, talk]));
    this.said = new Map(Object.entries(page.stage));
    this.root = document.getElementById("stage");
    this.line = document.getElementById("stage-line");
    this.drawn = null;
  }

  talk(entry) {
    const { id, title, speakers, room, start, end, dropped } = entry.talk;
    this.talks.set(id, { id, title, speakers: speakers.map((s) => s.name), room, start, end, dropped });
    this.draw();
  }

  schedule(entry) {
    for (const id of entry.dropped) this.talks.delete(id);
    this.draw();
  }

  stage(entry) {
    this.said.set(entry.room, { talk: entry.talk, since: entry.since });
    this.draw();
  }

  /** Rooms with what is on in each at `now`. */
  on(now) {
    const talks = [...this.talks.values()].filter((talk) => !talk.dropped).sort((a, b) => a.start - b.start);
    return this.page.rooms.map((room) => {
      const here = talks.filter((talk) => talk.room === room.slug);
      const begun = here.filter((talk) => talk.start <= now).at(-1);
      const said = this.said.get(room.slug);
      const held = said && said.since <= now && (!begun || said.since >= begun.start || said.talk === begun.id);
      const scheduled = begun && now < begun.end ? begun : null;
      const talk = held ? this.talks.get(said.talk) ?? null : scheduled;
      return { room, talk, next: here.find((other) => other.start > now) ?? null };
    });
  }

  /** Draws anew when something changed; otherwise only moves the played part. */
  draw() {
    if (!this.root) return;
    const now = this.clock.now();
    const rooms = this.on(now);
    const next = [...this.talks.values()].filter((t) => !t.dropped && t.start > now).sort((a, b) => a.start - b.start || a.id.localeCompare(b.id)).slice(0, NEXT_MAX);
    const signature = JSON.stringify([rooms.map((r) => [r.talk, r.next]), next]);
    if (signature !== this.drawn) {
      if (this.drawn !== null || this.changedSinceServer(rooms)) this.redraw(rooms, next);
      this.drawn = signature;
    }
    for (const { talk, room } of rooms) {
      const played = talk && this.root.querySelector(`[data-stage="${CSS.escape(room.slug)}"] progress`);
      if (played) played.value = share(talk, now);
    }
  }

  changedSinceServer(rooms) {
    const shown = [...this.root.querySelectorAll("[data-stage]")].map((e) => `${e.dataset.stage}:${e.dataset.talk ?? ""}`);
    return JSON.stringify(shown) !== JSON.stringify(rooms.map((r) => `${r.room.slug}:${r.talk?.id ?? ""}`));
  }

  redraw(rooms, next) {
    const talks = h("div", { class: "rooms" }, rooms.map((r) => this.now(r)));
    const list = next.map((talk) => h("li", null, h("time", null, this.clock.hhmm(talk.start)),
      h("p", null, h("a", { href: this.href(talk) }, talk.title), h("span", null, this.room(talk.room)))));
    this.root.replaceChildren(talks, ...(list.length > 0 ? [h("section", { class: "next", "aria-label": "Next" }, h("b", null, "Next"), h("ol", null, list))] : []));
    this.line.firstElementChild.replaceChildren(...rooms.filter((r) => r.talk).map(({ room, talk }) =>
      h("p", null, h("b", null, room.name), ` ${talk.title} `, h("span", null, `until ${this.clock.hhmm(talk.end)}`))));
  }

  now({ room, talk, next }) {
    const between = talk ?? next;
    const where = talk ? `${this.clock.hhmm(talk.start)} to ${this.clock.hhmm(talk.end)}` : next ? `until ${this.clock.hhmm(next.start)}` : "";
    return h("article", { class: talk ? "talk-now" : "talk-now idle", "data-stage": room.slug, "data-talk": talk?.id },
      talk ? h("progress", { class: "played", max: 100, value: share(talk, this.clock.now()), "aria-label": "Played" }) : null,
      h("p", { class: "where" }, h("b", null, room.name), h("span", null, where)),
      h("h2", null, talk ? h("a", { href: this.href(talk), dir: "auto" }, talk.title) : between ? "Break" : "Nothing more today"),
      talk?.speakers.length > 0 ? h("p", { class: "who" }, names(talk.speakers)) : null,
      !talk && next ? h("p", { class: "who" }, "Then ", h("a", { href: this.href(next) }, next.title)) : null);
  }

  href(talk) {
    return `/${this.page.slug}/talks/${talk.id}`;
  }

  room(slug) {
    return this.page.rooms.find((room) => room.slug === slug)?.name ?? slug;
  }
}

function share(talk, now) {
  return Math.max(0, Math.min(100, (100 * (now - talk.start)) / (talk.end - talk.start)));
}

/** "A", "A and B", "A, B and C": as the server joins them. */
function names(all) {
  return all.length < 2 ? all.join("") : `${all.slice(0, -1).join(", ")} and ${all.at(-1)}`;
}
