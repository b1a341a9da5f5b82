//! X on the wire: the fake networks speak, a recorded conference is the text, and every fault they know is switched on.

use std::sync::Arc;

use model::{MediaKind, Micros, Run};
use networks::{
    Cut, Faults, Happening, Matching, Media, Options, Post, Protocol, Script, Server, rtweet, snowflake_at,
};
use tokio_util::sync::CancellationToken;

use super::open;
use crate::source::{Api, Backfilled, Forgetful, Since, SourceEnd, Words};
use crate::wire::listen::{fixture, listen, settings};

const START: i64 = 1_700_000_000_000_000;

fn id(n: i64) -> String {
    snowflake_at(START + n * Micros::SECOND, 0)
}

fn post(n: i64) -> Post {
    let text = format!("Grüße {n} an @karo: Q&A zu #RustFest & <mehr> https://example.org/{n} 日本");
    Post::new(&id(n), START + n * Micros::SECOND, "ada", &text)
}

fn posts(n: i64) -> Vec<Happening> {
    (0..n).map(|n| Happening::Post(post(n))).collect()
}

async fn network(
    protocol: Protocol,
    happenings: Vec<Happening>,
    faults: Faults,
    matching: Matching,
) -> Server {
    let script = Script::as_read(happenings);
    let options =
        Options::new(protocol, script).token("secret").faults(faults).matching(matching).calls_max(5000);
    networks::serve(options, CancellationToken::new()).await.unwrap()
}

fn source(server: &Server, api: Api) -> Box<dyn crate::source::Source> {
    open(&settings(&server.url(), api, Some("secret")), Arc::new(Forgetful)).unwrap()
}

const FROM_START: Since = Since { cursor: None, not_before: Micros(0) };

