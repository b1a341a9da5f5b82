//! Six fake servers that speak as six networks, two of which tell each other everything, and the event that hears them all.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ::networks::{
    Cut, Faults, Happening, Journal, Media, MediaKind, Options, Post, Protocol, Script, Server, serve,
    snowflake_at,
};
use jiff::{Timestamp, ToSpan};
use tokio_util::sync::CancellationToken;

use crate::product::{EVENT, TOKEN};

/// The hashtag that all of them are followed by.
pub(super) const TAG: &str = "everyfest";
/// What the partner signs with.
pub(super) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/// Where the blog is read: through a redirect, and under another ETag each time.
const FEED: &str = "/moved-301/new-etag/feed.xml";

/// The variables that the event names.
pub(super) fn env() -> Vec<(&'static str, String)> {
    vec![("TEST_SECRET", SECRET.to_owned())]
}

/// Now, in microseconds.
pub(super) fn now() -> i64 {
    Timestamp::now().as_microsecond()
}

/// See the module.
pub(super) struct World {
    /// Two Mastodon servers: one streams, the other is asked again and again.
    pub(super) one: Server,
    pub(super) two: Server,
    pub(super) x: Server,
    pub(super) sky: Server,
    pub(super) photos: Server,
    pub(super) blog: Server,
    journals: Vec<PathBuf>,
    serial: u32,
    /// What the other server hears of late: when, which, and whether it is the second that hears it.
    federating: Vec<(usize, Post, bool)>,
    /// Posts of the rounds so far, by network.
    said: Vec<[Post; 3]>,
    // Ends the servers with the world.
    _shutdown: tokio_util::sync::DropGuard,
}

impl World {
    /// On a good day.
    pub(super) async fn kind(dir: &Path) -> Self {
        Self::start(dir, |_| Faults::default()).await
    }

    /// On a bad day.
    pub(super) async fn rough(dir: &Path) -> Self {
        Self::start(dir, rough).await
    }

    async fn start(dir: &Path, faults: fn(Protocol) -> Faults) -> Self {
        let shutdown = CancellationToken::new();
        let mut journals = Vec::new();
        let mut open = async |protocol: Protocol, name: &str, token: Option<&str>| {
            let path = dir.join(name);
            let journal = Journal::file(&path).expect("a journal can be written");
            journals.push(path);
            let options = Options::new(protocol, Script::empty()).faults(faults(protocol)).journal(journal);
            let options = match token {
                Some(token) => options.token(token),
                None => options,
            };
            serve(options, shutdown.clone()).await.expect("a fake network starts")
        };
        let one = open(Protocol::Mastodon, "one", Some(TOKEN)).await;
        let two = open(Protocol::Mastodon, "two", None).await;
        let x = open(Protocol::XV2, "x", Some(TOKEN)).await;
        let sky = open(Protocol::Bluesky, "sky", None).await;
        let photos = open(Protocol::Flickr, "photos", Some(TOKEN)).await;
        let blog = open(Protocol::Feed, "blog", None).await;
        Self {
            one,
            two,
            x,
            sky,
            photos,
            blog,
            journals,
            serial: 0,
            federating: Vec::new(),
            said: Vec::new(),
            _shutdown: shutdown.drop_guard(),
        }
    }

    pub(super) fn journals(&self) -> Vec<PathBuf> {
        self.journals.clone()
    }

    pub(super) fn feed_address(&self) -> String {
        format!("{}{FEED}", self.blog.url())
    }

    /// event.toml: all networks, what is pushed, and what is written on the page.
    pub(super) fn event(&self) -> String {
        self.event_with("", "")
    }

