// The reader's own time beside the venue's, on every page, where the two differ. The venue's time stays the text; the reader's is an
// attribute that the style prints where there is room for it, so nothing moves. A switch in the foot leaves it out, on this device.

const KEPT = "times";
const line = document.getElementById("zone");
const zone = line.dataset.zone;

function format(timeZone) {
  return new Intl.DateTimeFormat("en-GB", { timeZone, weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}

/** "05:10", or "Sat 05:10" where it is another day there; null where both clocks show the same. */
function own(moment, venue, reader) {
  const parts = [venue, reader].map((format) => Object.fromEntries(format.formatToParts(moment).map((part) => [part.type, part.value])));
  const [there, here] = parts.map((part) => `${part.hour}:${part.minute}`);
  if (parts[0].weekday === parts[1].weekday) return there === here ? null : here;
  return `${parts[1].weekday} ${here}`;
}

function kept() {
  try { return localStorage.getItem(KEPT); } catch { return null; }
}

function keep(value) {
  try { localStorage.setItem(KEPT, value); } catch { /* then it holds for this page */ }
}

function start(venue, reader) {
  const button = line.querySelector("button");
  const mark = (time) => {
    const moment = new Date(time.dateTime);
    // A day without an hour is no moment.
    const told = time.dateTime.includes("T") && !Number.isNaN(moment.getTime()) ? own(moment, venue, reader) : null;
    if (told === null) { delete time.dataset.yours; return; }
    // "Sat 05:10 to 05:50": two moments that are printed as one time.
    const to = time.dataset.to ? own(new Date(time.dataset.to), venue, reader) : null;
    const day = told.slice(0, -5);
    time.dataset.yours = to === null ? told : `${told} to ${to.startsWith(day) ? to.slice(day.length) : to}`;
    button.hidden = false;
  };
  const all = (element) => { if (element.matches("time[datetime]")) mark(element); element.querySelectorAll("time[datetime]").forEach(mark); };
  const show = (isOff) => {
    document.documentElement.toggleAttribute("data-times-off", isOff);
    button.textContent = isOff ? "Show mine as well" : "Leave out mine";
  };
  show(kept() === "venue");
  button.addEventListener("click", () => {
    const isOff = !document.documentElement.hasAttribute("data-times-off");
    keep(isOff ? "venue" : "both");
    show(isOff);
  });
  all(document.body);
  new MutationObserver((changes) => {
    for (const { type, target, addedNodes } of changes) {
      if (type === "attributes") mark(target);
      else for (const node of addedNodes) if (node.nodeType === Node.ELEMENT_NODE) all(node);
    }
  }).observe(document.body, { subtree: true, childList: true, attributeFilter: ["datetime", "data-to"] });
}

const mine = new Intl.DateTimeFormat().resolvedOptions().timeZone;
// A zone that this browser does not know is told by its name alone.
if (mine !== zone) try { start(format(zone), format()); } catch (error) { if (!(error instanceof RangeError)) throw error; }
