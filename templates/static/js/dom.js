// Building elements. Words of strangers only ever become text nodes here: nothing in this program parses markup.

/** An element with attributes (null, undefined and false are left out) and children (strings become text nodes). */
export function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

/** "1 reply", "2 replies", with the thousands grouped as the server groups them. */
export function count(n, one, many) {
  return `${number(n)} ${n === 1 ? one : many}`;
}

export function number(n) {
  return n.toLocaleString("en-US");
}

/** Microseconds UTC as `<time datetime>` has them: whole seconds, as the server writes them. */
export function iso(micros) {
  return new Date(Math.floor(micros / 1_000_000) * 1000).toISOString();
}

/** An http or https address, parsed; null for everything else. */
export function web(address) {
  try {
    const url = new URL(address);
    return url.protocol === "https:" || url.protocol === "http:" ? url : null;
  } catch {
    return null;
  }
}
