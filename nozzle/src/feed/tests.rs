//! Feeds on the wire: what arrives, what does not come twice, and what each fault leads to.

mod faults;
mod moves;
mod news;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use model::{MediaKind, Micros};
use networks::{Faults, Happening, Media, Options, Post, Protocol, Script, Server, snowflake_at};
use tokio_util::sync::CancellationToken;
use url::Url;

use super::{identity, open};
use crate::source::{Api, Forgetful, Memory, Since, Source, SourceSettings};
use crate::wire::listen::{listen, settings};

const START: i64 = 1_795_000_000_000_000;
const FROM_START: Since = Since { cursor: None, not_before: Micros(0) };

fn id(n: i64) -> String {
    snowflake_at(START + n * Micros::SECOND, 0)
}

fn post(n: i64) -> Post {
    let text = format!("Grüße {n}: <mehr> bei https://example.org/{n}\n\n日本 #RustFest");
    let mut post = Post::new(&id(n), START + n * Micros::SECOND, "ada", &text);
    post.author.name = "Ada & Co".into();
    post.title = Some(format!("Artikel {n} & mehr"));
    post.media = vec![Media { url: format!("https://blog.example/{n}.jpg"), ..Media::default() }];
    post
}

fn posts(n: i64) -> Vec<Happening> {
    (0..n).map(|n| Happening::Post(post(n))).collect()
}

async fn blog(happenings: Vec<Happening>, faults: Faults) -> Server {
    let options = Options::new(Protocol::Feed, Script::as_read(happenings)).faults(faults);
    networks::serve(options, CancellationToken::new()).await.unwrap()
}

fn of(address: &str) -> SourceSettings {
    let poll = Some(Duration::from_millis(20));
    SourceSettings { poll, tags: Vec::new(), ..settings(address, Api::V2, None) }
}

fn source_with(settings: &SourceSettings, memory: Arc<dyn Memory>) -> Box<dyn Source> {
    open(settings, memory).unwrap()
}

fn source(address: &str) -> Box<dyn Source> {
    source_with(&of(address), Arc::new(Forgetful))
}

/// The uid of an article of the fake blog, at the address in the settings.
fn uid(address: &str, id: &str) -> String {
    let feed = Url::parse(address).unwrap();
    format!("feed:{}", identity::native(&feed, &format!("id\n{id}")))
}

fn originals(server: &Server, address: &str) -> BTreeSet<String> {
    let natives = server.journal().originals();
    natives.iter().map(|name| uid(address, name.strip_prefix("feed:").unwrap())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_article_arrives_once_and_whole_in_each_format() {
    for name in ["feed.xml", "atom.xml", "feed.json"] {
        let server = blog(posts(100), Faults::default()).await;
        let address = format!("{}/{name}", server.url());
        let heard =
            listen(source(&address).as_ref(), &FROM_START, |h| h.posts.len() == 100 && h.alive > 6).await;
        assert_eq!(heard.uids(), originals(&server, &address), "{name}");
        assert_eq!((heard.deliveries, heard.opened, heard.limits), (100, 1, 0), "{name}");
        let one = &heard.posts[&uid(&address, &id(7))];
        assert_eq!(one.title.as_deref(), Some("Artikel 7 & mehr"), "{name}");
        assert_eq!(
            (one.author.name.as_str(), one.author.handle.as_str()),
            ("Ada & Co", "blog.example"),
            "{name}"
        );
        assert_eq!(one.url, Some(format!("https://blog.example/articles/{}", id(7))), "{name}");
        assert_eq!(one.author_time, Some(Micros(START + 7 * Micros::SECOND)), "{name}");
        assert_eq!(
            (one.tags.as_slice(), one.lang.as_deref()),
            (&["RustFest".to_owned()][..], Some("en")),
            "{name}"
        );
        assert_eq!((one.media.len(), one.media[0].kind), (1, MediaKind::Photo), "{name}");
        let crate::source::Words::Runs(runs) = &one.words else { panic!("{name}: {:?}", one.words) };
        let text = model::Body(runs.clone()).text();
        assert_eq!(text, "Grüße 7: <mehr> bei https://example.org/7\n\n日本 #RustFest", "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_goes_on_from_the_cursor_and_asks_only_for_what_is_new() {
    let server = blog(posts(60), Faults::default()).await;
    let address = format!("{}/feed.xml", server.url());
    let first =
        listen(source(&address).as_ref(), &FROM_START, |h| h.posts.len() >= 30 && h.cursor.is_some()).await;
    assert!(first.cursor.is_some());
    let since = Since { cursor: first.cursor.clone(), ..FROM_START };
    let heard =
        listen(source(&address).as_ref(), &since, |h| h.posts.contains_key(&uid(&address, &id(59)))).await;
    let both: BTreeSet<String> = first.uids().union(&heard.uids()).cloned().collect();
    assert_eq!(both, originals(&server, &address));
    assert!(heard.deliveries < 60, "not everything again");
    let since = Since { cursor: heard.cursor.clone(), ..FROM_START };
    let quiet = listen(source(&address).as_ref(), &since, |h| h.alive > 3 && !h.backfills.is_empty()).await;
    assert_eq!((quiet.deliveries, quiet.limits), (0, 0), "304 from the first look on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_fails_now_and_then_loses_nothing() {
    let faults =
        Faults { rest_statuses: vec![0, 503, 0, 500, 404, 0, 429], reset_seconds: 1, ..Faults::default() };
    let server = blog(posts(100), faults).await;
    let address = format!("{}/feed.xml", server.url());
    let heard = listen(source(&address).as_ref(), &FROM_START, |h| h.posts.len() == 100).await;
    assert_eq!(heard.uids(), originals(&server, &address));
    assert_eq!(heard.ends.len(), 4, "{:?}", heard.ends);
}
