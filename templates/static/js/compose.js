// Writing on the event's own page. What is sent is kept in this browser until the server has it: every draft has a key of
// its own, made once, under which it may be sent any number of times and is stored once. Posts come into the feed by the
// live stream like everybody's; here only what is on its way is shown.
//
// Each draft has a place of its own in the storage: pages of one browser share it, and none can write over what another keeps.

import { isForeign, reach, told } from "./ask.js";
import { h } from "./dom.js";
import { uuid } from "./uuid.js";

const OUTBOX_MAX = 20;
const RETRY_MS = 2_000;
const RETRY_MS_MAX = 60_000;
const TOLD_MS = 5_000;
const POCKET_TRIES_MAX = 5;
const NAME = "perihelion.name";
const WORDS = {
  waiting: "Sending…",
  away: "Kept here; it is sent as soon as there is a network.",
  sent: "Posted.",
  held: "Waiting for a moderator. Only you see it so far.",
  declined: "A moderator has decided not to show this post.",
};

export class Compose {
  /** form: the box; has(seq): whether the page's stream has come so far, null on a page without a stream. */
  constructor(form, has) {
    Object.assign(this, { form, has });
    this.action = form.getAttribute("action");
    this.slug = this.action.split("/")[1];
    this.place = `perihelion.outbox.${this.slug}.`;
    this.list = document.getElementById("outbox");
    this.said = document.getElementById("compose-said");
    this.dock = document.getElementById("compose-open");
    this.label = this.dock?.textContent;
    this.text = form.elements.namedItem("text");
    this.name = form.elements.namedItem("name");
    this.attempt = 0;
    this.drafts = this.read();
    this.drafts.filter((draft) => draft.state === "sent").forEach((draft) => this.drop(draft));
    this.name.value ||= stored(NAME) ?? "";
    this.unsent = `perihelion.unsent.${this.slug}.${this.value("talk")}.${this.value("reply_to")}`;
    this.text.value ||= stored(this.unsent) ?? "";
    this.listen();
    this.draw();
    this.ask();
    this.flush();
  }

