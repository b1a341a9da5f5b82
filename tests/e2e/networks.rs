//! Every network at once: one event that hears all of them, on a bad day, killed in the middle. The outside judge finds each
//! post on every open page and in the archive exactly once, and under its own network's name. What people take away, what they
//! ask for, and what an organiser may write wrongly have a file of their own in the folder.

mod consent;
mod leaving;
mod misset;
mod visitors;
mod world;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;
use testkit::Chromium;

use crate::product::{EVENT, Product, Stores};
use crate::real_input::page_ids;
use crate::witness::{Watchers, judging, verdict};
use visitors::Journal;
use world::World;

/// Rounds of posts, one on each network in each round.
const ROUNDS: usize = 36;
/// The process dies before this one.
const DEATH: usize = 16;
const PACE: Duration = Duration::from_millis(120);
const ARRIVE_LIMIT: Duration = Duration::from_secs(90);
const QUIET: Duration = Duration::from_secs(2);
const TOO_LONG: &str = "A message was too long to read.";

/// Posts pushed by a partner, and posts written on the page.
const DELIVERIES: usize = 24;
const GUESTS: usize = 16;

/// What the judge is asked again and again.
struct Evidence<'a> {
    journals: Vec<PathBuf>,
    feed: String,
    watchers: &'a Watchers,
}

impl Evidence<'_> {
    fn judge(&self, export: Option<&Path>, dom: Option<&Path>) -> Command {
        let journals: Vec<&Path> = self.journals.iter().map(PathBuf::as_path).collect();
        let mut command = judging(&journals, &self.watchers.files(), export, dom);
        command.args(["--feed", &self.feed]);
        command
    }

    /// Waits until everything that was said is on every watching page, and the log has stood still for a while.
    async fn wait(&self, product: &Product) {
        let deadline = Instant::now() + ARRIVE_LIMIT;
        let (mut top, mut since) = (0, Instant::now());
        loop {
            let now = top_of(product).await;
            if now != top {
                (top, since) = (now, Instant::now());
            }
            let (is_good, said) = verdict(&mut self.judge(None, None));
            if is_good && since.elapsed() > QUIET {
                return;
            }
            assert!(Instant::now() < deadline, "{said}\n{}\n{}", shown(product), product.output());
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    }
}

/// The newest entry, 0 while nobody answers.
async fn top_of(product: &Product) -> u64 {
    let Ok(answer) = crate::web::get(format!("{}/live/{EVENT}/head.json", product.halley)).await else {
        return 0;
    };
    answer.json::<Value>().await.ok().and_then(|head| head["top"].as_u64()).unwrap_or(0)
}

/// What an organiser is told of the sources.
fn shown(product: &Product) -> String {
    let said = product.place.run_command(&mut product.command(&["event", "show", EVENT]));
    said.stdout + &said.stderr
}

/// Waits until the archive has as many items as the judge counts, and writes its export down.
async fn export(product: &Product, evidence: &Evidence<'_>) -> PathBuf {
    let path = product.place.path().join("export");
    let deadline = Instant::now() + ARRIVE_LIMIT;
    loop {
        let (status, text) = product.get(&format!("/{EVENT}/export.ndjson")).await;
        if status == 200 {
            std::fs::write(&path, text).expect("the temporary directory takes a file");
            if verdict(&mut evidence.judge(Some(&path), None)).0 || Instant::now() > deadline {
                return path;
            }
        }
        assert!(Instant::now() < deadline, "the export answers {status}:\n{}", product.output());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// What a page still shows as missing, by source and reason. A message too long to read stays a hole until the next
/// backfill, which a stream asks for only when it is cut again; that one is true, and may be the last fault of the day.
fn open_gaps(watchers: &Watchers) -> Vec<String> {
    let frames = std::fs::read_to_string(&watchers.files()[0]).expect("the frames can be read");
    let mut open = BTreeMap::new();
    for frame in frames.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        let gap = &frame["gap"];
        if gap["closed"] == false && gap["reason"] != TOO_LONG {
            open.insert(gap["id"].to_string(), format!("{}: {}", gap["source"], gap["reason"]));
        } else {
            open.remove(&gap["id"].to_string());
        }
    }
    open.into_values().collect()
}

async fn every_network_at_once(stores: Stores) {
    let _alone = crate::product::alone().await;
    let dir = tempfile::tempdir().expect("a temporary directory can be made");
    let mut world = World::rough(dir.path()).await;
    world.rounds(0..4, PACE).await;
    let Some(mut product) = Product::start_event(stores, &world.event(), world::env()).await else { return };
    let watchers = Watchers::start(&product);
    let pushed = Journal::new(&dir.path().join("pushed"));
    let (hooks, site) = (product.hooks.clone(), product.site.clone());
    let visitors = async {
        tokio::join!(visitors::partner(&hooks, DELIVERIES, &pushed), visitors::guests(&site, GUESTS, &pushed))
    };
    let day = async {
        world.rounds(4..DEATH, PACE).await;
        product.kill_and_restart(if stores == Stores::Embedded { "up" } else { "nozzle" });
        world.rounds(DEATH..ROUNDS, PACE).await;
        world.last_words();
    };
    tokio::join!(visitors, day);
    product.wait_ready().await;

    let journals = world.journals().into_iter().chain([pushed.path()]).collect();
    let evidence = Evidence { journals, feed: world.feed_address(), watchers: &watchers };
    evidence.wait(&product).await;
    let export = export(&product, &evidence).await;
    let chromium = if stores == Stores::Embedded { Chromium::start().await } else { None };
    let dom = match &chromium {
        Some(chromium) => Some(page_ids(&product, chromium).await),
        None => None,
    };
    let (is_good, said) = verdict(&mut evidence.judge(Some(&export), dom.as_deref()));
    eprintln!("{said}\n{}", shown(&product));
    assert!(is_good, "the judge said:\n{said}");
    world::counts_are_right(&said);
    assert_eq!(open_gaps(&watchers), Vec::<String>::new(), "nothing is missing, so no gap may say so");
    crate::one_truth::check(&mut product).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_post_of_every_network_is_on_every_page_once_though_up_is_killed() {
    every_network_at_once(Stores::Embedded).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_post_of_every_network_is_on_every_page_once_though_the_nozzle_is_killed() {
    every_network_at_once(Stores::Servers).await;
}
