// The head of a wall and what comes next, drawn from the same spans as the live page's: the same words and markup as src/site/wall/head.rs and
// templates/wall.html.

import { h } from "./dom.js";
import { BREAK_MAX } from "./stage.js";

const ROOMS_MAX = 4;
const NEXT_MAX = 4;
const LONG_CHARS = 34;
const LONGER_CHARS = 80;

/** What is on at `now` in the wall's room, or in all rooms: {rooms, isTalkOn, next}. */
export function sight(stage, page, now) {
  const all = stage.on(now);
  const rooms = page.room === null ? all : all.filter(({ slug }) => slug === page.room);
  const coming = stage.rooms.filter(({ slug }) => page.room === null || slug === page.room).flatMap(({ name, spans }) =>
    spans.filter((one) => one.from > now && one.from - now < BREAK_MAX && stage.talks.has(one.talk)).slice(0, NEXT_MAX)
      .map((one) => ({ from: one.from, talk: stage.talks.get(one.talk), name })));
  coming.sort((a, b) => a.from - b.from || (a.talk.id < b.talk.id ? -1 : 1));
  return { rooms, isTalkOn: page.room !== null && rooms.some(({ talk }) => talk), next: coming.slice(0, NEXT_MAX) };
}

/** The children of the head. */
export function head({ rooms }, page, clock) {
  if (page.room === null) return whole(rooms, page, clock);
  const now = clock.now();
  const { name, talk, span, soon, isDue, late } = rooms[0] ?? {};
  const then = talk ? null : page.titles.get(soon?.talk);
  const isBreak = Boolean(span || soon);
  const [title, who] = talk ? [talk.title, names(talk.speakers)] : isBreak ? ["Break", then ? `Then ${then}` : ""] : [page.title, ""];
  const until = talk ? (isDue ? `since ${clock.hhmm(span.from)}` : `until ${clock.hhmm(span.due)}`) : soon ? `until ${clock.hhmm(soon.from)}` : "";
  const length = [...title].length;
  const played = talk && Math.trunc(Math.max(0, Math.min(100, (100 * (now - span.from)) / Math.max(1, span.due - span.from))));
  return [
    h("div", { class: "where" }, h("span", { dir: "auto" }, name ?? roomName(page)), late ? h("span", { class: "late" }, `Running ${late.text}`) : null, h("span", { class: "until" }, until)),
    h("div", null, h("h1", { dir: "auto", class: length > LONGER_CHARS ? "longer" : length > LONG_CHARS ? "long" : null }, title), who ? h("p", { class: "who", dir: "auto" }, who) : null),
    ...(talk ? [h("progress", { class: "wall-played", max: 100, value: played, "aria-label": "Played" })] : []),
  ];
}

function roomName(page) {
  return page.rooms.find(({ slug }) => slug === page.room)?.name ?? page.room;
}

function whole(rooms, page, clock) {
  const lines = rooms.slice(0, ROOMS_MAX).map(({ name, talk, span, soon, isDue }) => h("li", null,
    h("b", { dir: "auto" }, name),
    h("span", { dir: "auto" }, talk ? talk.title : span || soon ? "Break" : "Nothing is on"),
    h("span", { class: "until" }, talk ? (isDue ? `since ${clock.hhmm(span.from)}` : `until ${clock.hhmm(span.due)}`) : soon ? `until ${clock.hhmm(soon.from)}` : "")));
  return [h("h1", { dir: "auto" }, page.title), ...(lines.length > 0 && page.hasTalks() ? [h("ul", { class: "wall-rooms" }, lines)] : [])];
}

/** What stands in the place of posts when there are none. */
export function plan({ next }, page, clock) {
  const tag = page.tags.length > 0 ? `, or with #${page.tags[0]} where you are at home` : "";
  const body = next.length === 0
    ? [h("h2", null, "Say something"), h("p", null, `It appears here within seconds: write on the page beside this${tag}.`)]
    : [h("h2", null, page.room === null ? "Next" : "Next here"), h("ol", null, next.map(({ from, talk, name }) => {
      const about = page.room === null ? name : names(talk.speakers);
      return h("li", null, h("time", null, clock.hhmm(from)), h("div", null, h("b", { dir: "auto" }, talk.title), about ? h("span", { dir: "auto" }, about) : null));
    }))];
  return h("section", { class: "wall-plan", "aria-label": "Next" }, body);
}

/** The line beside the posts: what comes next, unless the head says so. */
export function nextLine({ next, rooms }, page, clock) {
  const one = next[page.room !== null && !rooms[0]?.talk ? 1 : 0];
  if (!one) return null;
  return h("p", { class: "wall-next" }, h("b", null, "Next"), " ", h("time", null, clock.hhmm(one.from)), " ", h("span", { dir: "auto" }, one.talk.title));
}

/** "A", "A and B", "A, B and C": as the server joins them. */
function names(all) {
  return all.length < 2 ? all.join("") : `${all.slice(0, -1).join(", ")} and ${all.at(-1)}`;
}
