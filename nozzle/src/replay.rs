//! Replays a file of posts: a fake network speaks it on loopback in a real wire format, and the source of that network
//! reads it, so a replay takes every step that a live event takes.
//!
//! ```toml
//! [[source]]
//! name = "last-year"
//! kind = "replay"
//! url = "posts.jsonl?as=x2&speed=60"   # as: x2 (default), x1, mastodon, flickr, bluesky, feed; speed: times real time; without it, as fast as it is read
//! ```
//! The file holds one post a line: an archive of tweets with rtweet's columns, a script of `networks`, or, as `bluesky`, the
//! events of a Jetstream as they were recorded.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chassis::Secret;
use networks::{Matching, Options, Pace, Protocol, Script, Server};
use tokio::sync::OnceCell;
use tokio::time::sleep;
use tokio_util::sync::{CancellationToken, DropGuard};
use url::Url;

use crate::source::{Api, Backfilled, Memory, Outlet, Rhythm, Since, Source, SourceEnd, SourceSettings};
use crate::{bluesky, feed, flickr, mastodon, twitter};

/// After the last post was spoken, what is still on its way gets so long.
const LAST_WORDS: Duration = Duration::from_secs(3);
/// How often a replay looks whether it is over.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// REST calls the replayed network allows in a window.
const CALLS_MAX: u32 = 10_000;
/// Fastest and slowest speed.
const SPEEDS: std::ops::RangeInclusive<f64> = 0.01..=1_000_000.0;

/// Opens a source of kind `replay`. The file itself is read when the stream starts.
///
/// # Errors
/// When `url` names no file, or its settings are unknown.
pub(crate) fn open(settings: &SourceSettings, memory: Arc<dyn Memory>) -> Result<Box<dyn Source>, String> {
    let url = settings.url.as_ref().ok_or("url is missing; write the path of a file of posts")?;
    let path =
        url.to_file_path().map_err(|()| "url is no path of a file; write e.g. posts.jsonl?as=x2&speed=60")?;
    if !path.is_file() {
        return Err(format!("{} is no file", path.display()));
    }
    let (mut protocol, mut speed) = (Protocol::XV2, None);
    for (key, value) in url.query_pairs() {
        match (&*key, &*value) {
            ("as", "x2") => protocol = Protocol::XV2,
            ("as", "x1") => protocol = Protocol::XV1,
            ("as", "mastodon") => protocol = Protocol::Mastodon,
            ("as", "feed") => protocol = Protocol::Feed,
            ("as", "flickr") => protocol = Protocol::Flickr,
            ("as", "bluesky") => protocol = Protocol::Bluesky,
            ("speed", text) => {
                let parsed = text.parse::<f64>().ok().filter(|s| SPEEDS.contains(s));
                speed = Some(parsed.ok_or_else(|| {
                    format!("speed = {text:?} must lie between {} and {}", SPEEDS.start(), SPEEDS.end())
                })?);
            }
            (key, value) => {
                return Err(format!(
                    "{key}={value} is unknown; write as=x2, as=x1, as=mastodon, as=flickr, as=bluesky, as=feed or speed=60"
                ));
            }
        }
    }
    Ok(Box::new(Replay {
        settings: settings.clone(),
        path,
        protocol,
        speed,
        memory,
        played: OnceCell::new(),
    }))
}

struct Replay {
    settings: SourceSettings,
    path: PathBuf,
    protocol: Protocol,
    speed: Option<f64>,
    memory: Arc<dyn Memory>,
    played: OnceCell<Played>,
}

/// The network that speaks and the source that listens.
struct Played {
    network: Server,
    listener: Box<dyn Source>,
    _stops_with_us: DropGuard,
}

impl Replay {
    async fn played(&self) -> Result<&Played, SourceEnd> {
        self.played.get_or_try_init(|| self.start()).await.map_err(SourceEnd::Misconfigured)
    }

    async fn start(&self) -> Result<Played, String> {
        let (path, speed) = (self.path.clone(), self.speed);
        let read = tokio::task::spawn_blocking(move || script(&path, speed));
        let script = read.await.map_err(|e| e.to_string())?.map_err(|e| e.to_string())?;
        let token = "replay";
        let options = Options::new(self.protocol, script)
            .matching(Matching::Everything)
            .calls_max(CALLS_MAX)
            .token(token);
        let stop = CancellationToken::new();
        let network = networks::serve(options, stop.clone()).await.map_err(|e| e.to_string())?;
        let url = Url::parse(&network.url()).map_err(|e| e.to_string())?;
        let settings = SourceSettings {
            url: Some(url.clone()),
            api_url: Some(url),
            streaming_url: None,
            token: Some(Secret::new(token.to_owned())),
            key: Some(Secret::new(token.to_owned())),
            ..self.settings.clone()
        };
        let memory = Arc::clone(&self.memory);
        let listener = match self.protocol {
            Protocol::Mastodon => mastodon::open(&settings, memory)?,
            Protocol::Feed => {
                let url = settings.url.and_then(|url| url.join("feed.xml").ok());
                let (poll, tags) = (Some(LOOK_EVERY), Vec::new());
                feed::open(&SourceSettings { url, poll, tags, ..settings }, memory)?
            }
            Protocol::Flickr => {
                let poll = Some(settings.poll.map_or(LOOK_EVERY, |poll| poll.min(LOOK_EVERY)));
                flickr::open(&SourceSettings { poll, ..settings }, memory)?
            }
            Protocol::Bluesky => bluesky::open_all(&settings, memory)?,
            Protocol::XV2 => twitter::open(&SourceSettings { api: Api::V2, ..settings }, memory)?,
            Protocol::XV1 => twitter::open(&SourceSettings { api: Api::V1, ..settings }, memory)?,
        };
        Ok(Played { network, listener, _stops_with_us: stop.drop_guard() })
    }
}

