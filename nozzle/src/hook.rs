//! The hook source: signed deliveries that the world sends to us, on a listener of their own.
//!
//! ```text
//! POST /hooks/{event}/{source}      {event}: the slug; {source}: the source's name
//! ```
//! Signed by [Standard Webhooks](https://www.standardwebhooks.com/) (`webhook-id`, `webhook-timestamp`, `webhook-signature`)
//! or as GitHub signs (`X-Hub-Signature-256`, `X-GitHub-Delivery`, `X-GitHub-Event`). Answered with 2xx after the ledger's
//! commit and not before; a delivery that comes again is answered so again and changes nothing.
//!
//! # The body
//! ```json
//! {"type": "post.created", "timestamp": "2026-06-01T09:30:00Z", "data": {
//!   "id": "42", "text": "Doors open at nine", "title": "Good morning", "url": "https://blog.example/42",
//!   "time": "2026-06-01T09:29:58Z", "lang": "en", "author": {"name": "Ada", "handle": "ada", "url": "...", "avatar": "..."},
//!   "media": [{"url": "https://blog.example/door.jpg", "alt": "An open door", "kind": "photo", "width": 1600, "height": 1067,
//!              "licence": "CC BY 4.0"}],
//!   "warning": "crowds", "reply_to": "41", "tags": ["rustfest"]}}
//! ```
//! - `type`: `post.created`, `post.updated`, `post.deleted`; every other type is answered 2xx, counted and dropped.
//! - `data`: one item, or `{"items": [...]}` with at most 50. Only one of `text`, `html`, `title` and `media` is needed. An
//!   item without `id` goes by the delivery's id. A delete needs the id alone.
//! - `time`: when it was said, by default `timestamp`. `edited`: when it was changed; an update without it takes `timestamp`,
//!   so that updates that come in the wrong order end as the sender has them.
//! - `reply_to`: an item's id of the same source, or a whole uid such as `mastodon:https://...`.
//!
//! GitHub's payloads are read by `github`. Here lives the source; the pieces are in the folder: `secret` and `verify` (who
//! may speak), `body` and `github` (what is said), `taken` (what comes of it), `doors` (which sources are there), `http` and
//! `answer` (the listener), `bucket` (how often).

mod answer;
mod body;
mod bucket;
mod doors;
mod github;
mod http;
mod secret;
mod taken;
mod verify;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chassis::Backoff;
use tokio::time::{Instant, sleep_until};

use crate::source::{Backfilled, Outlet, Rhythm, Since, Source, SourceEnd, SourceSettings, Upstream};
use doors::Door;
use secret::Keys;

pub(crate) use doors::{Doors, Doorway};
pub(crate) use http::{Events, Listen, listen};

/// The `kind` in event.toml.
pub(crate) const KIND: &str = "hook";
/// Longest name of a hook source: it is part of an address.
const NAME_CHARS_MAX: usize = 64;
/// How often the source says that it is there, and after which silence the pump would not believe it.
const ALIVE_EVERY: Duration = Duration::from_secs(30);
const SILENCE_MAX: Duration = Duration::from_secs(300);

/// Opens a source of kind `hook` whose deliveries come in through `doorway`.
///
/// # Errors
/// When its name cannot stand in an address, no `secret_env` is named, or what that variable holds is no secret.
pub(crate) fn open(settings: &SourceSettings, doorway: &Doorway) -> Result<Box<dyn Source>, String> {
    let name = &settings.name;
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.len() > NAME_CHARS_MAX || !name.chars().all(fits) || name.chars().all(|c| c == '.') {
        return Err(format!(
            "name = {name:?} is part of the address /hooks/<event>/<name>: write at most {NAME_CHARS_MAX} letters, digits, - and _"
        ));
    }
    let secret_env = settings.secret_env.clone().ok_or(
        "secret_env is missing; write the name of the environment variable that holds the shared secret \
         (`perihelion event secret` makes one)",
    )?;
    let read = |secret: &chassis::Secret<String>| {
        Keys::read(secret.expose()).map_err(|why| format!("{secret_env}: {why}"))
    };
    let keys = settings.secret.as_ref().map(read).transpose()?.map(Arc::new);
    let hook = Hook {
        name: name.as_str().into(),
        keys,
        secret_env,
        is_held: settings.is_held,
        doorway: doorway.clone(),
    };
    Ok(Box::new(hook))
}

struct Hook {
    name: Arc<str>,
    keys: Option<Arc<Keys>>,
    secret_env: String,
    is_held: bool,
    doorway: Doorway,
}

#[async_trait]
impl Source for Hook {
    fn rhythm(&self) -> Rhythm {
        let second = Duration::from_secs(1);
        Rhythm {
            cut: Backoff::exponential(second, 30 * second).at_least(),
            refused: Backoff::linear(5 * second, 30 * second).at_least(),
            throttled: Backoff::exponential(second, 30 * second).at_least(),
            silence_max: SILENCE_MAX,
        }
    }

    /// Opens its door and hands on what is counted there. The items themselves go from the listener to the sequencer,
    /// because their sender waits for the commit.
    async fn stream(&self, out: &Outlet) -> SourceEnd {
        let Some(keys) = &self.keys else {
            return SourceEnd::NeedsCredentials(format!(
                "set {} to the secret that the sender signs with (`perihelion event secret` makes one), and start again",
                self.secret_env
            ));
        };
        let (door, mut told) = Door::new(&self.name, keys, self.is_held);
        let _open_while_we_listen = self.doorway.open(door);
        if let Err(why) = self.doorway.listening().await {
            return SourceEnd::Refused(why);
        }
        out.send(Upstream::Opened).await;
        let mut beat = Instant::now() + ALIVE_EVERY;
        loop {
            tokio::select! {
                message = told.recv() => match message {
                    Some(message) => out.send(message).await,
                    None => return SourceEnd::Cut("another source of this name has taken its place".to_owned()),
                },
                () = sleep_until(beat) => {
                    beat += ALIVE_EVERY;
                    out.send(Upstream::Alive).await;
                }
            }
        }
    }

    /// There is nothing to fetch: what we did not answer, its sender sends again.
    async fn backfill(&self, _since: &Since, _out: &Outlet) -> Backfilled {
        Backfilled::Complete
    }
}

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;
