// Three ways to the same objects (design: halley). Each opens from a position, hands over every object it reads, and
// says once that it ended. None of them retries by itself and none keeps a cursor: that is connection.js.

import { isForeign } from "./ask.js";

const POLL_MS_MAX = 40_000;

/** The rungs, best first. Each: (base, position(), {object, end}) -> {close}. end({retry_ms, foreign}): foreign where somebody else answers in the
    server's place, which only an answer to a plain request shows. */
export const LADDER = [webSocket, serverSentEvents, longPoll];

function webSocket(base, position, on) {
  const url = new URL(`${base}/ws?after=${position()}`, location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  const socket = new WebSocket(url);
  return ended(on, (end) => {
    socket.onmessage = (message) => read(message.data, on, end);
    socket.onclose = () => end({});
    socket.onerror = () => end({});
    return () => {
      socket.onmessage = socket.onclose = socket.onerror = null;
      socket.close();
    };
  });
}

function serverSentEvents(base, position, on) {
  const source = new EventSource(new URL(`${base}/sse?after=${position()}`, location.href));
  return ended(on, (end) => {
    source.onmessage = (message) => read(message.data, on, end);
    source.onerror = () => end({});
    return () => source.close();
  });
}

function longPoll(base, position, on) {
  const abort = new AbortController();
  return ended(on, (end) => {
    polls(base, position, on, abort.signal).then(end, () => end({}));
    return () => abort.abort();
  });
}

/** A poll without news is held for long, so the head is asked first: it says at once whether anybody is there. */
async function polls(base, position, on, stopped) {
  const ask = (path) => {
    // Older browsers cannot join the two: theirs is stopped by whoever waits for it.
    const signal = AbortSignal.any?.([stopped, AbortSignal.timeout(POLL_MS_MAX)]) ?? stopped;
    return fetch(new URL(`${base}/${path}`, location.href), { cache: "no-store", redirect: "manual", signal });
  };
  // A server that stops says in milliseconds when to come back; whole seconds would bring everybody in the same moment.
  const later = async (answer) => {
    const { retry_ms } = await answer.json().catch(() => ({}));
    return { retry_ms: retry_ms ?? 1000 * (1 + Math.random()) * Number(answer.headers.get("Retry-After") ?? 0) };
  };
  const head = await ask("head.json");
  if (isForeign(head)) return { foreign: true };
  if (!head.ok) return later(head);
  const told = await head.json();
  if (typeof told.epoch !== "string") return { foreign: true };
  on.object({ head: told });
  while (!stopped.aborted) {
    const answer = await ask(`poll?after=${position()}`);
    if (isForeign(answer)) return { foreign: true };
    if (answer.status === 204) { on.object({ idle: true }); continue; }
    if (!answer.ok) return later(answer);
    const poll = await answer.json();
    if (!Array.isArray(poll.entries)) return { foreign: true };
    on.object({ poll });
  }
  return {};
}

/** Parses one frame; a frame that is no JSON ends the connection (the cursor has not moved, so it is asked for again). */
function read(text, on, end) {
  let object;
  try {
    object = JSON.parse(text);
  } catch {
    return end({});
  }
  return on.object(object);
}

/** Makes `end` speak once, and not at all after close(). */
function ended(on, open) {
  let over = false;
  let close = () => {};
  const end = (how) => {
    if (over) return;
    over = true;
    close();
    on.end(how);
  };
  close = open(end);
  return { close() { over = true; close(); } };
}
