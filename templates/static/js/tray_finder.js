// Finding a talk by typing: words of its title, a speaker, the room. Arrows move, Enter takes.

import { h } from "./dom.js";

const SHOWN_MAX = 30;

export class Finder {
  constructor(page) {
    this.page = page;
    this.dialog = document.getElementById("finder");
    this.words = document.getElementById("finder-words");
    this.list = document.getElementById("finder-list");
    this.words.addEventListener("input", () => this.draw());
    this.words.addEventListener("keydown", (event) => this.key(event));
    this.list.addEventListener("click", (event) => this.take(event.target.closest("[data-talk]")));
  }

  /** Asks for a talk, the nearest to a moment first; `then(id, title)` hears which. */
  open(at, then) {
    Object.assign(this, { at, then });
    this.words.value = "";
    this.draw();
    this.dialog.showModal();
    this.words.focus();
  }

  draw() {
    const words = plain(this.words.value).split(/\s+/).filter(Boolean);
    const fits = (talk) => { const text = plain(`${talk.title} ${talk.who} ${talk.note}`); return words.every((word) => text.includes(word)); };
    const near = (talk) => Math.abs(talk.start - this.at) + (talk.dropped ? 1e15 : 0);
    const found = this.page.talks.filter(fits).sort((a, b) => near(a) - near(b)).slice(0, SHOWN_MAX);
    this.list.replaceChildren(...found.map((talk, n) => h("li", { role: "option", id: `find-${n}`, "data-talk": talk.id, "aria-selected": "false" },
      h("b", { dir: "auto" }, talk.title), " ", h("span", null, [talk.who, talk.note].filter(Boolean).join(", ")))));
    if (found.length === 0) this.list.append(h("li", { class: "label" }, "No talk has all these words."));
    this.choose(this.list.querySelector("[data-talk]"));
  }

  choose(option) {
    for (const old of this.list.querySelectorAll("[aria-selected=true]")) old.setAttribute("aria-selected", "false");
    option?.setAttribute("aria-selected", "true");
    option?.scrollIntoView({ block: "nearest" });
    this.words.setAttribute("aria-activedescendant", option?.id ?? "");
  }

  key(event) {
    const chosen = this.list.querySelector("[aria-selected=true]");
    const to = { ArrowDown: chosen?.nextElementSibling, ArrowUp: chosen?.previousElementSibling }[event.key];
    if (to) this.choose(to);
    else if (event.key === "Enter") this.take(chosen);
    else return;
    event.preventDefault();
  }

  take(option) {
    if (!option) return;
    const talk = this.page.talks.find(({ id }) => id === option.dataset.talk);
    this.dialog.close();
    this.then(talk.id);
  }
}

/** Lower case without accents, so that "zoe" finds Zoë. */
function plain(text) {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}
