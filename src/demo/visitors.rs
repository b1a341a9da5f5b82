//! Those who send to the product themselves: people who write on the event's own page, and the venue's front desk, which
//! pushes its notes by a signed webhook. Both name what they send, so that a start that goes on sends all of it again and
//! nothing is doubled.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use chassis::Shutdown;
use chassis::clock::Clock;
use networks::hook::{self, Sender};
use networks::{Happening, Post};
use reqwest::Client;
use reqwest::header::{ACCEPT, CONTENT_TYPE, COOKIE, ORIGIN};
use tokio::time::sleep;
use url::Url;

use super::elsewhere::{Note, Place};
use super::stage::{self, Programme, SLUG};

/// How often something is sent before it is given up, and what lies between.
const TRIES: usize = 40;
const AGAIN_AFTER: Duration = Duration::from_millis(500);
/// How long an answer may take.
const ANSWER_WAIT: Duration = Duration::from_secs(10);

/// See the module.
pub(crate) struct Visitors {
    notes: Vec<(i64, Note)>,
    client: Client,
    page: Url,
    desk: Sender,
    rooms: Vec<(String, String)>,
    clock: Clock,
}

impl Visitors {
    /// Visitors of the pages at `site`, and a desk that knows the listener for webhooks at `hooks_port`.
    ///
    /// # Errors
    /// When an address is none, or there can be no HTTP client.
    pub(crate) fn new(
        notes: Vec<(i64, Note)>,
        site: &Url,
        hooks_port: u16,
        programme: &Programme,
        clock: Clock,
    ) -> anyhow::Result<Self> {
        let address = format!("http://127.0.0.1:{hooks_port}/hooks/{SLUG}/{}", stage::DESK);
        let told = clock.clone();
        let desk = Sender::new(&address, stage::desk_secret())?
            .clock(Arc::new(move || told.now() / 1_000_000))
            .retries([AGAIN_AFTER; TRIES]);
        let rooms = programme
            .really
            .iter()
            .filter_map(|talk| Some((talk.code.clone()?, model::event::room_slug(&talk.room))));
        let client = Client::builder().timeout(ANSWER_WAIT).no_proxy().build()?;
        let page = site.join(&format!("{SLUG}/posts"))?;
        Ok(Self { notes, client, page, desk, rooms: rooms.collect(), clock })
    }

    /// Sends everything when its time has come.
    pub(crate) async fn run(self, shutdown: Shutdown) {
        tokio::select! {
            () = self.send_all() => {}
            () = shutdown.triggered() => {}
        }
    }

    async fn send_all(&self) {
        for (n, (at, note)) in self.notes.iter().enumerate() {
            self.clock.sleep_until(*at).await;
            let is_taken = match note.place {
                Place::Onsite { name, talk, text } => self.write(n, name, talk, text).await,
                Place::Desk { text } => self.push(n, *at, text).await,
                Place::Flickr { .. } | Place::Blog { .. } => continue,
            };
            if !is_taken {
                tracing::warn!(note = n, "something that a visitor of the demo wrote was not taken");
            }
        }
    }

    async fn push(&self, n: usize, at: i64, text: &str) -> bool {
        let mut post = Post::new(&format!("note-{n}"), at, "frontdesk", text);
        post.author.name = "Front desk".to_owned();
        match hook::body(&Happening::Post(post), at) {
            Some(body) => self.desk.deliver(&format!("desk-{n}"), &body).await.is_taken(),
            None => false,
        }
    }

    async fn write(&self, n: usize, name: &str, talk: Option<&str>, text: &str) -> bool {
        let room = self.rooms.iter().find(|(code, _)| Some(code.as_str()) == talk).map(|(_, room)| room);
        let fields = [
            ("key", format!("marginalia-visitor-{n:04}")),
            ("name", name.to_owned()),
            ("text", text.to_owned()),
            ("room", room.cloned().unwrap_or_default()),
        ];
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        for _ in 0..TRIES {
            let request = self.client.post(self.page.clone()).body(body.clone());
            let request = request
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .header(ACCEPT, "application/json")
                .header(ORIGIN, self.page.origin().ascii_serialization())
                .header(COOKIE, format!("writer={}", person(name)));
            if request.send().await.is_ok_and(|answer| answer.status().is_success()) {
                return true;
            }
            sleep(AGAIN_AFTER).await;
        }
        false
    }
}

/// The secret in an invented visitor's browser: always the same, so that they are the same person after a second start.
fn person(name: &str) -> String {
    let half = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        (name, salt).hash(&mut hasher);
        hasher.finish()
    };
    format!("{:016x}{:016x}", half(0), half(1))
}
