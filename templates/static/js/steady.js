// Nothing moves under a reading eye. Of the lines in sight it is noted where they stand; whatever then changes above them (words,
// counts, grey lines, what is dropped or fetched, the stage, a notice), the scroll position is set so that they stand there again
// before anything is painted. Always from the place that was noted, so that roundings do not add up. Browsers that do this by
// themselves are told not to (`overflow-anchor`), as not all do, and two would undo each other.

const MARKS = 3;

export class Steady {
  /** feed: whose lines; box(): the element that scrolls, null for the page. */
  constructor(feed, box) {
    Object.assign(this, { feed, box });
    this.marks = [];
    this.set = null;
    this.at = 0;
    this.isLate = false;
    const { root } = feed;
    root.addEventListener("focusin", () => this.mark());
    // What is opened by hand grows downwards.
    root.addEventListener("click", (event) => this.mark(event.target.closest("[data-seq]")), { capture: true });
    // Sizes are told after everything is laid out and before it is painted. What stands above the feed changes the page's.
    const watcher = new ResizeObserver(() => this.restore());
    for (const element of [root, document.body]) watcher.observe(element);
  }

  get scroller() {
    return this.box() ?? document.scrollingElement;
  }

  /** The reader has scrolled; what we set ourselves changes nothing. */
  scrolled() {
    const isOurs = this.set !== null && !this.isLate && Math.abs(this.scroller.scrollTop - this.set) < 1;
    this.set = null;
    this.isLate = false;
    if (!isOurs) this.mark();
  }

  /** Notes where the lines in sight stand, from `line` or the first that begins in sight. */
  mark(line = null) {
    this.marks = [];
    this.at = this.scroller.scrollTop;
    if (!this.feed.reading()) return;
    const edge = this.box()?.getBoundingClientRect().top ?? 0;
    const { order } = this.feed;
    const id = (line ?? this.first(edge))?.dataset;
    let i = id ? order.indexOf(this.feed.byId.get(id.id ?? id.gap)) : -1;
    for (; i >= 0 && this.marks.length < MARKS; i -= 1) {
      const { element } = order[i];
      if (element.offsetParent !== null) this.marks.push({ record: order[i], top: element.getBoundingClientRect().top });
    }
  }

  /** The first line that begins below `edge`, else the one across it. Blocks stand below each other, so halving finds it. */
  first(edge) {
    const blocks = this.feed.root.children;
    let [from, to] = [0, blocks.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (blocks[middle].getBoundingClientRect().bottom > edge) to = middle;
      else from = middle + 1;
    }
    let across = null;
    for (const block of [...blocks].slice(from, from + MARKS)) {
      for (const line of block.matches("[data-seq]") ? [block] : block.querySelectorAll("[data-seq]")) {
        if (line.offsetParent === null) continue;
        const { top, bottom } = line.getBoundingClientRect();
        if (top >= edge) return line;
        if (bottom > edge) across = line;
      }
    }
    return across;
  }

  /** Puts the lines back where they stood; what came by the reader's own way also where nobody reads any more, at the very top. */
  restore(isOurs = false) {
    if (!isOurs && !this.feed.reading()) { this.marks = []; return; }
    const mark = this.marks.find(({ record }) => record.element?.isConnected && record.element.offsetParent !== null);
    if (!mark) { this.mark(); return; }
    const { scroller } = this;
    this.follow(scroller);
    const by = mark.record.element.getBoundingClientRect().top - mark.top;
    if (Math.abs(by) >= 0.5) {
      const was = scroller.scrollTop;
      scroller.scrollTop += by;
      if (scroller.scrollTop !== was) this.set = scroller.scrollTop;
    }
    this.at = scroller.scrollTop;
  }

  /** Somebody may have scrolled, and nobody was told yet: the lines belong so much further up. Where the page became shorter than it was
      scrolled, nobody did. */
  follow(scroller) {
    const by = scroller.scrollTop - this.at;
    const isCutOff = by < 0 && scroller.scrollTop >= scroller.scrollHeight - scroller.clientHeight - 1;
    if (Math.abs(by) < 1 || isCutOff) return;
    for (const mark of this.marks) mark.top -= by;
    this.isLate = true;
  }
}
