//! The demo's second day, played fast, and what its public pages and API say of it: what ran late is shown, posts are under the talk
//! that was really on, a talk that moved keeps what was said about it, and what a person has filed stays filed.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use testkit::Process;
use tokio::time::{Instant, sleep};

/// How long anything may take on a busy machine with an unoptimised build.
const PATIENCE: Duration = Duration::from_secs(180);
/// Conference hours pass in seconds; much faster, and an unoptimised build falls behind.
const SPEED: &str = "300";
/// Microseconds in a minute.
const MINUTE: i64 = 60_000_000;

struct Demo {
    process: Process,
    site: String,
    token: String,
    client: Client,
}

impl Demo {
    async fn start(home: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_perihelion"));
        command.args(["demo", "--speed", SPEED, "--data-dir"]).arg(home).env_remove("RUST_LOG");
        let mut process = Process::start(command).unwrap();
        let page = |line: &str| Some(line.trim().strip_suffix("/marginalia")?.to_owned());
        let site = process.wait_line(PATIENCE, page).await.unwrap();
        let token = std::fs::read_to_string(home.join("intake-token")).unwrap().trim().to_owned();
        Self { process, site, token, client: crate::web::client() }
    }

    async fn api(&self, path: &str) -> Option<Value> {
        let url = format!("{}/api/v1/events/marginalia/{path}", self.site);
        let answer = self.client.get(url).bearer_auth(&self.token).send().await.ok()?;
        answer.error_for_status().ok()?.json().await.ok()
    }

    async fn talks(&self) -> BTreeMap<String, Value> {
        let told = self.api("talks").await.unwrap_or_default();
        let talks = told["talks"].as_array().cloned().unwrap_or_default();
        talks.into_iter().filter_map(|talk| Some((talk["code"].as_str()?.to_owned(), talk))).collect()
    }

    /// Waits until the talks say so.
    async fn until(
        &self,
        what: &str,
        is_so: impl Fn(&BTreeMap<String, Value>) -> bool,
    ) -> BTreeMap<String, Value> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let talks = self.talks().await;
            if is_so(&talks) {
                return talks;
            }
            assert!(Instant::now() < deadline, "never: {what}; {}", self.process.output());
            sleep(Duration::from_millis(100)).await;
        }
    }

    async fn page(&self, path: &str) -> String {
        crate::web::get(format!("{}/marginalia{path}", self.site)).await.unwrap().text().await.unwrap()
    }

    /// Every public item as the export has it.
    async fn items(&self) -> Vec<Value> {
        let text = self.page("/export.ndjson").await;
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }
}

fn words(item: &Value) -> String {
    let runs = item["item"]["body"].as_array().cloned().unwrap_or_default();
    runs.iter().filter_map(|run| run.as_str()).collect()
}

/// Of the items whose words hold one of these, how many are filed to the talk, and how many to another one.
fn filed(items: &[Value], phrases: &[&str], talk: &str) -> (usize, usize) {
    let said = |item: &&Value| phrases.iter().any(|phrase| words(item).contains(phrase));
    let state = |item: &Value| item["filing"]["state"].as_str().unwrap_or_default().to_owned();
    let sorted: Vec<&Value> = items.iter().filter(said).filter(|item| state(item) == "filed").collect();
    let right = sorted.iter().filter(|item| item["filing"]["talk"] == talk).count();
    (right, sorted.len() - right)
}

/// Items that were said in a stretch of time and are filed to a talk.
fn said_between(items: &[Value], from: i64, to: i64, talk: &str) -> usize {
    let is_in = |item: &&Value| item["item"]["when"].as_i64().is_some_and(|when| from <= when && when < to);
    let is_filed = |item: &&Value| item["filing"]["state"] == "filed" && item["filing"]["talk"] == talk;
    items.iter().filter(is_in).filter(is_filed).count()
}

/// Lets the conference go on from the morning of its second day.
fn skip_the_first_day(home: &Path) {
    let file = home.join("demo.json");
    let mut state: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    // From 8:50 on the first day to 18:15 is day one; what was played of it counts without the night.
    state["played"] = json!(FIRST_DAY);
    std::fs::write(&file, serde_json::to_vec(&state).unwrap()).unwrap();
}

/// Microseconds that the first day takes: until its last block ends.
const FIRST_DAY: i64 = 9 * 60 * MINUTE;

