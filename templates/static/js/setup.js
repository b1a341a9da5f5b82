// Setting up an event: guesses the time zone, suggests the address while the name is written, reads a file, and says that something is being
// waited for. Every page works without it.

/** As the server suggests it: model::event::suggest_slug. */
const SLUG_CHARS_MAX = 32;
/** What a page takes; the server says the rest. */
const FILE_BYTES_MAX = 8 * 1024 * 1024;
/** Bytes that are turned into letters at once. */
const STEP = 0x8000;

const byId = (id) => document.getElementById(id);

/** The name in lower case, without accents, its words joined by "-". */
function suggested(name) {
  const plain = name.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replaceAll("ß", "ss");
  let slug = "";
  for (const word of plain.split(/[^a-z0-9]+/).filter(Boolean)) {
    const longer = slug ? slug + "-" + word : word.slice(0, SLUG_CHARS_MAX);
    if (longer.length > SLUG_CHARS_MAX) break;
    slug = longer;
  }
  return slug;
}

/** The address follows the name until somebody writes one. */
function suggestAddress() {
  const [name, slug] = [byId("title"), byId("slug")];
  if (!name || !slug) return;
  let isOurs = slug.value === "" || slug.value === suggested(name.value);
  slug.addEventListener("input", () => {
    isOurs = slug.value === "";
  });
  name.addEventListener("input", () => {
    if (isOurs) slug.value = suggested(name.value);
  });
}

/** Of an event that is new, the browser's own zone, unless something was written there already. */
function guessZone() {
  const zone = byId("timezone");
  if (!zone || !byId("slug") || document.querySelector("[aria-invalid]")) return;
  const ours = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const isKnown = [...document.querySelectorAll("#zones option")].some((option) => option.value === ours);
  if (isKnown && zone.value === zone.defaultValue) zone.value = ours;
}

/** A file goes along as base64, byte for byte. */
function readFiles() {
  const [box, file] = [byId("by-file"), byId("file")];
  if (!box || !file) return;
  box.hidden = false;
  file.addEventListener("change", async () => {
    const one = file.files[0];
    byId("file64").value = "";
    byId("file_name").value = one ? one.name : "";
    if (!one) return;
    if (one.size > FILE_BYTES_MAX) {
      file.setCustomValidity("This file has more than 8 MiB.");
      file.reportValidity();
      return;
    }
    file.setCustomValidity("");
    const bytes = new Uint8Array(await one.arrayBuffer());
    let letters = "";
    for (let at = 0; at < bytes.length; at += STEP) letters += String.fromCharCode(...bytes.subarray(at, at + STEP));
    byId("file64").value = btoa(letters);
    byId("url").value = "";
  });
}

/** What was pressed says so until the answer is there; a second press is none. */
function sayWaiting() {
  for (const form of document.forms) {
    form.addEventListener("submit", (event) => {
      const button = event.submitter;
      if (form.dataset.sent) {
        event.preventDefault();
        return;
      }
      form.dataset.sent = "1";
      if (!button) return;
      button.setAttribute("aria-busy", "true");
      if (button.dataset.busy) button.textContent = button.dataset.busy;
    });
  }
  // A page that comes back from the browser's memory may be sent again.
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
}

suggestAddress();
guessZone();
readFiles();
sayWaiting();
// A fragment that names a field leads to it, also where it has no line of its own.
if (location.hash.length > 1) document.getElementsByName(location.hash.slice(1))[0]?.scrollIntoView({ block: "center" });
globalThis.perihelion = { ...globalThis.perihelion, setup: true };