fn script(path: &Path, speed: Option<f64>) -> Result<Script, networks::Error> {
    let first = std::fs::File::open(path).ok().and_then(|file| BufReader::new(file).lines().next()?.ok());
    let has = |key: &str| first.as_ref().is_some_and(|line| line.contains(key));
    let happenings = if has("\"status_id\"") {
        Script::as_read(networks::rtweet::load(path)?).happenings
    } else if has("\"time_us\"") {
        Script::as_read(networks::bluesky::load(path)?).happenings
    } else {
        networks::config::timed(path)?
    };
    let script = Script { happenings, pace: Pace::AsRead };
    Ok(match speed {
        Some(speed) => script.at_speed(speed),
        None => script,
    })
}

/// Ends when all has been spoken and has had time to arrive.
async fn spoken(network: &Server) {
    loop {
        let (so_far, all) = network.progress();
        if so_far == all {
            return sleep(LAST_WORDS).await;
        }
        sleep(LOOK_EVERY).await;
    }
}

#[async_trait]
impl Source for Replay {
    fn rhythm(&self) -> Rhythm {
        let second = Duration::from_secs(1);
        let steps = chassis::Backoff::exponential(second, 10 * second);
        Rhythm { cut: steps.clone(), refused: steps.clone(), throttled: steps, silence_max: 45 * second }
    }

    async fn stream(&self, out: &Outlet) -> SourceEnd {
        let played = match self.played().await {
            Ok(played) => played,
            Err(end) => return end,
        };
        tokio::select! {
            end = played.listener.stream(out) => end,
            () = spoken(&played.network) => SourceEnd::Finished,
        }
    }

    async fn backfill(&self, since: &Since, out: &Outlet) -> Backfilled {
        match self.played().await {
            Ok(played) => played.listener.backfill(since, out).await,
            Err(end) => Backfilled::Broken(end),
        }
    }
}

#[cfg(test)]
mod tests {
    use model::Micros;

    use super::*;
    use crate::wire::listen::{listen, settings};

    const LINES: &str = r##"{"post":{"id":"955570716073750529","created_at":1516660787000000,"author":{"id":"1","handle":"ada"},"text":"one #rustfest"}}
{"post":{"id":"955641762734800896","created_at":1516677725000000,"author":{"id":"2","handle":"bo"},"text":"two #other"}}
"##;

    fn at(file: &Path, how: &str) -> SourceSettings {
        let mut url = Url::from_file_path(file).unwrap();
        url.set_query(Some(how));
        SourceSettings { url: Some(url), ..settings("http://unused.example", Api::V2, None) }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_file_is_spoken_in_every_wire_format_and_ends() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("posts.jsonl");
        std::fs::write(&file, LINES).unwrap();
        for how in ["as=x2", "as=x1", "as=mastodon", "as=flickr", "as=feed", "as=x2&speed=1000000"] {
            let source = open(&at(&file, how), Arc::new(crate::source::Forgetful)).unwrap();
            let since = Since { cursor: None, not_before: Micros(0) };
            let heard = listen(source.as_ref(), &since, |h| !h.ends.is_empty()).await;
            assert_eq!((heard.posts.len(), heard.ends), (2, vec![SourceEnd::Finished]), "{how}");
        }
    }

    #[test]
    fn what_cannot_be_replayed_is_said_when_it_is_applied() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("posts.jsonl");
        std::fs::write(&file, LINES).unwrap();
        for (settings, want) in [
            (at(&folder.path().join("none.jsonl"), ""), "is no file"),
            (at(&file, "as=gopher"), "as=gopher is unknown"),
            (at(&file, "speed=0"), "must lie between"),
            (SourceSettings { url: None, ..at(&file, "") }, "url is missing"),
        ] {
            let why = open(&settings, Arc::new(crate::source::Forgetful)).err().unwrap();
            assert!(why.contains(want), "{why}");
        }
    }
}
