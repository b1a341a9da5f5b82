// "My room": where the reader sits, said once and kept on this device only. Whoever sits nowhere sees everything.

export class MyRoom {
  /** changed(slug): the reader has sat down or stood up, here or in another page of this browser. */
  constructor(page, changed) {
    Object.assign(this, { page, changed });
    this.name = `perihelion.room.${page.slug}`;
    this.slug = this.read();
    addEventListener("storage", ({ key }) => {
      if (key !== this.name) return;
      this.slug = this.read();
      this.draw();
    });
    document.getElementById("stage")?.addEventListener("click", (event) => {
      const { sit } = event.target.closest("[data-sit]")?.dataset ?? {};
      if (sit !== undefined) this.sit(sit === this.slug ? null : sit);
    });
    this.draw();
  }

  sit(slug) {
    this.slug = slug;
    try {
      if (slug === null) localStorage.removeItem(this.name);
      else localStorage.setItem(this.name, slug);
    } catch { /* storage may be refused: then it holds for this page */ }
    this.draw();
    this.changed(slug);
  }

  /** A room that the event does not have any more is nobody's. */
  read() {
    let slug = null;
    try { slug = localStorage.getItem(this.name); } catch { /* see above */ }
    return this.page.rooms.some((room) => room.slug === slug) ? slug : null;
  }

  /** The button of the room is pressed, its filter stands behind "Everything", and what is written goes there. */
  draw() {
    for (const button of document.querySelectorAll("[data-sit]")) button.setAttribute("aria-pressed", button.dataset.sit === this.slug);
    const filters = document.querySelector(".tracks .filters");
    const mine = this.slug && filters?.querySelector(`[data-filter="room.${CSS.escape(this.slug)}"]`);
    if (mine) filters.firstElementChild.after(mine);
    const all = document.querySelector("[data-filter=all]");
    if (all) all.href = this.slug === null ? `/${this.page.slug}` : `/${this.page.slug}?show=all`;
    const into = document.querySelector("#compose select[name=room]");
    if (into && !document.getElementById("say").value) into.value = this.slug ?? "";
  }
}
