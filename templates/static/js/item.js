// One item as an element: the same markup and classes as templates/partials/item.html.

import { because } from "./because.js";
import { count, h, web } from "./dom.js";
import { hasPhoto, roomOf } from "./tallies.js";

const NETWORKS = { mastodon: "Mastodon", x: "X", bluesky: "Bluesky", flickr: "Flickr", feed: "Blog", onsite: "On site", hook: "Partner" };
const REL = "nofollow ugc noopener";
const PATH_CHARS_MAX = 42;
const LANGUAGE = /^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}$/;

/** The element of a shown item. `time` is "15:42"; `place` says where it was filed; `context` is what it answers. */
export function article(record, page, time) {
  const { id, first, item, filing } = record;
  const name = item.author.name || item.author.handle;
  const attributes = {
    class: item.network === "feed" ? "item article" : "item",
    id: `i-${id}`, "data-id": id, "data-seq": first, "data-rev": item.rev, "data-at": record.at,
    "data-room": roomOf(filing), "data-late": item.late, "data-answers": item.reply_to, tabindex: -1,
    "aria-label": `${name}, ${NETWORKS[item.network] ?? item.network}, ${time}`,
  };
  const head = h("header", { class: "item-head" },
    h("b", null, h("bdi", null, name)),
    h("span", { class: "handle" }, h("bdi", null, item.author.handle === name ? "" : item.author.handle)),
    h("span", { class: "src" }, NETWORKS[item.network] ?? item.network));
  const said = [words(item), pictures(record, page), preview(item)];
  return h("article", attributes, head,
    quoted(item.reply_to, page),
    item.cover === null ? said : covered(item, said),
    foot(record, page));
}

/** The grey line that keeps a removed item's place. */
export function gone(id, first, at, sentence) {
  return h("article", { class: "item removed", id: `i-${id}`, "data-id": id, "data-seq": first, "data-at": at, tabindex: -1 }, sentence);
}

/** Why an item is not there: the sentence of model's GoneBy, with the minute. */
export function sentence(kind, by, time) {
  if (kind === "hide") return by === "network" ? `This post is hidden, as its account was closed at ${time}.` : `This post was hidden by the organisers at ${time}.`;
  const who = { author: "removed by its author", network: "taken down by its network", moderator: "removed by the organisers", law: "removed for legal reasons" };
  return `This post was ${who[by] ?? "removed"} at ${time}.`;
}

/** The quiet line: where it was filed, counts, the ways out. */
export function foot(record, page) {
  const { id, item, filing } = record;
  const line = h("footer", { class: "item-foot" });
  const where = place(filing, page);
  if (where) line.append(where);
  if (item.marks.includes("question")) line.append(h("span", { class: "question" }, "question"));
  line.append(...counted(item));
  const original = item.network !== "onsite" && item.url && web(item.url);
  if (original) line.append(h("a", { class: "original", href: original.href, rel: REL }, "Original"));
  line.append(h("a", { href: `/${page.slug}/posts/${id}` }, "Link"));
  const why = because(filing, page);
  if (why) line.append(why);
  return line;
}

/** The room that an item was filed to, leading to its talk; null for the hallway. */
export function place(filing, page) {
  const room = filing?.state === "filed" && page.rooms.find((r) => r.slug === filing.room);
  if (!room) return null;
  const talk = filing.talk ? `/${page.slug}/talks/${filing.talk}` : null;
  return talk ? h("a", { class: "place", href: talk }, room.name) : h("span", { class: "place" }, room.name);
}

function counted(item) {
  if (item.network === "onsite") return [];
  const { boosts, likes, replies } = item.counts;
  return [
    boosts > 0 && count(boosts, "boost", "boosts"),
    likes > 0 && count(likes, "like", "likes"),
    replies > 0 && count(replies, "reply", "replies"),
  ].filter(Boolean).map((words) => h("span", { class: "count" }, words));
}

function words(item) {
  const lang = item.lang && LANGUAGE.test(item.lang) ? item.lang : null;
  const body = h("div", { class: "item-body", dir: "auto", lang });
  if (item.title) {
    const to = item.url && web(item.url);
    body.append(h("h3", null, to ? h("a", { href: to.href, rel: REL }, item.title) : item.title));
  }
  for (const paragraph of paragraphs(item.body)) body.append(h("p", null, paragraph));
  return body.childNodes.length === 0 ? null : body;
}

/** Runs into paragraphs of nodes: two line feeds part paragraphs, one is a line break. Hashtags on a line of their own
    join the words above. */