/// A whole recorded conference under every fault: nothing may be missing.
async fn conference(protocol: Protocol, api: Api, seed: u64) {
    let Some(path) = fixture("conference-tweets/rtweet/rstudioconf-2018.jsonl") else { return };
    let faults = Faults { late_percent: 1.0, ..Faults::rough(seed) };
    let server = network(protocol, rtweet::load(&path).unwrap(), faults, Matching::Everything).await;
    let source = source(&server, api);
    let heard = listen(source.as_ref(), &FROM_START, |h| {
        h.posts.len() >= 1932 && h.backfills.len() > 1 && server.progress() == (7424, 7424)
    })
    .await;
    assert_eq!(server.journal().originals(), heard.uids());
    assert_eq!(heard.posts.len(), 1932);
    assert!(heard.opened > 5 && heard.oversize > 3, "{} opened, {} oversize", heard.opened, heard.oversize);
    assert!(heard.malformed.values().sum::<usize>() > 20, "{:?}", heard.malformed);
    assert!(
        heard.ends.iter().all(|end| matches!(end, SourceEnd::Cut(_) | SourceEnd::Throttled(_))),
        "{:?}",
        heard.ends
    );
    assert!(heard.deliveries > 7000, "{} deliveries", heard.deliveries);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_real_conference_is_lost_over_v2() {
    conference(Protocol::XV2, Api::V2, 5).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_real_conference_is_lost_over_v1() {
    conference(Protocol::XV1, Api::V1, 6).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn both_generations_tell_the_same_post() {
    let mut told = Vec::new();
    for (protocol, api) in [(Protocol::XV2, Api::V2), (Protocol::XV1, Api::V1)] {
        let photo = Media {
            url: "https://pbs.example/1.jpg".into(),
            width: 640,
            height: 480,
            alt: Some("A cat".into()),
            ..Media::default()
        };
        let first = Post { media: vec![photo], sensitive: true, lang: Some("de".into()), ..post(1) };
        let long = Post {
            text: format!("#rustfest {}", "日本 & ".repeat(60)),
            reply_to: Some(id(1)),
            quote: Some(id(0)),
            ..post(2)
        };
        let retweet = Post { retweet_of: Some(Box::new(long.clone())), ..Post::new(&id(3), START, "bo", "") };
        let script = vec![
            Happening::Post(post(0)),
            Happening::Post(first),
            Happening::Post(long),
            Happening::Post(retweet),
        ];
        let server = network(protocol, script, Faults::default(), Matching::ByRule).await;
        let source = source(&server, api);
        let heard = listen(source.as_ref(), &FROM_START, |h| {
            h.posts.len() >= 3 && !h.boosts.is_empty() && !h.backfills.is_empty()
        })
        .await;
        assert_eq!(heard.boosts.iter().collect::<Vec<_>>(), [&format!("x:{}", id(3))]);
        told.push(heard.posts);
    }
    assert_eq!(told[0].keys().collect::<Vec<_>>(), told[1].keys().collect::<Vec<_>>());
    for (two, one) in told[0].values().zip(told[1].values()) {
        assert_eq!(
            (&two.words, &two.media, &two.cover, &two.lang),
            (&one.words, &one.media, &one.cover, &one.lang)
        );
        assert_eq!(
            (&two.reply_to, &two.quotes, two.network_time),
            (&one.reply_to, &one.quotes, one.network_time)
        );
        assert_eq!((&two.author, &two.url), (&one.author, &one.url));
    }
    let first = &told[0][&format!("x:{}", id(1))];
    let Words::Runs(runs) = &first.words else { panic!("runs") };
    let shown: String = runs.iter().map(Run::shown).collect();
    assert_eq!(shown.trim(), "Grüße 1 an @karo: Q&A zu #RustFest & <mehr> example.org/1 日本");
    assert!(
        runs.contains(&Run::Link { link: "https://example.org/1".into(), text: "example.org/1".into() }),
        "{runs:?}"
    );
    assert_eq!((first.media[0].kind, first.media[0].alt.as_deref()), (MediaKind::Photo, Some("A cat")));
    assert_eq!(first.cover.as_deref(), Some(""));
    let long = &told[0][&format!("x:{}", id(2))];
    let Words::Runs(runs) = &long.words else { panic!("runs") };
    assert!(
        runs.iter().map(Run::shown).collect::<String>().ends_with("日本 &"),
        "long posts come whole: {runs:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_keeps_its_identity_and_a_deletion_is_found_out() {
    let server = network(Protocol::XV2, posts(2), Faults::default(), Matching::ByRule).await;
    let source = source(&server, Api::V2);
    let edit = Post { text: "better #rustfest".into(), edited_at: Some(START + Micros::MINUTE), ..post(0) };
    let original = format!("x:{}", id(0));
    let heard = listen(source.as_ref(), &FROM_START, |h| {
        if h.posts.len() == 2
            && !h.backfills.is_empty()
            && server.journal().lines().iter().all(|l| l.kind != "edit")
        {
            server.say(Happening::Edit(edit.clone()));
        }
        h.posts.get(&original).is_some_and(|d| !d.aliases.is_empty())
    })
    .await;
    let edited = &heard.posts[&original];
    assert_eq!(heard.posts.len(), 2);
    assert!(
        matches!(edited.revision, crate::source::Revision::EditedAt(at) if at == Micros(START + Micros::MINUTE))
    );
    assert_eq!(edited.network_time, Some(Micros(START)), "it was said when it was first said");
    // X tells nobody of deletions: what was shown is looked up again.
    let gone = format!("x:{}", id(1));
    let heard = listen(source.as_ref(), &FROM_START, |h| {
        if h.posts.len() == 2 && server.journal().originals().len() == 2 {
            server.say(Happening::Delete(id(1)));
        }
        h.deleted.contains(&gone)
    })
    .await;
    assert_eq!(heard.deleted.into_iter().collect::<Vec<_>>(), [gone]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_network_says_how_a_stream_ends() {
    for (protocol, api) in [(Protocol::XV2, Api::V2), (Protocol::XV1, Api::V1)] {
        let statuses = vec![401, 403, 420, 429, 503, 404];
        let faults = Faults { stream_statuses: statuses, reset_seconds: 30, ..Faults::default() };
        let server = network(protocol, posts(1), faults, Matching::ByRule).await;
        let source = source(&server, api);
        let heard = listen(source.as_ref(), &FROM_START, |h| h.opened > 0).await;
        let ends: Vec<String> = heard.ends.iter().map(|end| end.to_string()).collect();
        assert!(
            ends[0].starts_with("needs credentials") && ends[1].starts_with("needs credentials"),
            "{ends:?}"
        );
        assert!(ends[2].starts_with("told to slow down"), "{ends:?}");
        assert!(ends[3].starts_with("told to wait for"), "{ends:?}");
        assert!(ends[4].starts_with("refused") && ends[5].starts_with("misconfigured"), "{ends:?}");
    }
    let server = network(Protocol::XV2, posts(1), Faults::default(), Matching::ByRule).await;
    let (out, _live) = crate::source::Outlet::new(8);
    for (token, want) in [(None, "set TEST_TOKEN"), (Some("wrong"), "401")] {
        let end =
            open(&settings(&server.url(), Api::V2, token), Arc::new(Forgetful)).unwrap().stream(&out).await;
        assert!(matches!(&end, SourceEnd::NeedsCredentials(why) if why.contains(want)), "{end}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_connection_to_v2_is_throttled_and_rules_are_reused() {
    let server = network(Protocol::XV2, posts(1), Faults::default(), Matching::ByRule).await;
    let first = source(&server, Api::V2);
    let (out, mut live) = crate::source::Outlet::new(8);
    let reading = tokio::spawn(async move { first.stream(&out).await });
    assert!(matches!(live.recv().await, Some(crate::source::Upstream::Opened)));
    let (out, _live) = crate::source::Outlet::new(8);
    let end = source(&server, Api::V2).stream(&out).await;
    assert!(matches!(end, SourceEnd::Throttled(_)), "{end}");
    reading.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn stalls_half_closes_and_clean_ends_are_survived() {
    for (n, cut) in [Cut::Clean, Cut::HalfClose, Cut::Abrupt].into_iter().enumerate() {
        let faults = Faults {
            cut,
            drop_every: 20,
            stall_every: 7,
            stall_ms: 30,
            heartbeat_ms: 20,
            ..Faults::rough(n as u64)
        };
        let server = network(Protocol::XV1, posts(200), faults, Matching::ByRule).await;
        let source = source(&server, Api::V1);
        let heard = listen(source.as_ref(), &FROM_START, |h| h.posts.len() == 200).await;
        assert_eq!(server.journal().originals(), heard.uids(), "{cut:?}");
        assert!(heard.backfills.iter().all(|b| *b == Backfilled::Complete), "{:?}", heard.backfills);
    }
}
