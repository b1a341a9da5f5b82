//! Networks that are asked again and again (Flickr, a feed), at a server that is well until it is told to be ill.

use std::ops::Deref;
use std::sync::{Arc, Mutex};

use model::{Item, Micros};
use networks::raw::{Asked, Raw, Step, answer, json};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::rig::{Ground, Log, now};

/// How often a source is asked for in tests that are not about its own pace.
const OFTEN: &str = "poll_seconds = 5\n";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    Flickr,
    Feed,
}

impl Wire {
    pub(crate) const ALL: [Self; 2] = [Self::Flickr, Self::Feed];

    fn name(self) -> &'static str {
        match self {
            Self::Flickr => "flickr",
            Self::Feed => "feed",
        }
    }

    /// A whole answer with these bytes.
    pub(crate) fn page(self, body: &[u8]) -> Vec<Step> {
        match self {
            Self::Flickr => json(200, body),
            Self::Feed => answer(200, &[("content-type", "application/rss+xml")], body),
        }
    }

    /// A document with these entries.
    pub(crate) fn document(self, entries: &[Entry]) -> Vec<u8> {
        match self {
            Self::Flickr => {
                let photos: Vec<Value> = entries.iter().map(Entry::photo).collect();
                let list =
                    json!({"page": 1, "pages": 1, "perpage": 500, "total": photos.len(), "photo": photos});
                json!({"photos": list, "stat": "ok"}).to_string().into_bytes()
            }
            Self::Feed => {
                let articles: String = entries.iter().map(Entry::article).collect();
                format!(
                    "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Blog</title>\
                     <link>https://blog.example/</link>{articles}</channel></rss>"
                )
                .into_bytes()
            }
        }
    }
}

/// A photo, or an article.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) n: i64,
    /// When it says that it was published, in seconds.
    pub(crate) at: i64,
}

impl Entry {
    /// Published a little earlier than now, so that it is not from the future.
    pub(crate) fn new(n: i64) -> Self {
        Self { n, at: now() / Micros::SECOND - 60 }
    }

    fn title(self) -> String {
        format!("post-{}-", self.n)
    }

    fn photo(&self) -> Value {
        json!({
            "id": (53_000_000_000 + self.n).to_string(), "owner": "7@N01", "ownername": "ada", "secret": "abc",
            "server": "65535", "farm": 66, "title": self.title(), "ispublic": 1, "tags": "rustfest", "media": "photo",
            "dateupload": self.at.to_string(), "lastupdate": self.at.to_string(),
            "url_m": format!("https://live.staticflickr.com/65535/{}_abc.jpg", self.n), "height_m": 300, "width_m": 500,
        })
    }

    fn article(&self) -> String {
        let (title, time) = (self.title(), jiff::Timestamp::from_second(self.at).unwrap());
        let date = time.strftime("%a, %d %b %Y %H:%M:%S GMT");
        format!(
            "<item><title>{title}</title><guid>urn:{title}</guid><link>https://blog.example/{title}</link>\
             <pubDate>{date}</pubDate><category>rustfest</category><description>words</description></item>"
        )
    }
}

/// What the server does with every call while it is ill: given how many came since it fell ill.
type Illness = Arc<dyn Fn(usize) -> Vec<Step> + Send + Sync>;

#[derive(Default)]
struct World {
    entries: Mutex<Vec<Entry>>,
    ill: Mutex<Option<(usize, Illness)>>,
}

/// A source at such a server.
pub(crate) struct Poller {
    world: Arc<World>,
    _raw: Raw,
    ground: Ground,
}

impl Deref for Poller {
    type Target = Ground;

    fn deref(&self) -> &Ground {
        &self.ground
    }
}

impl Poller {
    /// Asked every few seconds; post 1 is there, and has arrived.
    pub(crate) async fn often(wire: Wire) -> Self {
        Self::start(wire, OFTEN).await
    }

    /// Asked as often as the source itself likes.
    pub(crate) async fn at_its_own_pace(wire: Wire) -> Self {
        Self::start(wire, "").await
    }

    async fn start(wire: Wire, pace: &str) -> Self {
        let (world, asked) = (Arc::new(World::default()), Arc::new(Mutex::new(Vec::new())));
        let (served, seen) = (Arc::clone(&world), Arc::clone(&asked));
        let raw = Raw::serve(move |call: &Asked| {
            let mut ill = served.ill.lock().unwrap();
            // Looks at single photos are no polls.
            if call.query("photo_id").is_none() {
                seen.lock().unwrap().push(Instant::now());
            }
            match ill.as_mut() {
                Some((calls, illness)) => {
                    *calls += 1;
                    illness(*calls - 1)
                }
                None => well(wire, &served.entries.lock().unwrap(), call),
            }
        });
        let raw = raw.await.unwrap();
        let settings = match wire {
            Wire::Flickr => {
                format!("kind = \"flickr\"\nkey_env = \"THE_TOKEN\"\n{pace}url = \"{}\"\n", raw.url())
            }
            Wire::Feed => format!("kind = \"feed\"\n{pace}url = \"{}/feed.xml\"\n", raw.url()),
        };
        let ground = Ground::start(wire.name(), &settings, asked).await;
        let poller = Self { world, _raw: raw, ground };
        poller.post(1);
        poller.has(&[1]).await;
        poller
    }

    /// Lets a post be there.
    pub(crate) fn post(&self, n: i64) {
        self.world.entries.lock().unwrap().push(Entry::new(n));
    }

    /// From now on every call is answered so.
    pub(crate) fn falls_ill(&self, illness: impl Fn(usize) -> Vec<Step> + Send + Sync + 'static) {
        *self.world.ill.lock().unwrap() = Some((0, Arc::new(illness)));
    }

    pub(crate) fn recovers(&self) {
        *self.world.ill.lock().unwrap() = None;
    }

    /// Waits until these posts are in the log, each once, and until nothing is missing any more.
    pub(crate) async fn has(&self, wanted: &[i64]) -> Log {
        let log = self.until("posts", |log| wanted.iter().all(|n| self.item(log, *n).is_some())).await;
        assert!(log.new.values().all(|times| *times == 1), "{}: {:?}", self.name, log.new);
        self.until("no open gap", |log| log.is_whole()).await
    }

    pub(crate) fn item<'a>(&self, log: &'a Log, n: i64) -> Option<&'a Item> {
        let title = Entry { n, at: 0 }.title();
        log.items.values().find(|item| serde_json::to_string(item).unwrap().contains(&title))
    }
}

fn well(wire: Wire, entries: &[Entry], call: &Asked) -> Vec<Step> {
    let from = call.query("min_upload_date").and_then(|at| at.parse().ok()).unwrap_or(i64::MIN);
    let newest_first: Vec<Entry> = entries.iter().rev().filter(|entry| entry.at >= from).copied().collect();
    match call.query("photo_id") {
        None => wire.page(&wire.document(&newest_first)),
        Some(id) => {
            let photo = entries.iter().map(Entry::photo).find(|photo| photo["id"] == id);
            json(200, json!({"stat": "ok", "photo": photo}).to_string())
        }
    }
}
