//! Two events at once in one running product: each has its own log, live stream, pages and archive; a schedule that is
//! imported twice changes nothing.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::commands::{done, place, up};
use crate::program::Place;
use crate::web;

const SLUGS: [&str; 2] = ["firstconf", "secondconf"];
const PATIENCE: Duration = Duration::from_secs(60);
const SCHEDULE: &str = r#"{"schedule":{"version":"1","conference":{"days":[{"date":"2026-06-01","rooms":{"Main":[
    {"guid":"g1","date":"2026-06-01T10:00:00+02:00","duration":"01:00","title":"Borrowing","persons":[]}]}}]}}}"#;

fn event_id(place: &Place, slug: &str) -> String {
    let listed = done(place.run(&["event", "list"]));
    let line = listed.lines().find(|line| line.starts_with(slug)).expect("the event is listed");
    line.split_whitespace().nth(1).expect("with its id").to_owned()
}

/// Writes a post as the event's page would, under the same key in every event.
async fn say(place: &Place, intake: &str, slug: &str, words: &str) {
    let token = std::fs::read_to_string(place.path().join("data/intake-token")).expect("the token was made");
    let answer = web::client()
        .post(format!("{intake}/intake/{}/say", event_id(place, slug)))
        .bearer_auth(token.trim())
        .header("Idempotency-Key", "the same key")
        .header("X-Actor", "guest:ada")
        .body(json!({"text": words, "name": "Ada"}).to_string())
        .send()
        .await
        .expect("the intake answers");
    assert_eq!(answer.status(), 201, "{words}");
}

/// What the live log of an event holds, once `words` are in it.
async fn log_with(site: &str, slug: &str, words: &str) -> String {
    let head: Value =
        wait_for(&format!("{site}/live/{slug}/head.json"), "epoch").await.parse().expect("JSON");
    let epoch = head["epoch"].as_str().expect("an epoch");
    wait_for(&format!("{site}/live/{slug}/poll?after={epoch}.0"), words).await
}

async fn wait_for(url: &str, words: &str) -> String {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let text = match web::get(url).await {
            Ok(answer) => answer.text().await.unwrap_or_default(),
            Err(_) => String::new(),
        };
        if text.contains(words) {
            return text;
        }
        assert!(Instant::now() < deadline, "{url} does not say {words:?}: {text}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn two_events_run_at_once_and_share_nothing() {
    chassis::tls::install();
    let (place, intake) = place("embedded");
    let running = up(&place);
    let site = running
        .said()
        .split_whitespace()
        .last()
        .expect("it says its address")
        .trim_end_matches('/')
        .to_owned();
    for slug in SLUGS {
        place.write("event.toml", &format!("slug = \"{slug}\"\ntitle = \"{slug}\"\nonsite = \"open\"\n"));
        let applied = done(place.run(&["event", "apply", "event.toml"]));
        assert!(applied.contains(&format!("created {slug}")), "{applied}");
    }
    for slug in SLUGS {
        say(&place, &intake, slug, &format!("only in {slug}")).await;
    }
    for (slug, other) in [(SLUGS[0], SLUGS[1]), (SLUGS[1], SLUGS[0])] {
        let (ours, theirs) = (format!("only in {slug}"), format!("only in {other}"));
        for text in [
            log_with(&site, slug, &ours).await,
            wait_for(&format!("{site}/{slug}"), &ours).await,
            wait_for(&format!("{site}/{slug}/export.ndjson"), &ours).await,
        ] {
            assert!(!text.contains(&theirs), "{slug} shows what was said at {other}: {text}");
        }
    }
    place.write("schedule.json", SCHEDULE);
    let import = || done(place.run(&["schedule", "import", SLUGS[0], "schedule.json"]));
    assert!(import().contains("is new"));
    // Behind the log stand the sources, with how long ago they were heard.
    let shown = || {
        place
            .run(&["event", "show", SLUGS[0]])
            .stderr
            .split("SOURCE")
            .next()
            .map(str::to_owned)
            .unwrap_or_default()
    };
    let before = shown();
    assert!(before.contains("talks      1"), "{before}");
    assert!(!import().contains("is new"));
    assert_eq!(shown(), before, "the same schedule again writes nothing");
    assert!(place.run(&["event", "show", SLUGS[1]]).stderr.contains("talks      0"));
}
