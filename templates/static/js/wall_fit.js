// Painting posts on a wall, whole or not at all: each is measured out of sight first. The markup is that of templates/wall.html.

import { h } from "./dom.js";
import { POSTS_MAX } from "./wall_queue.js";

export class Posts {
  constructor(root, clock) {
    Object.assign(this, { root, clock, drawn: "", fonts: 0 });
    this.scale = h("div", { class: "wall-scale", "aria-hidden": "true" });
    root.after(this.scale);
    // Letters that a late font brings are of another width.
    document.fonts.ready.then(() => { this.fonts += 1; });
    document.fonts.addEventListener("loadingdone", () => { this.fonts += 1; });
  }

  /** Paints as many of these posts as fit whole, in their order; returns their ids, or null when nothing has changed. */
  paint(all) {
    const { clientWidth, clientHeight } = this.root;
    const drawn = JSON.stringify([all.map((one) => [one.id, one.last]), clientWidth, clientHeight, this.fonts]);
    if (drawn === this.drawn) return null;
    this.drawn = drawn;
    const fitting = this.fitting(all, clientWidth, clientHeight);
    this.draw(fitting);
    return fitting.map((one) => one.id);
  }

  fitting(all, width, height) {
    const fitting = [];
    let left = height;
    this.scale.style.width = `${width}px`;
    for (const one of all) {
      if (fitting.length === POSTS_MAX) break;
      const element = this.article(one, fitting.length === 0);
      // The rule between two posts is part of the lower one.
      this.scale.replaceChildren(...(fitting.length === 0 ? [element] : [h("article", { class: "wall-post" }), element]));
      const say = element.lastElementChild;
      const needs = Math.ceil(element.getBoundingClientRect().height);
      if (needs > left || element.scrollWidth > element.clientWidth || say.scrollWidth > say.clientWidth) continue;
      left -= needs;
      fitting.push(one);
    }
    this.scale.replaceChildren();
    return fitting;
  }

  /** Elements of posts that stay are kept, so that nothing flickers. */
  draw(posts) {
    const old = new Map([...this.root.querySelectorAll(":scope > .wall-post")].map((element) => [element.dataset.id, element]));
    const made = posts.map((one, n) => {
      const known = old.get(one.id);
      if (known?.dataset.last === String(one.last)) {
        known.classList.remove("is-new");
        known.classList.toggle("first", n === 0);
        return known;
      }
      const element = this.article(one, n === 0);
      if (!known) element.classList.add("is-new");
      return element;
    });
    this.root.replaceChildren(...made);
  }

  article(one, isFirst) {
    return h("article", { class: isFirst ? "wall-post first" : "wall-post", "data-id": one.id, "data-last": one.last },
      h("p", { class: "by" }, h("b", null, h("bdi", null, one.name)), h("time", null, this.clock.hhmm(one.when))),
      h("p", { class: "say", dir: "auto", lang: one.lang }, one.words));
  }
}
