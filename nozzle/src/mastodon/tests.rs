//! Mastodon on the wire, and statuses as it and its relatives were recorded.

use std::sync::Arc;

use model::{Micros, Network, html};
use networks::{Faults, Happening, Options, Post, Protocol, Script, Server, Visibility, snowflake_at};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::{open, status};
use crate::source::{Api, Forgetful, Revision, Since, Source, SourceEnd, Upstream, Wish, Words};
use crate::wire::listen::{Heard, fixture, listen, settings};
use crate::wire::{Event, Reader};

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
    assert!(heard.opened > 10 && heard.oversize > 5, "{} opened, {} oversize", heard.opened, heard.oversize);
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

fn hear(heard: &mut Heard, raw: &str) {
    match status::read(raw.as_bytes()) {
        Ok(status) => heard.take(status.upstream("s.example")),
        Err(malformed) => heard.take(malformed),
    }
}

/// Every object in a document that looks like a status.
fn statuses(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            if map.contains_key("content") && map.contains_key("account") {
                found.push(value.to_string());
            }
            map.values().for_each(|v| statuses(v, found));
        }
        Value::Array(list) => list.iter().for_each(|v| statuses(v, found)),
        _ => {}
    }
}

#[test]
fn recorded_statuses_of_many_servers_are_read() {
    let Some(folder) = fixture("mastodon/entities") else { return };
    let (mut heard, mut found) = (Heard::default(), Vec::new());
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).collect();
    files.sort();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        for document in serde_json::Deserializer::from_str(&text).into_iter::<Value>().map_while(Result::ok) {
            // Whatever it is: reading it as a status must not panic.
            hear(&mut Heard::default(), &document.to_string());
            statuses(&document, &mut found);
        }
    }
    found.iter().for_each(|raw| hear(&mut heard, raw));
    assert!(found.len() > 30, "{}", found.len());
    assert!(!heard.malformed.contains_key("json"), "{:?}", heard.malformed);
    assert!(heard.posts.len() > 20 && heard.posts.values().all(|d| d.network == Network::Mastodon));
    assert!(heard.posts.values().any(|d| matches!(d.revision, Revision::EditedAt(_))));
    assert!(heard.posts.values().any(|d| d.quotes.is_some()), "Akkoma quotes");
}

#[test]
fn recorded_events_are_read() {
    let Some(path) = fixture("mastodon/streaming/events.sse") else { return };
    let bytes = std::fs::read(path).unwrap();
    let (mut names, mut heard) = (Vec::new(), Heard::default());
    let mut reader = Reader::new(1024 * 1024);
    for chunk in bytes.chunks(7) {
        reader.push(chunk, |event| {
            if let Event::Message { name, data } = event {
                if matches!(name.as_str(), "update" | "status.update") {
                    hear(&mut heard, std::str::from_utf8(&data).unwrap());
                }
                names.push(name);
            }
        });
    }
    let count = |name: &str| names.iter().filter(|n| *n == name).count();
    assert_eq!((heard.deliveries, heard.ignored), (4, 1), "one is unlisted");
    assert_eq!((count("update"), count("status.update"), count("filters_changed")), (2, 3, 1), "{names:?}");
}

#[test]
fn odd_statuses_lose_the_odd_field_only() {
    let read = |raw: &str| status::read(raw.as_bytes()).ok().unwrap().upstream("s.example");
    let odd = r#"{"id":12,"uri":"https://a.example/1","created_at":null,"edited_at":"soon","content":null,"visibility":"public",
        "account":{"acct":"bo","url":"https://a.example/@bo","display_name":" ","noindex":true,"avatar":"https://a.example/missing.png"},
        "media_attachments":[{"type":"image","url":null,"preview_url":"https://a.example/p.jpg","meta":{"original":{"width":"3","height":-1}}},
        {"type":"unknown","url":"https://a.example/x"},7],"spoiler_text":"<p>a &amp; b</p>","sensitive":"yes","replies_count":"4",
        "quote":{"state":"accepted","quoted_status_id":"11"},"in_reply_to_id":10,"tags":null,"card":[]}"#;
    let Upstream::Post(draft) = read(odd) else { panic!() };
    assert_eq!(
        (draft.uid.0.as_str(), draft.aliases.as_slice()),
        ("mastodon:https://a.example/1", &["mastodon@s.example:12".to_owned()][..])
    );
    assert_eq!(
        (draft.author.handle.as_str(), draft.author.name.as_str(), draft.author.avatar),
        ("@bo@a.example", "bo", None)
    );
    assert_eq!((draft.media.len(), draft.media[0].width, draft.media[0].height), (1, Some(3), None));
    assert_eq!(
        (draft.cover.as_deref(), draft.wish, draft.revision),
        (Some("a & b"), Wish::NotIndexed, Revision::Original)
    );
    assert_eq!(
        (draft.counts.replies, draft.reply_to.as_deref(), draft.quotes.as_deref()),
        (Some(4), Some("mastodon@s.example:10"), Some("mastodon@s.example:11"))
    );
    for hidden in ["unlisted", "private", "direct", "local"] {
        assert!(matches!(
            read(&odd.replace("\"public\"", &format!("\"{hidden}\""))),
            Upstream::Ignored { .. }
        ));
    }
    let boost = format!(r#"{{"id":"13","uri":"https://b.example/2","reblog":{odd}}}"#);
    assert!(matches!(read(&boost), Upstream::Boost { uid, .. } if uid == "mastodon:https://b.example/2"));
    assert!(matches!(read("{}"), Upstream::Malformed { reason: "no_id", .. }));
}
