//! What the source keeps to, over the wire: deletions and closed accounts over a restart, the day's allowance, rules among
//! those of other programs, originals that a retweet only names.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use model::{Counts, Micros};
use networks::raw::{Asked, Raw, Step, endless, json};
use networks::{Faults, Happening, Matching, Options, Post, Protocol, Script, Server, snowflake_at};
use serde_json::{Value, json as value};
use tokio_util::sync::CancellationToken;

use super::open;
use crate::source::{
    AccountChange, Api, Backfilled, Cursor, Forgetful, Kept, Memory, Outlet, Since, Source, SourceEnd,
};
use crate::wire::answer::now;
use crate::wire::listen::{Heard, listen, settings};

const FROM_START: Since = Since { cursor: None, not_before: Micros(0) };

/// What the log held before the start: posts of these ids, the newest first, by these authors.
struct Remembered(Vec<(String, &'static str)>);

#[async_trait]
impl Memory for Remembered {
    async fn newest(&self, max: usize) -> Vec<Kept> {
        let kept = self.0.iter().take(max).map(|(id, author)| Kept {
            uid: format!("x:{id}"),
            aliases: Vec::new(),
            author: format!("x:{author}"),
            when: Micros(0),
            rev: 0,
            counts: Counts::default(),
        });
        kept.collect()
    }
}

/// Ids of posts that were said some seconds ago.
fn id(seconds_ago: i64) -> String {
    snowflake_at(now().0 - seconds_ago * Micros::SECOND, 0)
}

async fn network(protocol: Protocol, posts: i64) -> Server {
    let post = |n: i64| {
        let at = now().0 - (posts - n) * Micros::SECOND;
        Happening::Post(Post::new(&snowflake_at(at, 0), at, "ada", &format!("{n} #rustfest")))
    };
    let options = Options::new(protocol, Script::as_read((0..posts).map(post).collect())).token("secret");
    let options = options.faults(Faults::default()).matching(Matching::ByRule).calls_max(5000);
    networks::serve(options, CancellationToken::new()).await.unwrap()
}

/// A v2 network of which only look-ups say anything.
fn silent(asked: &Asked, lookup: impl Fn(&str) -> Value) -> Vec<Step> {
    let ids = asked.query("ids").unwrap_or_default().replace("%2C", ",");
    match asked.path.as_str() {
        "/2/tweets/search/stream/rules" => json(200, r##"{"data":[{"id":"1","value":"#rustfest"}]}"##),
        "/2/tweets/search/stream" => {
            vec![endless("application/json"), Step::Say(b"\r\n".to_vec()), Step::Silence]
        }
        "/2/tweets" => json(200, lookup(&ids).to_string()),
        _ => json(200, r#"{"meta":{"result_count":0}}"#),
    }
}

fn problem(id: &str, kind: &str) -> Value {
    value!({"resource_type": "tweet", "resource_id": id, "type": format!("https://api.x.com/2/problems/{kind}")})
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_shown_before_a_restart_is_looked_at_again_newest_first() {
    let raw = Raw::serve(|asked| {
        silent(asked, |_| {
            value!({"data": [{"id": "40", "text": "x", "author_id": "7"}],
                "errors": [problem("30", "resource-not-found"), problem("20", "not-authorized-for-resource")]})
        })
    })
    .await
    .unwrap();
    let memory = Remembered(vec![("40".into(), "7"), ("30".into(), "8"), ("20".into(), "9")]);
    let source = open(&settings(&raw.url(), Api::V2, Some("secret")), Arc::new(memory)).unwrap();
    let heard = listen(source.as_ref(), &FROM_START, |h| h.deleted.len() == 1 && h.accounts.len() == 2).await;
    assert_eq!(heard.deleted.into_iter().collect::<Vec<_>>(), ["x:30"]);
    assert!(heard.accounts.contains(&("x:9".to_owned(), AccountChange::Hidden)), "{:?}", heard.accounts);
    assert!(heard.accounts.contains(&("x:7".to_owned(), AccountChange::Back)), "{:?}", heard.accounts);
    let asked = raw.asked().into_iter().find(|asked| asked.path == "/2/tweets").unwrap();
    assert_eq!(asked.query("ids"), Some("40%2C30%2C20"));
}

#[tokio::test(flavor = "multi_thread")]
async fn v1_looks_shown_posts_up_as_well() {
    let server = network(Protocol::XV1, 2).await;
    let gone = id(9999);
    let memory = Remembered(vec![(gone.clone(), "7")]);
    let source = open(&settings(&server.url(), Api::V1, Some("secret")), Arc::new(memory)).unwrap();
    let heard = listen(source.as_ref(), &FROM_START, |h| h.deleted.len() == 1).await;
    assert_eq!(heard.deleted.into_iter().collect::<Vec<_>>(), [format!("x:{gone}")]);
    assert_eq!(heard.posts.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_refuses_look_ups_is_warned_of_and_goes_on() {
    let raw = Raw::serve(|asked| match asked.path.as_str() {
        "/2/tweets" => json(403, r#"{"title":"Client Forbidden"}"#),
        _ => silent(asked, |_| Value::Null),
    })
    .await
    .unwrap();
    let memory = Remembered(vec![("40".into(), "7")]);
    let source = open(&settings(&raw.url(), Api::V2, Some("secret")), Arc::new(memory)).unwrap();
    let heard = listen(source.as_ref(), &FROM_START, |h| !h.warnings.is_empty()).await;
    assert!(heard.warnings[0].contains("deletions are not seen"), "{:?}", heard.warnings);
    assert!(heard.ends.is_empty(), "{:?}", heard.ends);
}

fn rationed(server: &Server, api: Api, posts_max: u64) -> Box<dyn Source> {
    let mut settings = settings(&server.url(), api, Some("secret"));
    settings.posts_a_day_max = Some(posts_max);
    open(&settings, Arc::new(Forgetful)).unwrap()
}

/// One connection, to its end.
async fn streamed(source: &dyn Source) -> (Heard, SourceEnd) {
    let (out, mut live) = Outlet::new(64);
    let (mut heard, mut stream) = (Heard::default(), source.stream(&out));
    let end = loop {
        tokio::select! {
            biased;
            Some(message) = live.recv() => heard.take(message),
            end = &mut stream => break end,
        }
    };
    while let Ok(message) = live.try_recv() {
        heard.take(message);
    }
    (heard, end)
}

fn is_paused(heard: &Heard) -> bool {
    heard.ends.iter().any(|end| matches!(end, SourceEnd::Paused { .. }))
}

#[tokio::test(flavor = "multi_thread")]
async fn at_the_days_allowance_the_stream_closes_and_says_when_it_goes_on() {
    for (protocol, api) in [(Protocol::XV2, Api::V2), (Protocol::XV1, Api::V1)] {
        let server = network(protocol, 60).await;
        let source = rationed(&server, api, 40);
        let (heard, end) = streamed(source.as_ref()).await;
        let SourceEnd::Paused { why, wait } = &end else { panic!("{end}") };
        assert!(why.starts_with("all 40 posts") && why.ends_with("T00:00:00Z"), "{why}");
        assert!(*wait <= Duration::from_secs(300), "{wait:?}");
        assert!((30..=60).contains(&heard.posts.len()), "{}", heard.posts.len());
        assert!(heard.warnings.iter().any(|w| w.contains("of the 40 posts")), "{:?}", heard.warnings);
        // It stays closed, without a connection.
        let (again, end) = streamed(source.as_ref()).await;
        assert!(matches!(end, SourceEnd::Paused { .. }), "{end}");
        assert_eq!((again.opened, again.posts.len()), (0, 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_days_count_survives_a_restart_in_the_cursor() {
    let server = network(Protocol::XV2, 3).await;
    let day = now().0.div_euclid(24 * Micros::HOUR);
    let since = Since { cursor: Some(Cursor(format!("{} {day} 40", id(60)))), not_before: Micros(0) };
    let heard = listen(rationed(&server, Api::V2, 40).as_ref(), &since, is_paused).await;
    assert!(is_paused(&heard), "{:?}", heard.ends);
    let yesterday = Since { cursor: Some(Cursor(format!("{} {} 40", id(60), day - 1))), ..since };
    let heard = listen(rationed(&server, Api::V2, 40).as_ref(), &yesterday, |h| h.posts.len() == 3).await;
    assert!(!is_paused(&heard) && heard.backfills.contains(&Backfilled::Complete), "{:?}", heard.ends);
    let cursor = heard.cursor.expect("a cursor").0;
    assert!(cursor.split(' ').nth(2).is_some_and(|used| used.parse::<u64>().unwrap() > 0), "{cursor}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_original_that_came_without_is_fetched_with_its_retweets_for_it() {
    let page = r##"{"data":[{"id":"91","text":"RT @ada: cut…","referenced_tweets":[{"type":"retweeted","id":"12"}]}],"meta":{"result_count":1}}"##;
    let raw = Raw::serve(move |asked| match asked.path.as_str() {
        "/2/tweets/search/recent" if asked.before == 0 => json(200, page),
        _ => silent(asked, |ids| match ids.split(',').any(|id| id == "12") {
            true => value!({"data": [{"id": "12", "text": "the whole", "author_id": "7", "edit_history_tweet_ids": ["11", "12"]}],
                "includes": {"users": [{"id": "7", "name": "Ada", "username": "ada"}]}}),
            false => value!({}),
        }),
    })
    .await
    .unwrap();
    let source = open(&settings(&raw.url(), Api::V2, Some("secret")), Arc::new(Forgetful)).unwrap();
    let heard = listen(source.as_ref(), &FROM_START, |h| !h.posts.is_empty()).await;
    let original = &heard.posts["x:11"];
    assert_eq!(
        (original.author.handle.as_str(), original.aliases.as_slice()),
        ("@ada", &["x:12".to_owned()][..])
    );
    assert_eq!(heard.boosts.into_iter().collect::<Vec<_>>(), ["x:91"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_of_other_programs_are_left_alone_and_our_old_ones_go() {
    let server = network(Protocol::XV2, 1).await;
    let rules = format!("{}/2/tweets/search/stream/rules", server.url());
    let client = crate::wire::answer::client().unwrap();
    let adds =
        value!({"add": [{"value": "#other", "tag": "theirs"}, {"value": "#old", "tag": "perihelion:test"}]});
    client.post(&rules).bearer_auth("secret").json(&adds).send().await.unwrap();
    let source = open(&settings(&server.url(), Api::V2, Some("secret")), Arc::new(Forgetful)).unwrap();
    listen(source.as_ref(), &FROM_START, |h| h.posts.len() == 1).await;
    let listed: Value = client.get(&rules).bearer_auth("secret").send().await.unwrap().json().await.unwrap();
    let mut values: Vec<&str> =
        listed["data"].as_array().unwrap().iter().filter_map(|r| r["value"].as_str()).collect();
    values.sort_unstable();
    assert_eq!(values, ["#other", "#rustfest"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_is_full_of_rules_makes_room_with_ours_or_says_what_to_do() {
    let full = r#"{"title":"RulesCapExceeded","detail":"Rule's number exceeds the limit","type":"https://api.x.com/2/problems/rule-cap"}"#;
    for (old_label, is_saved) in [("perihelion:test", true), ("theirs", false)] {
        let raw = Raw::serve(move |asked| {
            let body = String::from_utf8_lossy(&asked.body).into_owned();
            match (asked.method.as_str(), asked.path.as_str()) {
                ("GET", "/2/tweets/search/stream/rules") => {
                    json(200, value!({"data": [{"id": "5", "value": "#old", "tag": old_label}]}).to_string())
                }
                ("POST", _) if body.contains("delete") => json(200, "{}"),
                ("POST", _) if asked.before == 1 => json(400, full),
                ("POST", _) => json(201, r##"{"data":[{"id":"6","value":"#rustfest"}]}"##),
                _ => silent(asked, |_| Value::Null),
            }
        })
        .await
        .unwrap();
        let source = open(&settings(&raw.url(), Api::V2, Some("secret")), Arc::new(Forgetful)).unwrap();
        let heard = listen(source.as_ref(), &FROM_START, |h| h.opened > 0 || !h.ends.is_empty()).await;
        assert_eq!(heard.opened > 0, is_saved, "{:?}", heard.ends);
        if !is_saved {
            let end = heard.ends[0].to_string();
            assert!(end.starts_with("misconfigured") && end.contains("delete some"), "{end}");
        }
        let dry = raw.asked().iter().filter(|asked| asked.query("dry_run") == Some("true")).count();
        assert_eq!(dry, 1);
    }
}
