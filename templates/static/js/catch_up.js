// Keeps on this device, and nowhere else, up to where its reader has caught up: when the end of the page comes into sight. A page that
// was asked for no place offers to go on from there.

const until = document.getElementById("until");
const key = `perihelion.caught-up.${until.dataset.event}`;
const offer = document.getElementById("left");

// Storage may be refused (private windows, settings): then the link "Go on from here" is all there is.
function kept() {
  try { return JSON.parse(localStorage.getItem(key)); } catch { return null; }
}

function keep() {
  try { localStorage.setItem(key, JSON.stringify({ position: until.dataset.position, moment: until.dataset.moment, at: Date.now() })); } catch { /* see above */ }
}

const left = kept();
const asked = new URL(location.href);
if (!asked.searchParams.has("after") && typeof left?.position === "string" && left.position !== until.dataset.position) {
  asked.searchParams.set("after", left.position);
  offer.querySelector("a").href = asked.href;
  offer.querySelector("b").textContent = String(left.moment);
  offer.hidden = false;
}

new IntersectionObserver((seen, observer) => {
  if (!seen.some((entry) => entry.isIntersecting)) return;
  observer.disconnect();
  keep();
}).observe(until);