    /// As [`World::event`], with more lines for the two Mastodon servers.
    pub(super) fn event_with(&self, one: &str, two: &str) -> String {
        let [one_url, two_url, x, sky, photos] =
            [&self.one, &self.two, &self.x, &self.sky, &self.photos].map(Server::url);
        let source = |name: &str, kind: &str, more: &str| {
            format!("[[source]]\nname = \"{name}\"\nkind = \"{kind}\"\n{more}\n")
        };
        let token = "token_env = \"TEST_TOKEN\"";
        head()
            + &source("one", "mastodon", &format!("url = \"{one_url}\"\n{token}\n{one}"))
            + &source("two", "mastodon", &format!("url = \"{two_url}\"\npoll_seconds = 1\n{two}"))
            + &source("x", "twitter", &format!("url = \"{x}\"\n{token}\npoll_seconds = 1"))
            + &source("sky", "bluesky", &format!("url = \"{sky}\"\napi_url = \"{sky}\""))
            + &source(
                "photos",
                "flickr",
                &format!("url = \"{photos}\"\nkey_env = \"TEST_TOKEN\"\npoll_seconds = 1"),
            )
            + &source("blog", "feed", &format!("url = \"{}\"\npoll_seconds = 1", self.feed_address()))
            + &source("partner", "hook", "secret_env = \"TEST_SECRET\"")
            + &source("guests", "onsite", "")
    }

    /// A post as it is written now, under an id that grows.
    pub(super) fn post(&mut self, handle: &str, words: &str) -> Post {
        self.serial += 1;
        let at = now();
        Post::new(&snowflake_at(at, self.serial), at, handle, &format!("{words} #{TAG}"))
    }

    /// A photo as it is uploaded now.
    pub(super) fn photo(&mut self, words: &str) -> Post {
        let picture = Media {
            url: "https://live.staticflickr.com/65535/1_b.jpg".into(),
            kind: MediaKind::Photo,
            width: 1024,
            height: 683,
            ..Media::default()
        };
        let post = self.post("cam", words);
        Post {
            title: Some(format!("Photo: {words}")),
            licence: Some("CC BY 4.0".into()),
            media: vec![picture],
            ..post
        }
    }

    /// An article as it is published now.
    pub(super) fn article(&mut self, words: &str) -> Post {
        let post = self.post("blogger", words);
        Post { title: Some(format!("Article: {words}")), ..post }
    }

    /// One post on each network in each round, and now and then a boost, an edit, a post that only a boost brings.
    pub(super) async fn rounds(&mut self, rounds: Range<usize>, pace: Duration) {
        for round in rounds {
            self.round(round);
            tokio::time::sleep(pace).await;
        }
    }

    fn round(&mut self, round: usize) {
        let people = ["ada@one.example", "bo@two.example", "cy@three.example"];
        let toot = self.post(people[round % 3], &format!("Toot {round}: Grüße, 日本語"));
        let tweet = self.post("dana", &format!("Tweet {round} <b>&amp; more"));
        let skeet = self.post(["eve", "fay"][round % 2], &format!("Skeet {round} 🎈"));
        self.federate(round, toot.clone());
        self.x.say(Happening::Post(tweet.clone()));
        self.sky.say(Happening::Post(skeet.clone()));
        let photo = self.photo(&format!("photo {round}"));
        self.photos.say(Happening::Post(photo));
        if round.is_multiple_of(2) {
            let article = self.article(&format!("article {round}"));
            self.blog.say(Happening::Post(article));
        }
        self.said.push([toot, tweet, skeet]);
        if round % 4 == 3 {
            self.boost(round);
        }
        if round % 7 == 6 {
            self.edit(round - 3);
        }
        let (due, later) =
            std::mem::take(&mut self.federating).into_iter().partition(|(at, ..)| *at <= round);
        self.federating = later;
        self.arrive(due);
    }

    /// A toot is on its own server at once, and on the other soon: at once, three rounds later, or, every fifth time, never.
    fn federate(&mut self, round: usize, toot: Post) {
        let is_of_two = toot.author.handle.ends_with("two.example");
        let [home, other] = if is_of_two { [&self.two, &self.one] } else { [&self.one, &self.two] };
        home.say(Happening::Post(toot.clone()));
        match round % 5 {
            0 => {}
            1 | 2 => self.federating.push((round + 3, toot, !is_of_two)),
            _ => other.say(Happening::Post(toot)),
        }
    }

    fn arrive(&self, due: Vec<(usize, Post, bool)>) {
        for (_, toot, is_at_two) in due {
            let server = if is_at_two { &self.two } else { &self.one };
            server.say(Happening::Post(toot));
        }
    }