  listen() {
    this.form.addEventListener("submit", (event) => { event.preventDefault(); this.post(); });
    this.text.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); this.form.requestSubmit(); }
      if (event.key === "Escape") this.close();
    });
    this.text.addEventListener("input", () => { this.say(""); this.keepUnsent(); });
    document.getElementById("compose-close").addEventListener("click", () => this.close());
    this.dock?.addEventListener("click", (event) => { event.preventDefault(); this.open(); });
    addEventListener("online", () => this.again());
    document.addEventListener("visibilitychange", () => { if (!document.hidden) this.again(); });
    addEventListener("storage", (event) => this.changedElsewhere(event));
  }

  open() {
    document.body.toggleAttribute("data-writing", true);
    this.text.focus();
  }

  close() {
    document.body.toggleAttribute("data-writing", false);
    this.text.blur();
  }

  value(name) {
    return this.form.elements.namedItem(name)?.value ?? "";
  }

  /** Words that are not finished outlive the page, too. */
  keepUnsent() {
    if (this.text.value === "") forget(this.unsent);
    else store(this.unsent, this.text.value);
  }

  /** Takes the words out of the box, keeps them, and sends them. */
  post() {
    const [name, text, talk, room, reply_to] = ["name", "text", "talk", "room", "reply_to"].map((field) => this.value(field));
    const words = { name: name.trim(), text, talk, room, reply_to };
    if (words.text.trim() === "") return;
    if (this.drafts.filter(isOnlyHere).length >= OUTBOX_MAX) {
      this.say(`${OUTBOX_MAX} posts are on their way already; this one stays in the box.`, true);
      return;
    }
    store(NAME, words.name);
    const draft = { key: uuid(), at: Date.now(), words, state: "waiting", note: "", id: null, seq: 0, notBefore: 0 };
    this.drafts.push(draft);
    this.text.value = "";
    this.close();
    this.keep(draft);
    this.keepUnsent();
    this.flush();
  }

  /** What an entry of the stream means for what is on its way. */
  heard(entry) {
    const isThere = (draft) => (draft.state === "sent" && draft.seq <= entry.seq) || (entry.kind === "show" && draft.id === entry.id);
    this.drafts.filter(isThere).forEach((draft) => this.drop(draft));
    const declined = ["hide", "remove"].includes(entry.kind) && this.drafts.find((draft) => draft.id === entry.id && draft.state === "held");
    if (declined) this.keep(declined, { state: "declined" });
  }

  /** Held posts that were decided about while no page was open. */
  async ask() {
    for (const draft of this.drafts.filter((one) => one.state === "held")) {
      const answer = await fetch(`/${this.slug}/posts/${draft.id}`, { method: "HEAD", cache: "no-store" }).catch(() => null);
      if (answer?.ok) this.drop(draft);
      else if (answer?.status === 410) this.keep(draft, { state: "declined" });
    }
  }

  /** The network may be back: nothing waits for its time any longer than the server asked. */
  again() {
    this.attempt = 0;
    this.flush();
  }

  /** Sends what waits, one after the other, in the order it was written. */
  async flush() {
    if (this.sending) return;
    this.sending = true;
    clearTimeout(this.timer);
    let wait = 0;
    for (let draft; wait === 0 && (draft = this.drafts.find((one) => one.state === "waiting"));) {
      wait = Math.max(0, draft.notBefore - Date.now()) || await this.send(draft);
    }
    this.sending = false;
    // In a pocket it is tried for a while; whoever looks again tries again.
    if (wait > 0 && !(document.hidden && this.attempt >= POCKET_TRIES_MAX)) this.timer = setTimeout(() => this.flush(), wait);
  }

  /** Sends one draft. Returns how long to wait before the next try, in milliseconds; 0 when the server has decided. */
  async send(draft) {
    const body = new URLSearchParams({ key: draft.key, ...draft.words });
    const answer = await reach(this.action, { method: "POST", body, headers: { Accept: "application/json" }, ...told() }).catch(() => null);
    const said = answer && !isForeign(answer) ? await answer.json().catch(() => null) : null;
    const known = this.drafts.find((one) => one.key === draft.key);
    if (!known) return 0;
    // A network that asks for a log-in first answers in the server's place: only an id and a place in the log mean that the post is stored.
    if (answer?.ok && typeof said?.id === "string" && Number.isInteger(said.seq)) {
      this.attempt = 0;
      this.stored(known, said);
      return 0;
    }
    const why = typeof said?.message === "string" && typeof said.error === "string" ? said.message : "";
    if (why && !answer.ok && answer.status < 500 && answer.status !== 429) {
      this.say(why, true);
      this.keep(known, { state: "refused", note: why });
      return 0;
    }
    this.attempt += 1;
    const asked = 1000 * Number(answer?.headers.get("Retry-After") ?? 0);
    const wait = Math.max(asked, Math.min(RETRY_MS_MAX, RETRY_MS * 2 ** this.attempt) * (0.5 + Math.random() / 2));
    this.keep(known, { note: why || WORDS.away, notBefore: asked > 0 ? Date.now() + asked : 0 });
    return wait;
  }

  /** The server has it. In a page with a stream the line goes when the post comes. */
  stored(draft, { id, seq, state }) {
    this.keep(draft, { id, seq, state: state === "held" ? "held" : "sent", note: "" });
    this.say(WORDS[draft.state]);
    if (draft.state === "sent" && this.has?.(seq)) this.drop(draft);
    // The server has all the others of these; the oldest lines go first.
    const told = this.drafts.filter((one) => !isOnlyHere(one));
    told.slice(0, Math.max(0, told.length - OUTBOX_MAX)).forEach((one) => this.drop(one));
  }

  keep(draft, change = {}) {
    Object.assign(draft, change);
    store(this.place + draft.key, JSON.stringify(draft));
    this.draw();
    this.tell(draft.note || WORDS[draft.state]);
  }

  /** On a phone the lines of the outbox may be out of sight: the dock says for a moment what becomes of the words. */
  tell(words) {
    if (!this.dock) return;
    this.dock.textContent = words;
    clearTimeout(this.told);
    this.told = setTimeout(() => { this.dock.textContent = this.label; }, TOLD_MS);
  }

  drop(draft) {
    this.drafts = this.drafts.filter((one) => one !== draft);
    forget(this.place + draft.key);
    this.draw();
  }

  /** Another page of this browser has kept or dropped a draft. */
  changedElsewhere({ key, newValue }) {
    if (!key?.startsWith(this.place)) return;
    const draft = newValue === null ? null : parsed(newValue);
    const others = this.drafts.filter((one) => this.place + one.key !== key);
    this.drafts = draft ? [...others, draft].sort(byTime) : others;
    this.draw();
  }

  /** Back into the box, to be written differently: that is another post, under another key. */
  edit(draft) {
    this.text.value = [draft.words.text, this.text.value].filter(Boolean).join("\n\n");
    this.keepUnsent();
    this.say("");
    this.drop(draft);
    this.open();
  }

  draw() {
    this.list.replaceChildren(...this.drafts.map((draft) => this.line(draft)));
  }

  line(draft) {
    const act = (words, does) => {
      const button = h("button", { class: "as-link", type: "button" }, words);
      button.addEventListener("click", does);
      return button;
    };
    const isOver = draft.state === "sent" || draft.state === "held";
    return h("li", { "data-state": draft.state, "data-key": draft.key },
      h("p", { class: "words", dir: "auto" }, draft.words.text),
      h("p", { class: "state" }, h("span", null, draft.note || WORDS[draft.state]),
        draft.state === "sent" ? h("a", { href: `/${this.slug}/posts/${draft.id}` }, "Open it") : null,
        draft.state === "refused" ? act("Edit", () => this.edit(draft)) : null,
        isOver ? null : act("Discard", () => this.drop(draft))));
  }

  /** Spoken to those who cannot see the lines below; what went wrong is seen by all. */
  say(words, isBad = false) {
    this.said.textContent = words;
    this.said.classList.toggle("bad", isBad);
    this.said.classList.toggle("sr", !isBad);
  }

  read() {
    return names().filter((name) => name.startsWith(this.place)).map((name) => parsed(stored(name))).filter(Boolean).sort(byTime);
  }
}

/** Nobody but this browser has these words. */
const isOnlyHere = (draft) => draft.state === "waiting" || draft.state === "refused";
const byTime = (one, other) => (one.at ?? 0) - (other.at ?? 0);

function parsed(json) {
  try {
    const draft = JSON.parse(json);
    return typeof draft?.key === "string" && typeof draft.words?.text === "string" ? draft : null;
  } catch {
    return null;
  }
}

// Storage may be refused (private windows, settings): then drafts live as long as the page.
function stored(name) {
  try { return localStorage.getItem(name); } catch { return null; }
}

function store(name, value) {
  try { localStorage.setItem(name, value); } catch { /* see above */ }
}

function forget(name) {
  try { localStorage.removeItem(name); } catch { /* see above */ }
}

function names() {
  try { return Object.keys(localStorage); } catch { return []; }
}
