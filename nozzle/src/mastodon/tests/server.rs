//! What a server says about itself: where its streams are, how much may be asked, what it refuses.

use std::sync::Arc;
use std::time::Duration;

use networks::raw::{Asked, Raw, Step, answer, endless, json};

use super::FROM_START;
use crate::mastodon::open;
use crate::source::{Api, Backfilled, Forgetful, Outlet, Source, SourceEnd, Upstream};
use crate::wire::listen::{listen, settings};

const STREAM: &str = "/api/v1/streaming/hashtag";
const TIMELINE: &str = "/api/v1/timelines/tag/rustfest";

fn source(url: &str, token: Option<&str>) -> Box<dyn Source> {
    open(&settings(url, Api::V2, token), Arc::new(Forgetful)).unwrap()
}

fn not_found() -> Vec<Step> {
    json(404, r#"{"error":"Record not found"}"#)
}

/// A stream that is alive and says nothing.
fn quiet() -> Vec<Step> {
    vec![endless("text/event-stream"), Step::Say(b":)\n".to_vec()), Step::Silence]
}

/// A streaming host of its own.
async fn streams() -> Raw {
    Raw::serve(|asked| if asked.path == STREAM { quiet() } else { not_found() }).await.unwrap()
}

async fn hears(server: &Raw) {
    let heard = listen(source(&server.url(), Some("s3cret")).as_ref(), &FROM_START, |h| h.alive > 0).await;
    assert_eq!(heard.opened, 1, "{:?}", heard.ends);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_streaming_host_is_found_by_the_servers_word_or_by_its_redirect() {
    let host = streams().await;
    let ws = host.url().replace("http", "ws");
    let v2 = format!(r#"{{"configuration":{{"urls":{{"streaming":"{ws}"}}}}}}"#);
    let v1 = format!(r#"{{"urls":{{"streaming_api":"{ws}"}}}}"#);
    let redirect = format!("{}/api/v1/streaming", host.url());
    for way in 0..4 {
        let (v2, v1, redirect) = (v2.clone(), v1.clone(), redirect.clone());
        let server = Raw::serve(move |asked: &Asked| match (asked.path.as_str(), way) {
            ("/api/v2/instance", 0) => json(200, &v2),
            ("/api/v2/instance", 3) => json(200, r#"{"configuration":{"urls":{"streaming":null}}}"#),
            ("/api/v1/instance", 1) => json(200, &v1),
            ("/api/v1/streaming", 2) => answer(301, &[("location", &redirect)], ""),
            (STREAM, 3) => quiet(),
            (TIMELINE, _) => json(200, "[]"),
            _ => not_found(),
        });
        let server = server.await.unwrap();
        hears(&server).await;
        let there = if way == 3 { &server } else { &host };
        let asked = there.asked().pop().unwrap();
        assert_eq!(asked.header("authorization"), Some("Bearer s3cret"), "way {way}");
        let nameless = server.asked().into_iter().find(|a| a.path == "/api/v1/streaming");
        assert!(
            nameless.is_none_or(|a| a.header("authorization").is_none()),
            "a redirect is asked for without the token"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_streaming_host_is_remembered_and_found_anew_after_a_failure() {
    let server = Raw::serve(|asked| match (asked.path.as_str(), asked.before) {
        // Ends, refuses, then lives.
        (STREAM, 0) => vec![endless("text/event-stream"), Step::Say(b":)\n".to_vec())],
        (STREAM, 1) => not_found(),
        (STREAM, _) => quiet(),
        (TIMELINE, _) => json(200, "[]"),
        _ => not_found(),
    });
    let server = server.await.unwrap();
    let source = source(&server.url(), Some("s3cret"));
    let (out, mut heard) = Outlet::new(64);
    assert!(matches!(source.stream(&out).await, SourceEnd::Cut(_)));
    assert_eq!(server.times("/api/v2/instance"), 1);
    assert!(matches!(source.stream(&out).await, SourceEnd::Misconfigured(_)));
    assert_eq!(server.times("/api/v2/instance"), 1, "remembered");
    let before = std::iter::from_fn(|| heard.try_recv().ok()).filter(|m| matches!(m, Upstream::Opened));
    assert_eq!(before.count(), 1);
    let opened = async { while !matches!(heard.recv().await, Some(Upstream::Opened)) {} };
    tokio::select! {
        end = source.stream(&out) => panic!("{end:?}"),
        opened = tokio::time::timeout(Duration::from_secs(60), opened) => opened.expect("it opens again"),
    }
    assert_eq!(server.times("/api/v2/instance"), 2, "found anew");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_follows_no_redirect_to_another_host() {
    let other =
        Raw::serve(|asked| if asked.path == STREAM { quiet() } else { json(200, "[]") }).await.unwrap();
    let elsewhere = other.url();
    let server = Raw::serve(move |asked: &Asked| match asked.path.as_str() {
        "/api/v2/instance" | "/api/v1/instance" | "/api/v1/streaming" => not_found(),
        path => answer(302, &[("location", &format!("{elsewhere}{path}"))], ""),
    });
    let server = server.await.unwrap();
    let source = source(&server.url(), Some("s3cret"));
    let (out, _heard) = Outlet::new(64);
    assert!(
        matches!(source.stream(&out).await, SourceEnd::Refused(_)),
        "a stream that has moved is looked for anew"
    );
    assert_eq!(
        source.backfill(&FROM_START, &out).await,
        Backfilled::Complete,
        "a timeline may move, without the token"
    );
    assert!(!other.asked().is_empty());
    assert!(other.asked().iter().all(|asked| asked.header("authorization").is_none()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_used_up_limit_is_waited_for_before_the_server_has_to_say_no() {
    let reset = crate::wire::answer::now().plus(90 * model::Micros::SECOND).timestamp().to_string();
    let server = Raw::serve(move |_| {
        let limit =
            [("x-ratelimit-limit", "300"), ("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", &reset)];
        answer(200, &limit, "[]")
    });
    let server = server.await.unwrap();
    let source = source(&server.url(), None);
    let (out, _heard) = Outlet::new(64);
    let Backfilled::Broken(SourceEnd::WaitFor(wait)) = source.backfill(&FROM_START, &out).await else {
        // One call is all that an empty timeline takes.
        let end = source.stream(&out).await;
        assert!(matches!(&end, SourceEnd::WaitFor(wait) if (80..=90).contains(&wait.as_secs())), "{end}");
        return assert_eq!(server.times(TIMELINE), 1);
    };
    assert!((80..=90).contains(&wait.as_secs()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timeline_that_is_half_there_is_asked_for_again() {
    let server =
        Raw::serve(|asked| if asked.before == 0 { json(206, "[]") } else { json(200, "[]") }).await.unwrap();
    let source = source(&server.url(), None);
    let (out, _heard) = Outlet::new(64);
    assert!(matches!(source.backfill(&FROM_START, &out).await, Backfilled::Broken(SourceEnd::Refused(_))));
    assert_eq!(source.backfill(&FROM_START, &out).await, Backfilled::Complete);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_hashtag_that_falls_silent_ends_them_all() {
    // Real time cannot be waited for, so only the connections are counted here; the limit is the stream's own.
    let server = Raw::serve(|asked| match asked.path.as_str() {
        STREAM if asked.query("tag") == Some("b") => json(503, "{}"),
        STREAM => quiet(),
        _ => not_found(),
    });
    let server = server.await.unwrap();
    let mut settings = settings(&server.url(), Api::V2, Some("s3cret"));
    settings.tags = vec!["a".into(), "b".into()];
    let source = open(&settings, Arc::new(Forgetful)).unwrap();
    let (out, mut heard) = Outlet::new(64);
    assert!(matches!(source.stream(&out).await, SourceEnd::Refused(_)));
    assert!(heard.try_recv().is_err(), "not opened while one of them is refused");
}
