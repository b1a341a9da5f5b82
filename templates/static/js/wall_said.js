// Posts as a wall shows them, and which of them it may show: the same words and rules as src/site/wall/said.rs.

import { web } from "./dom.js";

const WORDS_CHARS_MAX = 140;
const STALE = 2 * 3_600_000_000;
const LANGUAGE = /^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}$/;

/** What a wall keeps of an entry with an item; null for what no wall shows. tags: the event's own. */
export function said(entry, slug, tags) {
  const { id, first, seq: last, at, item, filing } = entry;
  if (item.cover !== null || item.late) return null;
  const all = words(item, tags);
  const photos = item.media.map((medium, n) => ({ ...medium, n })).filter((medium) => medium.kind === "photo")
    .map((medium) => ({ src: `/media/${slug}.${id}.${item.rev}.${medium.n}`, alt: medium.alt ?? "" }));
  const one = {
    id, first, last, at, when: item.when, name: item.author.name || item.author.handle,
    words: [...all].length <= WORDS_CHARS_MAX ? all : "", lang: item.lang && LANGUAGE.test(item.lang) ? item.lang : null,
    question: item.marks.includes("question"), room: roomOf(filing), photos,
  };
  return one.words !== "" || photos.length > 0 ? one : null;
}

export function roomOf(filing) {
  return filing?.state === "filed" ? filing.room ?? null : null;
}

/** An article's title, everybody else's words, links as their hosts; without blank lines, and at the end without the event's hashtags. */
function words(item, tags) {
  const all = item.network === "feed" && item.title ? item.title : item.body.map(spoken).join("");
  const lines = all.split("\n").map((line) => line.split(/\s+/u).filter(Boolean).join(" ")).filter(Boolean).join("\n");
  let rest = lines;
  for (;;) {
    const at = Math.max(rest.lastIndexOf(" "), rest.lastIndexOf("\n"));
    const last = rest.slice(at + 1);
    if (at < 0 || !last.startsWith("#") || !tags.some((own) => own.toLowerCase() === last.slice(1).toLowerCase())) return rest;
    rest = rest.slice(0, at);
  }
}

function spoken(run) {
  if (typeof run === "string") return run;
  if (run.tag !== undefined) return `#${run.tag}`;
  if (run.mention !== undefined) return run.mention;
  const text = run.text ?? "";
  const to = web(run.link ?? "");
  if (to === null) return text;
  const host = to.host.replace(/^(www\.)+/, "");
  const bare = text.toLowerCase().replace(/^(www\.)+/, "");
  return bare === "" || /^https?:/.test(bare) || bare.startsWith(host) ? host : text;
}

/** Whether a post has waited for as long as the operators want it to. */
export function isDue(wall, one, now) {
  return one.at + wall.delay_s * 1_000_000 <= now;
}

/** Whether this wall may show a post at `now`. sight: {room, isTalkOn, wall, isBlank}. */
export function shows(sight, one, now) {
  return isDue(sight.wall, one, now) && now - one.when < STALE && !sight.isBlank && fits(sight, one);
}

/** While a talk is on, what is about it; in a break also what is about no room at all. */
function fits({ room, isTalkOn, wall }, one) {
  if (room === null) return true;
  if (!isTalkOn) return one.room === room || one.room === null;
  if (wall.during_talks === "off") return false;
  return one.room === room && (wall.during_talks !== "questions" || one.question);
}

/** Whether the wall of a room is blank; null is a wall of the whole event. */
export function isBlank(wall, room) {
  return wall.blank.all || (room !== null && wall.blank.rooms.includes(room));
}