    /// Somebody boosts what was said two rounds ago, and on X something that nobody here has heard of.
    fn boost(&mut self, round: usize) {
        let [toot, tweet, skeet] = self.said[round - 2].clone();
        let foreign = self.post("zoe", &format!("Tweet that only a retweet brings {round}"));
        for (of, is_x) in [(toot, false), (tweet, true), (foreign, true), (skeet, false)] {
            let boost = self.post("gil", "");
            let boost = Post { text: String::new(), retweet_of: Some(Box::new(of.clone())), ..boost };
            let server = match (is_x, of.text.starts_with("Skeet")) {
                (true, _) => &self.x,
                (false, true) => &self.sky,
                (false, false) => &self.one,
            };
            server.say(Happening::Post(boost));
        }
    }

    fn edit(&mut self, round: usize) {
        let [toot, tweet, skeet] = self.said[round].clone();
        let is_of_two = toot.author.handle.ends_with("two.example");
        let home = if is_of_two { &self.two } else { &self.one };
        for (server, post) in [(home, toot), (&self.x, tweet), (&self.sky, skeet)] {
            let text = format!("Mended: {}", post.text);
            server.say(Happening::Edit(Post { text, edited_at: Some(now()), ..post }));
        }
    }

    /// What is still on its way between the two servers arrives.
    pub(super) fn last_words(&mut self) {
        let due = std::mem::take(&mut self.federating);
        self.arrive(due);
    }
}

fn head() -> String {
    let today = Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let [starts, ends] = [today.saturating_sub(1.day()), today.saturating_add(1.day())];
    format!(
        "slug = \"{EVENT}\"\ntitle = \"Every Fest\"\nstarts = {starts}\nends = {ends}\nhashtags = [\"{TAG}\"]\n\
         onsite = \"open\"\n[onsite_limits]\nburst = 50\nper_minute = 60\n"
    )
}

/// Drops with half a message, things sent twice and late, garbage, oversize, broken chunks, refusals of both kinds.
fn rough(protocol: Protocol) -> Faults {
    let all = Faults {
        seed: 20_260_601,
        half_message: true,
        duplicates_percent: 10.0,
        late_percent: 10.0,
        split_chunks: true,
        reset_seconds: 1,
        ..Faults::default()
    };
    match protocol {
        Protocol::Mastodon => Faults {
            drop_every: 13,
            garbage_every: 5,
            oversize_every: 11,
            oversize_bytes: 2 * 1024 * 1024,
            stream_statuses: vec![0, 429],
            rest_statuses: vec![0, 429, 0, 429],
            ..all
        },
        Protocol::XV2 | Protocol::XV1 => Faults {
            drop_every: 11,
            cut: Cut::Clean,
            garbage_every: 5,
            oversize_every: 9,
            oversize_bytes: 2 * 1024 * 1024,
            stream_statuses: vec![0, 429],
            rest_statuses: vec![0, 429],
            ..all
        },
        Protocol::Bluesky => Faults {
            drop_every: 40,
            garbage_every: 15,
            noise_percent: 30.0,
            handover_lost_ms: 300,
            rest_statuses: vec![0, 500],
            ..all
        },
        Protocol::Flickr => Faults { drop_every: 5, rest_statuses: vec![0, 0, 429], ..all },
        Protocol::Feed => Faults { rest_statuses: vec![0, 0, 429, 0, 503], ..all },
    }
}

/// Every network is in the judge's table with items.
pub(super) fn counts_are_right(said: &str) {
    for network in ["mastodon", "x", "bluesky", "flickr", "feed", "hook", "onsite"] {
        let row = said.lines().find(|line| line.split_whitespace().next() == Some(network));
        let row = row.unwrap_or_else(|| panic!("{network} is in no row:\n{said}"));
        let counts: Vec<usize> =
            row.split_whitespace().skip(1).filter_map(|word| word.parse().ok()).collect();
        // Behind what exists: each transport, then the export; a page of the browser keeps its newest items only.
        assert!(counts[0] > 0 && counts[..5].iter().all(|n| *n == counts[0]), "{row}");
    }
}
