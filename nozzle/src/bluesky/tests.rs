//! Bluesky on the wire: the source against a host that replays, loses, cuts, stalls and lies.

use std::sync::Arc;
use std::time::Duration;

use model::{Micros, Run};
use networks::{Faults, Happening, Options, Post, Protocol, Script, Server};
use tokio_util::sync::CancellationToken;
use url::Url;

use super::{Bluesky, Tags, Timing};
use crate::source::{Api, Forgetful, Outlet, Since, Source, SourceEnd, SourceSettings, Words};
use crate::wire::listen::{Heard, listen, settings};

mod faults;
mod people;
mod recorded;
mod scan;

pub(super) const START: i64 = 1_783_000_000_000_000;
/// Between two posts: about as dense as the network's own.
const STEP: i64 = 100_000;
pub(super) const FROM_START: Since = Since { cursor: None, not_before: Micros(0) };

fn post(n: i64) -> Post {
    let text = format!("Grüße {n} an @karo.example: #RustFest & <mehr> https://example.org/{n}\n\n日本");
    Post::new(&format!("3m{n}"), START + n * STEP, "ada", &text)
}

fn posts(n: i64) -> Vec<Happening> {
    (0..n).map(|n| Happening::Post(post(n))).collect()
}

pub(super) async fn network(happenings: Vec<Happening>, faults: Faults) -> Server {
    let options =
        Options::new(Protocol::Bluesky, Script::as_read(happenings)).faults(faults).calls_max(100_000);
    networks::serve(options, CancellationToken::new()).await.unwrap()
}

fn at(server: &Server) -> SourceSettings {
    let api_url = Some(Url::parse(&server.url()).unwrap());
    // As people write a stream's address.
    let stream = server.url().replace("http://", "ws://");
    SourceSettings { api_url, ..settings(&stream, Api::V2, None) }
}

fn quick() -> Timing {
    let ms = Duration::from_millis;
    Timing {
        ping_every: ms(200),
        silence_max: ms(1500),
        settle: ms(60),
        quiet: ms(100),
        profile_wait: ms(1500),
        tell_every: ms(20),
    }
}

fn source_with(server: &Server, tags: Tags, timing: Timing) -> Bluesky {
    Bluesky::new(&at(server), Arc::new(Forgetful), tags, timing).unwrap()
}

fn source(server: &Server) -> Bluesky {
    source_with(server, Tags::new(&["rustfest".to_owned()]), quick())
}

fn uid(server: &Server, n: i64) -> String {
    let suffix = format!("/app.bsky.feed.post/3m{n}");
    server.journal().originals().into_iter().find(|uid| uid.ends_with(&suffix)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_arrives_with_its_author_words_links_and_times() {
    let server = network(posts(3), Faults::default()).await;
    let newest = format!("{}@127.0.0.1:", START + 2 * STEP);
    let is_told = |h: &Heard| h.cursor.as_ref().is_some_and(|cursor| cursor.0.starts_with(&newest));
    let heard = listen(&source(&server), &FROM_START, |h| h.posts.len() == 3 && is_told(h)).await;
    let one = &heard.posts[&uid(&server, 1)];
    let did = one.author.id.clone();
    assert!(did.starts_with("did:plc:"));
    assert_eq!((one.author.name.as_str(), one.author.handle.as_str()), ("ada", "@ada.bsky.social"));
    assert_eq!(one.url.as_deref(), Some(format!("https://bsky.app/profile/{did}/post/3m1").as_str()));
    assert_eq!(one.network_time, Some(Micros(START + STEP)));
    assert_eq!(one.author_time, one.network_time);
    let Words::Runs(runs) = &one.words else { panic!("{:?}", one.words) };
    assert_eq!(runs[0], Run::text("Grüße 1 an "));
    assert!(matches!(&runs[1], Run::Mention { mention, url: Some(_) } if mention == "@karo.example"));
    assert_eq!(runs[3], Run::Tag { tag: "RustFest".into() });
    assert_eq!(runs[5], Run::Link { link: "https://example.org/1".into(), text: "example.org/1".into() });
    assert_eq!(runs[6], Run::text("\n\n日本"));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_under_every_fault() {
    let rough = Faults { drop_every: 40, late_percent: 2.0, heartbeat_ms: 50, ..Faults::rough(3) };
    let faults =
        Faults { oversize_every: 35, garbage_every: 9, noise_percent: 50.0, handover_lost_ms: 30, ..rough };
    let server = network(posts(300), faults).await;
    let heard = listen(&source(&server), &FROM_START, |h| h.posts.len() == 300).await;
    let missing: Vec<_> = server.journal().originals().difference(&heard.uids()).cloned().collect();
    let Heard { backfills, ends, opened, cursor, .. } = &heard;
    assert!(
        missing.is_empty(),
        "{missing:?} after {backfills:?}, {opened} opened, {cursor:?}, ended by {ends:?}"
    );
    assert!(heard.opened > 5 && heard.oversize > 3, "{} opened, {} oversize", heard.opened, heard.oversize);
    for reason in ["json", "utf8"] {
        assert!(heard.malformed.contains_key(reason), "{reason}: {:?}", heard.malformed);
    }
    assert!(heard.ends.iter().all(|end| matches!(end, SourceEnd::Cut(_))), "{:?}", heard.ends);
}

/// What one stream says until `enough`, and how it ended if it did.
async fn streamed(source: &Bluesky, enough: impl Fn(&Heard) -> bool) -> (Heard, Option<SourceEnd>) {
    let (out, mut live) = Outlet::new(64);
    let mut heard = Heard::default();
    let mut stream = source.stream(&out);
    loop {
        tokio::select! {
            end = &mut stream => return (heard, Some(end)),
            Some(message) = live.recv() => heard.take(message),
            () = tokio::time::sleep(Duration::from_secs(60)) => panic!("nothing more came"),
        }
        if enough(&heard) {
            return (heard, None);
        }
    }
}