#[tokio::test(flavor = "multi_thread")]
async fn on_the_second_day_filings_follow_the_stage_and_the_programme_and_persons_stay() {
    chassis::tls::install();
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("demo");
    let mut first = Demo::start(&home).await;
    first.process.interrupt();
    assert!(first.process.wait(PATIENCE).await.unwrap().success(), "{}", first.process.output());
    skip_the_first_day(&home);
    let mut demo = Demo::start(&home).await;

    // The stage: swapped, overrun, twelve minutes late.
    let talks = demo
        .until("Burnout is on, late", |talks| {
            talks.get("BURNOUT").is_some_and(|talk| talk["real"]["source"] == "steward")
        })
        .await;
    let id = |code: &str| talks[code]["id"].as_str().unwrap().to_owned();
    assert_eq!(talks["BURNOUT"]["real"]["late_by_seconds"], 12 * 60, "{}", talks["BURNOUT"]);
    assert_eq!(talks["FILE87"]["real"]["to"], talks["FILE87"]["end"].as_i64().unwrap() + 12 * MINUTE);
    assert_eq!(talks["MAPS"]["real"]["from"], talks["COMPLAIN"]["start"]);
    assert_eq!(talks["COMPLAIN"]["real"]["from"], talks["MAPS"]["start"]);
    assert!(demo.page("/programme").await.contains("12 min late"), "the programme says so");

    // A steward files something before the programme changes.
    let told = demo.api("unsorted").await.unwrap();
    let by_hand = told["items"][0]["id"].as_str().expect("something waits").to_owned();
    let order = json!({"ids": [by_hand], "talk": id("GARDEN")});
    let url = format!("{}/api/v1/events/marginalia/file", demo.site);
    let answer = demo.client.post(url).bearer_auth(&demo.token).json(&order).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);

    // The programme: two rooms change, one talk is called off.
    let moved = demo
        .until("version 1.3", |talks| talks.get("CAPTIONS").is_some_and(|talk| talk["dropped"] == true))
        .await;
    assert_eq!(moved["GARDEN"]["room"]["slug"], "press-hall");
    assert_eq!(moved["ARCHIVE"]["room"]["slug"], "bindery");
    assert_eq!(
        (&moved["GARDEN"]["id"], &moved["ARCHIVE"]["id"]),
        (&talks["GARDEN"]["id"], &talks["ARCHIVE"]["id"])
    );
    demo.until("the last talk is over", |talks| {
        talks.get("LEAVE").is_some_and(|talk| talk["state"] == "over")
    })
    .await;

    let deadline = Instant::now() + PATIENCE;
    let items = loop {
        let items = demo.items().await;
        if items.len() > 1_000 {
            break items;
        }
        assert!(Instant::now() < deadline, "only {} items", items.len());
        sleep(Duration::from_millis(500)).await;
    };
    let mut all = (0, 0);
    for (code, phrases) in [
        ("FILE87", &["still going on", "BRASS BAND", "bet that you will never miss anyone"][..]),
        ("BURNOUT", &["YOU ARE A QUEUE", "Promise less. Out loud", "twelve minutes late and opens"]),
        ("MAPS", &["The river is a cello", "C minor roundabout", "Your bridge is flat"]),
        ("COMPLAIN", &["you left a melon", "Complaint-driven development", "Name the test after the person"]),
        ("GARDEN", &["Desire paths", "deprecated pages make excellent mulch", "Boots, mud and all"]),
        ("ARCHIVE", &["The hole is also true", "box 113", "shopping list from 1931"]),
    ] {
        let (right, wrong) = filed(&items, phrases, &id(code));
        assert!(right >= 1, "{code}: {right} right, {wrong} wrong");
        all = (all.0 + right, all.1 + wrong);
    }
    assert!(all.0 >= 12 && all.1 * 5 <= all.0, "{all:?} right and wrong");
    // What the clock alone would have given to the other talk of the room.
    for (held, planned, when) in [("MAPS", "COMPLAIN", "COMPLAIN"), ("FILE87", "BURNOUT", "FILE87")] {
        let (from, to) =
            (talks[when]["end"].as_i64().unwrap() - 20 * MINUTE, talks[held]["real"]["to"].as_i64().unwrap());
        let count = |code: &str| said_between(&items, from, to, &id(code));
        assert!(
            count(held) >= 5 && count(planned) * 4 <= count(held),
            "{held}: {}, {}",
            count(held),
            count(planned)
        );
    }
    let page = demo.page(&format!("/talks/{}", id("ARCHIVE"))).await;
    assert!(page.contains("Press Hall") && page.contains("Bindery"), "it says where it was: {page}");
    let kept = items.iter().find(|item| item["id"] == by_hand.as_str()).expect("it is public");
    assert_eq!((&kept["filing"]["by"], &kept["filing"]["talk"]), (&json!("person"), &json!(id("GARDEN"))));
    let said = demo.process.output();
    for line in
        ["runs 12 min late", "swap their times", "moves to the Bindery", "is called off", "filed again"]
    {
        assert!(said.contains(line), "{line}: {said}");
    }
    demo.process.interrupt();
    assert!(demo.process.wait(PATIENCE).await.unwrap().success());
}
