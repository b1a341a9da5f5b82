// Asking our own server for JSON, and telling its answers from those that a network gives in its place: a Wi-Fi that wants a
// log-in answers everything itself, with a page of its own or the way to one. What is not ours is never taken for data.

const ASK_MS_MAX = 20_000;

/** Somebody else has answered. */
export class Foreign extends Error {}

/** Whether an answer cannot be ours: we never lead elsewhere, and say nothing but JSON. */
export function isForeign(answer) {
  if (answer.type === "opaqueredirect" || answer.status === 511) return true;
  return answer.ok && answer.status !== 204 && !/^application\/json\b/.test(answer.headers.get("Content-Type") ?? "");
}

/** The options of a request whose answer can be told from somebody else's, and which does not hang for ever. */
export function told() {
  // Older browsers have no such signal: theirs hangs as long as they like.
  return { redirect: "manual", signal: AbortSignal.timeout?.(ASK_MS_MAX) };
}

/**
 * The answer of one of our own addresses. An event that was renamed tells its scripts where the same is now (300); a redirect is none of
 * ours, and is not followed.
 */
export async function reach(url, options) {
  const said = { ...options, headers: { ...options.headers, "X-Page-Script": "1" } };
  const answer = await fetch(url, said);
  const moved = answer.status === 300 && answer.headers.get("Location");
  return moved && new URL(moved, location.href).origin === location.origin ? fetch(moved, said) : answer;
}

/** What `url` answers; isOurs(object) says whether it has our shape. Throws Foreign for an answer of somebody else. */
export async function ask(url, isOurs, options = {}) {
  const answer = await reach(url, { ...told(), ...options });
  if (isForeign(answer)) throw new Foreign(`${url} was answered by somebody else`);
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  const object = await answer.json();
  if (object === null || typeof object !== "object" || !isOurs(object)) throw new Foreign(`${url} has another shape`);
  return object;
}

/** Waits so many milliseconds, and on until somebody looks at the page: nobody is waited for in a pocket. */
export async function pause(ms) {
  await new Promise((wake) => setTimeout(wake, ms));
  if (document.hidden) await new Promise((wake) => document.addEventListener("visibilitychange", wake, { once: true }));
}