function paragraphs(runs) {
  const all = [[]];
  const break_ = () => { if (all.at(-1).length > 0) all.push([]); };
  for (const run of runs) {
    if (typeof run !== "string") { all.at(-1).push(inline(run)); continue; }
    run.split("\n\n").forEach((part, i) => {
      if (i > 0) break_();
      part.split("\n").forEach((line, j) => {
        if (j > 0 && all.at(-1).length > 0) all.at(-1).push(h("br"));
        if (line !== "") all.at(-1).push(document.createTextNode(line));
      });
    });
  }
  const joined = [];
  for (const nodes of all) {
    if (nodes.every((node) => node.textContent.trim() === "")) continue;
    const above = nodes.every((node) => node.className === "tag" || node.textContent.trim() === "") && joined.at(-1);
    if (above) above.push(" ", ...nodes.map((node) => (node.nodeName === "BR" ? " " : node)));
    else joined.push(nodes);
  }
  return joined;
}

function inline(run) {
  if (run.tag !== undefined) return h("span", { class: "tag", dir: "auto" }, `#${run.tag}`);
  if (run.mention !== undefined) {
    const to = run.url && web(run.url);
    return to ? h("a", { class: "mention", href: to.href, rel: REL }, h("bdi", null, run.mention)) : h("bdi", null, run.mention);
  }
  return link(run);
}

/** The host is always the real one; a text that is no address keeps its words and names the host behind them. */
function link(run) {
  const to = web(run.link ?? "");
  if (to === null) return document.createTextNode(run.text ?? "");
  const host = to.host.replace(/^www\./, "");
  const shown = run.text ?? "";
  const address = shown.replace(/^https?:\/\//, "").replace(/^www\./, "").toLowerCase();
  if (shown === "" || /^https?:/i.test(shown) || address.startsWith(host)) {
    const rest = cut(to.pathname === "/" && !to.search && !to.hash ? "" : to.pathname + to.search + to.hash);
    return h("a", { href: to.href, rel: REL, dir: "ltr" }, host, rest && h("span", { class: "quiet" }, rest));
  }
  return h("a", { href: to.href, rel: REL }, h("bdi", null, shown), h("span", { class: "quiet" }, ` ${host}`));
}

function cut(text) {
  const chars = [...text];
  return chars.length > PATH_CHARS_MAX ? `${chars.slice(0, PATH_CHARS_MAX).join("")}…` : text;
}

/** Two lines of what an item answers, where that is in the page. */
export function quoted(id, page) {
  const to = id && page.find(id);
  if (!to) return null;
  return h("p", { class: "context", dir: "auto", "data-of": id }, h("b", null, h("bdi", null, to.name)), " ", to.words);
}

function pictures(record, page) {
  const { id, item } = record;
  const seen = item.media.map((medium, n) => ({ ...medium, n })).filter((medium) => medium.kind !== "audio");
  if (seen.length === 0) return null;
  const notes = [...new Set(seen.flatMap((m) => [
    m.kind === "video" ? "Video, plays at the original." : null,
    m.kind === "gif" ? "Moving picture, plays at the original." : null,
    m.licence,
  ]).filter(Boolean))];
  return h("figure", { class: seen.length > 1 ? "photo many" : "photo" },
    seen.map((m) => h("img", {
      src: `/media/${page.slug}.${id}.${item.rev}.${m.n}`, alt: m.alt ?? "", loading: "lazy", decoding: "async",
      width: m.width, height: m.height,
    })),
    notes.length > 0 ? h("figcaption", { dir: "auto" }, credit(item, seen), notes.join(" ")) : null);
}

/** A licence names its owner: the picture's line leads there. */
function credit(item, media) {
  const to = media.some((m) => m.licence) && item.author.url && web(item.author.url);
  return to ? [h("a", { href: to.href, rel: REL }, h("bdi", null, item.author.name || item.author.handle)), " "] : null;
}

function preview(item) {
  const to = item.card && web(item.card.url);
  if (!to) return null;
  return h("a", { class: "linkref", href: to.href, rel: REL },
    h("b", { dir: "auto" }, item.card.title),
    item.card.text ? h("p", { dir: "auto" }, item.card.text) : null,
    h("span", null, to.host.replace(/^www\./, "")));
}

function covered(item, said) {
  const photos = hasPhoto(item);
  const title = item.cover === "" ? (photos ? "Sensitive photo" : "Sensitive post") : "Content warning";
  return h("details", { class: "cover" },
    h("summary", null,
      h("span", null, h("b", null, title), h("bdi", null, item.cover)),
      h("span", { class: "btn" }, photos ? "Show" : "Read"),
      h("span", { class: "btn again" }, "Cover")),
    said);
}
