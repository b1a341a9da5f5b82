//! Mastodon on the wire.

mod again;
mod odd;
mod server;

use std::sync::Arc;

use model::{Micros, html};
use networks::{Faults, Happening, Options, Post, Protocol, Script, Server, Visibility, snowflake_at};
use tokio_util::sync::CancellationToken;

use super::open;
use crate::source::{Api, Forgetful, Revision, Since, Source, SourceEnd, Words};
use crate::wire::listen::{listen, settings};

const START: i64 = 1_700_000_000_000_000;
const FROM_START: Since = Since { cursor: None, not_before: Micros(0) };

fn id(n: i64) -> String {
    snowflake_at(START + n * Micros::SECOND, 0)
}

fn post(n: i64) -> Post {
    let text =
        format!("Grüße {n} an @karo@other.example: #RustFest & <mehr> https://example.org/{n}\n\n日本");
    Post::new(&id(n), START + n * Micros::SECOND, "ada", &text)
}

fn posts(n: i64) -> Vec<Happening> {
    (0..n).map(|n| Happening::Post(post(n))).collect()
}

async fn network(happenings: Vec<Happening>, faults: Faults) -> Server {
    let options = Options::new(Protocol::Mastodon, Script::as_read(happenings))
        .token("secret")
        .faults(faults)
        .calls_max(5000);
    networks::serve(options, CancellationToken::new()).await.unwrap()
}

fn source(server: &Server, token: Option<&str>) -> Box<dyn Source> {
    open(&settings(&server.url(), Api::V2, token), Arc::new(Forgetful)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_by_stream_under_every_fault() {
    let faults = Faults { drop_every: 40, late_percent: 2.0, heartbeat_ms: 50, ..Faults::rough(3) };
    let server = network(posts(1000), Faults { oversize_every: 35, garbage_every: 9, ..faults }).await;
    let heard =
        listen(source(&server, Some("secret")).as_ref(), &FROM_START, |h| h.posts.len() == 1000).await;
    assert_eq!(server.journal().originals(), heard.uids());
    assert!(heard.opened > 5 && heard.oversize > 3, "{} opened, {} oversize", heard.opened, heard.oversize);
    assert!(
        heard.malformed.contains_key("json") || heard.malformed.contains_key("utf8"),
        "{:?}",
        heard.malformed
    );
    assert!(heard.ends.iter().all(|end| matches!(end, SourceEnd::Cut(_))), "{:?}", heard.ends);
    let one = &heard.posts[&format!("mastodon:https://pixels.example/users/ada/statuses/{}", id(7))];
    assert_eq!(one.aliases, [format!("mastodon@{}:{}", server.addr(), id(7))]);
    let Words::Html(words) = &one.words else { panic!("html") };
    assert_eq!(html::to_body(words).text(), "Grüße 7 an @karo: #RustFest & <mehr> example.org/7\n\n日本");
    assert_eq!(
        (one.author.handle.as_str(), one.author_time),
        ("@ada@pixels.example", Some(Micros(START + 7 * Micros::SECOND)))
    );
    assert_eq!(one.network_time, one.author_time, "fetched late, it still counts as said when it was said");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_by_polling_however_fast_it_comes() {
    let server =
        network(posts(300), Faults { rest_statuses: vec![0, 503, 0, 0, 429], ..Faults::default() }).await;
    let heard = listen(source(&server, None).as_ref(), &FROM_START, |h| h.posts.len() == 300).await;
    assert_eq!(server.journal().originals(), heard.uids());
}

#[tokio::test(flavor = "multi_thread")]
async fn edits_and_deletions_come_by_stream_and_by_polling() {
    for token in [Some("secret"), None] {
        let server = network(posts(5), Faults::default()).await;
        server.play(5);
        let uid = |n| format!("mastodon:https://pixels.example/users/ada/statuses/{}", id(n));
        let gone = format!("mastodon@{}:{}", server.addr(), id(3));
        let edit = Post { text: "better #rustfest".into(), edited_at: Some(START + Micros::HOUR), ..post(1) };
        let said = std::cell::Cell::new(false);
        let heard = listen(source(&server, token).as_ref(), &FROM_START, |h| {
            if h.posts.len() == 5 && !h.backfills.is_empty() && !said.replace(true) {
                server.say(Happening::Edit(edit.clone()));
                server.say(Happening::Delete(id(3)));
            }
            h.deleted.contains(&gone) && matches!(h.posts[&uid(1)].revision, Revision::EditedAt(_))
        })
        .await;
        let edited = &heard.posts[&uid(1)];
        assert_eq!(edited.revision, Revision::EditedAt(Micros(START + Micros::HOUR)), "token {token:?}");
        assert_eq!(heard.deleted.into_iter().collect::<Vec<_>>(), [gone]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_token_needs_somebody_and_a_small_answer_is_no_loss() {
    let server = network(posts(1), Faults::default()).await;
    let (out, _live) = crate::source::Outlet::new(8);
    let end = source(&server, Some("wrong")).stream(&out).await;
    assert!(matches!(end, SourceEnd::NeedsCredentials(_)), "{end}");
    let hidden = Post { visibility: Visibility::Unlisted, ..post(9) };
    server.say(Happening::Post(hidden));
    let heard = listen(source(&server, Some("secret")).as_ref(), &FROM_START, |h| h.posts.len() == 1).await;
    assert_eq!(heard.posts.len(), 1);
    let nowhere = settings("http://127.0.0.1:9", Api::V2, Some("secret"));
    let end = open(&nowhere, Arc::new(Forgetful)).unwrap().stream(&out).await;
    assert!(matches!(end, SourceEnd::Cut(_)), "{end}");
}
