// Which items the page shows: as its address says, which a tap changes without loading the page anew. Back and forward work.

/** The name of a filter in addresses. */
export const keyOf = ({ kind, value }) => (value === null ? kind : `${kind}.${value}`);

export class Filters {
  /** show(filter): draws another one; mine(): the room in which the reader sits, null without one. */
  constructor(page, show, mine) {
    Object.assign(this, { page, show, mine });
    for (const link of document.querySelectorAll(".filters [data-filter]")) {
      link.addEventListener("click", (event) => {
        if (event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        this.go(link.dataset.filter);
      });
    }
    this.key = this.asked();
    // A way within the page turns nothing.
    addEventListener("popstate", () => { if (this.asked() !== this.key) this.turn(this.asked()); });
  }

  /** The filter that the address names; without one, the reader's room. */
  asked() {
    return new URLSearchParams(location.search).get("show") ?? (this.mine() === null ? "all" : `room.${this.mine()}`);
  }

  /** To another filter, with an address of its own. */
  go(key, isAnother = true) {
    const to = this.address(key);
    if (to !== location.pathname + location.search) history[isAnother ? "pushState" : "replaceState"](null, "", to);
    this.turn(key);
  }

  /** Everything is named where the page would open in a room. */
  address(key) {
    return key === "all" && this.mine() === null ? `/${this.page.slug}` : `/${this.page.slug}?show=${encodeURIComponent(key)}`;
  }

  /** What was asked for is not to be had: the one that is shown stays. */
  stay(key) {
    this.key = key;
    history.replaceState(null, "", this.address(key));
    this.draw(key);
  }

  turn(key) {
    this.key = key;
    const room = key.startsWith("room.") ? key.slice("room.".length) : null;
    const kind = room === null ? key : "room";
    this.show({ kind, value: room, query: key === "all" ? "" : `&show=${encodeURIComponent(key)}` });
    this.draw(key);
  }

  draw(key) {
    for (const link of document.querySelectorAll(".filters [data-filter]")) {
      if (link.dataset.filter === key) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  }
}
