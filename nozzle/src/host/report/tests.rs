//! What is said of sources, state by state.

use super::*;

const NOW: Micros = Micros(1_795_189_320_000_000);

const EVENT: &str = r#"slug = "rustfest"
title = "RustFest"
hashtags = ["rustfest"]
onsite = "hold"
[[source]]
name = "fosstodon"
kind = "mastodon"
url = "https://fosstodon.org"
token_env = "FOSSTODON_TOKEN"
[[source]]
name = "blog"
kind = "feed"
url = "https://blog.example/feed"
[[source]]
name = "ticker"
kind = "hook"
secret_env = "TICKER"
"#;

fn settings() -> EventFile {
    EventFile::parse(EVENT).unwrap()
}

fn reported(
    statuses: &[SourceStatus],
    said: &[Vec<Micros>],
    env: &dyn Fn(&str) -> Option<String>,
    now: Micros,
) -> SourcesReport {
    report(&settings(), &Seen { statuses, said, board: &Board::default(), started: NOW }, env, now)
}

fn said(name: &str, state: SourceState) -> SourceReport {
    let status =
        SourceStatus { silence_max: Some(Duration::from_secs(60)), ..SourceStatus::new(name, state, NOW) };
    said_of(&status, NOW.plus(5 * Micros::SECOND))
}

fn said_of(status: &SourceStatus, now: Micros) -> SourceReport {
    let env = |name: &str| (name == "FOSSTODON_TOKEN").then(|| "canary".to_owned());
    let report = reported(std::slice::from_ref(status), &[], &env, now);
    assert!(!format!("{report:?}").contains("canary"));
    report.sources[0].clone()
}

#[test]
fn a_source_that_works_says_how_posts_come() {
    assert_eq!(said("fosstodon", SourceState::Live).state, Doing::Streaming);
    assert_eq!(said("blog", SourceState::Live).state, Doing::Polling);
    assert_eq!(said("ticker", SourceState::Live).state, Doing::Open);
    let report = reported(&[], &[], &|_| None, NOW.plus(Micros::HOUR));
    let page = &report.sources[0];
    assert_eq!(page.since, NOW, "since the start, whenever it is asked for");
    assert_eq!((page.name.as_str(), page.kind.as_str(), page.how), ("onsite", "onsite", How::Written));
    assert_eq!(how(&settings().sources[0], &|_| None), How::Polling, "without a token");
}

#[test]
fn a_source_that_backs_off_says_why_and_until_when() {
    let waits = said("fosstodon", SourceState::Waiting { why: "connection lost: reset".into(), seconds: 8 });
    assert_eq!((waits.state, waits.until), (Doing::BackingOff, Some(NOW.plus(8 * Micros::SECOND))));
    assert_eq!((waits.why.as_deref(), waits.cure), (Some("connection lost: reset"), None));
}

#[test]
fn what_somebody_must_do_is_said_with_the_names_that_they_know() {
    let why = || "401".to_owned();
    let cure = |name, state| said(name, state).cure.unwrap();
    assert!(cure("fosstodon", SourceState::NeedsCredentials { why: why() }).contains("FOSSTODON_TOKEN"));
    assert!(cure("blog", SourceState::NeedsCredentials { why: why() }).contains("token_env"));
    assert!(cure("blog", SourceState::Misconfigured { why: why() }).contains("event.toml"));
}

#[test]
fn a_source_is_stale_after_three_times_its_longest_silence_and_not_before() {
    let silence_max = Some(Duration::from_secs(60));
    let new = SourceStatus::new("fosstodon", SourceState::Live, NOW);
    let status = SourceStatus { silence_max, heard: Some(NOW.plus(Micros::MINUTE)), ..new };
    assert_eq!(said_of(&status, NOW.plus(4 * Micros::MINUTE)).state, Doing::Streaming);
    let stale = said_of(&status, NOW.plus(4 * Micros::MINUTE + 1));
    assert_eq!((stale.state, stale.cure.is_some()), (Doing::Stale, true));
    let back = SourceStatus { since: NOW.plus(Micros::HOUR), ..status };
    let soon = said_of(&back, NOW.plus(Micros::HOUR + Micros::MINUTE));
    assert_eq!(soon.state, Doing::Streaming, "let in again after an outage, and not yet spoken to");
    let hook = SourceStatus::new("ticker", SourceState::Live, NOW);
    assert_eq!(said_of(&hook, NOW.plus(Micros::HOUR)).state, Doing::Open, "nobody has to send anything");
}

#[test]
fn a_source_whose_posts_have_stopped_while_others_go_on_is_stale() {
    let late = NOW.plus(Micros::HOUR);
    let heard = |name| SourceStatus { heard: Some(late), ..SourceStatus::new(name, SourceState::Live, NOW) };
    let each_minute = |last: Micros| (0..16).map(|n| last.plus(-n * Micros::MINUTE)).collect::<Vec<_>>();
    let said_by = |statuses: [SourceStatus; 2]| {
        let said = [each_minute(NOW), each_minute(late)];
        reported(&statuses, &said, &|_| None, late).sources
    };
    let sources = said_by([heard("fosstodon"), heard("blog")]);
    assert_eq!((sources[0].state, sources[1].state), (Doing::Stale, Doing::Polling));
    assert!(sources[0].why.as_ref().unwrap().contains("newest post is 60 min old"), "{:?}", sources[0].why);
    assert!(sources[0].cure.is_some());
    assert_eq!(sources[0].last_item, Some(NOW), "as the ledger remembers it");
    let hook = said_by([heard("ticker"), heard("blog")]);
    assert_eq!(hook[0].state, Doing::Open, "nobody has to send anything");
    let waits = SourceState::Waiting { why: "503".into(), seconds: 9 };
    let waiting = said_by([SourceStatus { state: waits, ..heard("fosstodon") }, heard("blog")]);
    assert_eq!(waiting[0].state, Doing::BackingOff, "it is not connected");
}
