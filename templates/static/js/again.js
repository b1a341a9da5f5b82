// A page that could not be drawn just now is asked for once more by itself, after the time that the server named. Once: what fails twice
// within a minute waits for the reader, so that nobody's open tabs beat upon a server that has trouble already.

const AGAIN_MS_MIN = 60_000;
const main = document.querySelector("[data-again]");
const KEPT = `again ${location.pathname}${location.search}`;

function last() {
  try { return Number(sessionStorage.getItem(KEPT)); } catch { return Date.now(); }
}

function keep() {
  try { sessionStorage.setItem(KEPT, String(Date.now())); return true; } catch { return false; }
}

if (Date.now() - last() > AGAIN_MS_MIN) {
  const seconds = Number(main.dataset.again);
  document.getElementById("again").textContent = `Trying again in ${seconds} s.`;
  setTimeout(() => { if (keep()) location.reload(); }, seconds * 1000);
}
