//! Looking again: what happened to posts while nobody listened, as the log remembers them.

use std::sync::Arc;

use async_trait::async_trait;
use model::{Counts, Micros};
use networks::raw::{Asked, Raw, Step, endless, json};
use networks::{Faults, Happening, Post};

use super::{FROM_START, id, network, post, posts};
use crate::mastodon::open;
use crate::source::{Api, Cursor, Kept, Memory, Revision, Since, Source};
use crate::wire::listen::{listen, settings};

/// A log that holds these.
struct Held(Vec<Kept>);

#[async_trait]
impl Memory for Held {
    async fn newest(&self, max: usize) -> Vec<Kept> {
        self.0.iter().take(max).cloned().collect()
    }
}

/// A post that the log holds under the id that this server gave it.
fn kept(host: &str, id: &str) -> Kept {
    Kept {
        uid: format!("mastodon:https://pixels.example/users/ada/statuses/{id}"),
        aliases: vec![format!("mastodon@{host}:{id}")],
        author: "mastodon:https://pixels.example/users/ada".into(),
        when: Micros(0),
        rev: 0,
        counts: Counts::default(),
    }
}

fn source(url: &str, token: Option<&str>, held: Vec<Kept>) -> Box<dyn Source> {
    open(&settings(url, Api::V2, token), Arc::new(Held(held))).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_deleted_or_edited_during_an_outage_is_found_after_a_restart() {
    for token in [Some("secret"), None] {
        // A post every 20 seconds for an hour: what happened to the early ones lies far behind the cursor's overlap.
        let server =
            network((0..=180).map(|n| Happening::Post(post(n * 20))).collect(), Faults::default()).await;
        server.play(181);
        let host = server.addr().to_string();
        let held: Vec<Kept> = (0..=180).rev().map(|n| kept(&host, &id(n * 20))).collect();
        let edit = Post {
            text: "better #rustfest".into(),
            edited_at: Some(super::START + Micros::HOUR),
            ..post(2400)
        };
        server.say(Happening::Edit(edit));
        server.say(Happening::Delete(id(2600)));
        let since = Since { cursor: Some(Cursor(format!("rustfest:{}", id(3600)))), not_before: Micros(0) };
        let source = source(&server.url(), token, held);
        let heard = listen(source.as_ref(), &since, |h| !h.backfills.is_empty()).await;
        let deleted: Vec<&str> = heard.deleted.iter().map(String::as_str).collect();
        assert_eq!(deleted, [format!("mastodon@{host}:{}", id(2600))], "token {token:?}");
        let edited =
            &heard.posts[&format!("mastodon:https://pixels.example/users/ada/statuses/{}", id(2400))];
        assert!(matches!(edited.revision, Revision::EditedAt(_)));
    }
}

fn status(id: &str, fields: &str) -> String {
    format!(
        r##"{{"id":"{id}","uri":"https://a.example/{id}","created_at":"2026-06-01T00:00:00Z","content":"#rustfest {id}","account":{{"acct":"a"}}{fields}}}"##
    )
}

/// A server whose only timeline is what `page` says, and whose single statuses are what `one` says.
async fn timeline(
    page: impl Fn(&Asked) -> Vec<String> + Send + Sync + 'static,
    one: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
) -> Raw {
    let answers = move |asked: &Asked| match asked.path.strip_prefix("/api/v1/statuses/") {
        // A stream that is open and has nothing to say.
        _ if asked.path.starts_with("/api/v1/streaming") => vec![endless("text/event-stream"), Step::Silence],
        Some(id) => one(id).map_or_else(|| json(404, "{}"), |status| json(200, status)),
        None => json(200, format!("[{}]", page(asked).join(","))),
    };
    Raw::serve(answers).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_denies_what_it_has_just_shown_is_not_believed() {
    let server = timeline(|_| vec![status("20", "")], |_| None).await;
    let held = [kept(&server.addr().to_string(), "21"), kept(&server.addr().to_string(), "20")];
    let source = source(&server.url(), None, held.to_vec());
    let heard = listen(source.as_ref(), &FROM_START, |h| !h.backfills.is_empty()).await;
    assert!(heard.deleted.is_empty(), "{:?}", heard.deleted);
    assert_eq!(heard.kinds.get("gone_unproven"), Some(&1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_that_has_lost_its_hashtag_is_told_as_it_is_now() {
    let edited = status("21", r#","edited_at":"2026-06-01T01:00:00Z""#).replace("#rustfest", "nothing of");
    let server = timeline(
        |asked| if asked.query("max_id").is_some() { vec![] } else { vec![status("20", "")] },
        move |id| (id == "21").then(|| edited.clone()),
    );
    let server = server.await;
    let held = vec![kept(&server.addr().to_string(), "21"), kept(&server.addr().to_string(), "20")];
    let heard =
        listen(source(&server.url(), None, held).as_ref(), &FROM_START, |h| !h.backfills.is_empty()).await;
    assert!(matches!(heard.posts["mastodon:https://a.example/21"].revision, Revision::EditedAt(_)));
    assert!(heard.deleted.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_counts_anew_is_walked_from_its_newest_page() {
    let pages = |asked: &Asked| {
        let below: u32 = asked.query("max_id").and_then(|id| id.parse().ok()).unwrap_or(4);
        let above: u64 = asked.query("min_id").and_then(|id| id.parse().ok()).unwrap_or(0);
        (1..below).rev().filter(|id| u64::from(*id) > above).map(|id| status(&id.to_string(), "")).collect()
    };
    for token in [None, Some("s3cret")] {
        let server = timeline(pages, |_| None).await;
        let since = Since { cursor: Some(Cursor(format!("rustfest:{}", id(1)))), not_before: Micros(0) };
        let mut settings = settings(&server.url(), Api::V2, token);
        settings.streaming_url = settings.url.clone();
        let source = open(&settings, Arc::new(Held(vec![]))).unwrap();
        let heard = listen(source.as_ref(), &since, |h| !h.backfills.is_empty()).await;
        assert_eq!(heard.posts.len(), 3, "token {token:?}");
        assert_eq!(heard.cursor, Some(Cursor("rustfest:3".into())));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_is_ready_later_comes_later_and_a_withdrawn_post_goes() {
    let at = |asked: &Asked| match asked.before {
        0..=2 => status(
            "20",
            r#","media_attachments":[{"type":"image","url":null,"remote_url":"https://b.example/1"}]"#,
        ),
        3 => status("20", r#","media_attachments":[{"type":"image","url":"https://a.example/1"}]"#),
        _ => status("20", r#","visibility":"private""#),
    };
    let server = timeline(
        move |asked| if asked.query("max_id").is_some() { vec![] } else { vec![at(asked)] },
        |_| None,
    );
    let server = server.await;
    let heard =
        listen(source(&server.url(), None, vec![]).as_ref(), &FROM_START, |h| !h.deleted.is_empty()).await;
    let post = &heard.posts["mastodon:https://a.example/20"];
    assert_eq!((post.media[0].url.as_str(), post.revision), ("https://a.example/1", Revision::Newer));
    assert_eq!(heard.deleted.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_and_written_anew_is_one_gone_and_one_new() {
    for token in [Some("secret"), None] {
        let server = network(posts(2), Faults::default()).await;
        server.play(2);
        let said = std::cell::Cell::new(false);
        let heard = listen(super::source(&server, token).as_ref(), &FROM_START, |h| {
            if h.posts.len() == 2 && !h.backfills.is_empty() && !said.replace(true) {
                server.say(Happening::Delete(id(1)));
                server.say(Happening::Post(post(5)));
            }
            h.posts.len() == 3 && h.deleted.len() == 1
        })
        .await;
        assert_eq!((heard.posts.len(), heard.deleted.len()), (3, 1), "token {token:?}");
    }
}
