//! A recorded conference, spoken by the fake X of both ages as fast as the product reads, with every fault of a bad day: each
//! distinct item is on every watching client exactly once and in order, and in the archive exactly once.

use crate::product::{EVENT, Product, Stores};
use crate::witness::{FakeNetwork, Watchers, judge};
use serde_json::json;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use testkit::{Chromium, Viewport};

/// 7,424 lines, a retweet counting for its original.
pub(crate) const ITEMS: usize = 1932;
const RUN_LIMIT: Duration = Duration::from_secs(240);
const QUIET: Duration = Duration::from_secs(4);

/// The recording; `None` when it is not here (said loudly).
pub(crate) fn recording() -> Option<PathBuf> {
    testkit::fixtures("conference-tweets/rtweet/rstudioconf-2018.jsonl")
}

/// A fake X that speaks the recording.
pub(crate) async fn network(
    dir: &std::path::Path,
    protocol: &str,
    spread_seconds: Option<f64>,
) -> Option<FakeNetwork> {
    let faults = json!({
        "seed": 20_180_203, "drop_every": 500, "half_message": true, "missed_per_drop": 7, "duplicates_percent": 5.0,
        "split_chunks": true, "garbage_every": 97, "oversize_every": 2400, "oversize_bytes": 3_145_728
    });
    let settings = json!({ "protocol": protocol, "rtweet": recording()?, "matching": "everything", "faults": faults, "spread_seconds": spread_seconds });
    Some(FakeNetwork::start(dir, settings).await)
}

/// The source that listens to it.
pub(crate) fn source(protocol: &str, url: &str) -> String {
    let api = if protocol == "x1" { "v1" } else { "v2" };
    format!(
        "[[source]]\nname = \"x\"\nkind = \"twitter\"\napi = \"{api}\"\nurl = \"{url}\"\ntoken_env = \"TEST_TOKEN\"\n"
    )
}

/// Waits until the network has said everything and the log has stood still for a while; returns its last entry.
pub(crate) async fn wait_quiet(product: &Product, network: &FakeNetwork) -> u64 {
    let deadline = Instant::now() + RUN_LIMIT;
    let (mut top, mut since) = (0, Instant::now());
    loop {
        let said = crate::web::get(format!("{}/live/{EVENT}/head.json", product.halley)).await;
        let now = match said {
            Ok(answer) => {
                answer.json::<serde_json::Value>().await.ok().and_then(|h| h["top"].as_u64()).unwrap_or(0)
            }
            Err(_) => 0,
        };
        if now != top {
            (top, since) = (now, Instant::now());
        }
        if network.is_over() && since.elapsed() > QUIET {
            return top;
        }
        assert!(
            Instant::now() < deadline,
            "no end at entry {top}: {}\n{}",
            network.output(),
            product.output()
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Waits until the archive's export holds as many lines as there are items (or stands still), and writes it down.
pub(crate) async fn export(product: &Product) -> PathBuf {
    let deadline = Instant::now() + Duration::from_secs(60);
    let path = product.place.path().join("export.ndjson");
    loop {
        let (status, text) = product.get(&format!("/{EVENT}/export.ndjson")).await;
        if (status == 200 && text.lines().count() >= ITEMS) || Instant::now() > deadline {
            std::fs::write(&path, text).expect("the temporary directory takes a file");
            return path;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// The ids on the live page, top to bottom, once it shows the newest entry.
pub(crate) async fn page_ids(product: &Product, chromium: &Chromium) -> PathBuf {
    let tab = chromium
        .open(&format!("{}/{EVENT}", product.site), Viewport::LAPTOP)
        .await
        .expect("the live page opens");
    tab.wait_until("document.querySelectorAll('article[data-id]').length > 0", Duration::from_secs(60))
        .await
        .expect("the page has items");
    let ids = tab
        .eval_text("[...document.querySelectorAll('article[data-id]')].map(a => a.dataset.id).join('\\n')")
        .await
        .expect("the page answers");
    let path = product.place.path().join("dom");
    std::fs::write(&path, ids + "\n").expect("the temporary directory takes a file");
    path
}

async fn recorded_conference(protocol: &str, stores: Stores) {
    let _alone = crate::product::alone().await;
    let dir = tempfile::tempdir().expect("a temporary directory can be made");
    let Some(network) = network(dir.path(), protocol, None).await else { return };
    let Some(mut product) = Product::start(stores, &source(protocol, &network.url)).await else { return };
    let watchers = Watchers::start(&product);
    let top = wait_quiet(&product, &network).await;
    watchers.wait_top(top, Duration::from_secs(60)).await;
    let export = export(&product).await;
    let chromium = Chromium::start().await;
    let dom = match &chromium {
        Some(chromium) => Some(page_ids(&product, chromium).await),
        None => None,
    };
    judge(&network.journal, &watchers.files(), &export, dom.as_deref(), ITEMS);
    crate::one_truth::check(&mut product).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recorded_conference_over_x_v2_arrives_exactly_once_on_embedded_stores() {
    recorded_conference("x2", Stores::Embedded).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recorded_conference_over_v1_1_arrives_exactly_once_on_embedded_stores() {
    recorded_conference("x1", Stores::Embedded).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recorded_conference_over_x_v2_arrives_exactly_once_on_redis_and_postgresql() {
    recorded_conference("x2", Stores::Servers).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recorded_conference_over_v1_1_arrives_exactly_once_on_redis_and_postgresql() {
    recorded_conference("x1", Stores::Servers).await;
}
