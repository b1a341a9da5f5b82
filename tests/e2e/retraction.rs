//! Words that were taken back: on no address of the product five seconds later, and in no file of it a minute later. One string is planted in
//! everything that a post may hold, on the way of every source that can carry it; everything is read, searched and downloaded; then it is
//! deleted, taken back and removed. The receipts must tell all of it, measured. What is only hidden comes back everywhere.

mod disk;
mod plant;
mod walk;

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::product::{EVENT, Product, Stores};
use plant::{Planted, Sources};
use walk::Walk;

/// What is planted. Nothing else in the test's data is like it.
const PLANTED: &str = "zqwxplantedvkjq";
/// What is hidden and shown again.
const HIDDEN: &str = "zqwxhiddenvkjq";
const PROMISE: Duration = Duration::from_secs(5);
const FILES_PROMISE: Duration = Duration::from_secs(60);
const SOON: Duration = Duration::from_secs(90);

async fn wait(product: &Product, what: &str, limit: Duration, is_so: impl AsyncFn() -> bool) {
    let deadline = Instant::now() + limit;
    while !is_so().await {
        assert!(Instant::now() < deadline, "not in time: {what}\n{}", product.output());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Asks the API as a program that holds the token.
async fn api(product: &Product, path: &str) -> (u16, Value) {
    let token =
        std::fs::read_to_string(product.place.path().join("data/intake-token")).expect("the token was made");
    let url = format!("{}/api/v1/events/{EVENT}/{path}", product.site);
    let answer =
        crate::web::client().get(url).bearer_auth(token.trim()).send().await.expect("the site answers");
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

async fn receipt(product: &Product, id: &str) -> Value {
    api(product, &format!("receipts/{id}")).await.1["receipts"][0].clone()
}

/// Waits until a receipt says that every surface is clean, and holds it to the promises.
async fn settled(product: &Product, id: &str) -> Value {
    wait(product, &format!("the receipt of {id}"), FILES_PROMISE, async || {
        receipt(product, id).await["complete"] == true
    })
    .await;
    let receipt = receipt(product, id).await;
    for clean in receipt["surfaces"].as_array().expect("surfaces") {
        let (surface, after) = (clean["surface"].as_str().expect("a name"), clean["after_ms"].as_u64());
        let is_file = matches!(surface, "ledger" | "tail_files" | "archive_files");
        let limit = if is_file { FILES_PROMISE } else { PROMISE };
        let whole = after.unwrap_or(0) + clean["others_keep_ms"].as_u64().unwrap_or(0);
        // The wall is this test.
        assert!(
            surface == "wall" || Duration::from_millis(whole) <= limit,
            "{surface} took too long: {receipt}"
        );
        let is_there = !matches!(clean["state"].as_str(), Some("absent" | "kept"));
        assert!(is_there == after.is_some(), "{surface} is clean without having been measured: {receipt}");
    }
    receipt
}

async fn taken_back_words_are_nowhere(stores: Stores) {
    let _alone = crate::product::alone().await;
    let sources = Sources::start().await;
    let Some(mut product) = Product::start_event(stores, &sources.event(), Vec::new()).await else { return };
    let planted = Planted::plant(&product, &sources).await;
    let mut walk = Walk::new(&product, &planted).await;
    let held = walk.prime().await;
    for surface in [
        "/feed.atom",
        "/export.ndjson",
        "/export.csv",
        "/embed",
        "/wall",
        "/posts/",
        "/search",
        "/live/",
        "/api/v1/",
    ] {
        assert!(
            held.iter().any(|path| path.contains(surface)),
            "{surface} showed none of it before: {held:?}"
        );
    }
    walk.wall_obeys().await;

    let began = Instant::now();
    planted.take_back(&product, &sources).await;
    let page = || async { product.get(&format!("/{EVENT}")).await.1 };
    wait(&product, "the page without the words", PROMISE, async || !page().await.contains(PLANTED)).await;
    assert_ne!(
        receipt(&product, planted.deleted()).await["complete"],
        true,
        "no wall has said yet that it obeyed"
    );
    walk.wall_obeys().await;
    tokio::time::sleep(PROMISE.saturating_sub(began.elapsed())).await;
    walk.finds_nothing(PLANTED).await;

    for id in planted.gone() {
        let receipt = settled(&product, id).await;
        eprintln!("{stores:?} {receipt}");
    }
    disk::holds_nothing(&product, PLANTED).await;
    assert!(!product.output().contains(PLANTED), "a log holds the words");

    told_apart(&product, &planted).await;
    planted.cannot_come_back(&product).await;
    hidden_comes_back(&product, &planted, &mut walk).await;
    crate::one_truth::check(&mut product).await;
    disk::holds_nothing_stopped(&product, PLANTED);
}

/// Receipts tell who asked, and name nobody.
async fn told_apart(product: &Product, planted: &Planted) {
    let (status, all) = api(product, "receipts").await;
    let told: Vec<String> = all["receipts"]
        .as_array()
        .expect("receipts")
        .iter()
        .map(|receipt| format!("{} {} {}", receipt["what"], receipt["by"], receipt["way"]))
        .collect();
    assert_eq!(status, 200);
    for want in [
        r#""remove" "author" "upstream""#,
        r#""remove" "author" "page""#,
        r#""remove" "moderator" "hand""#,
        r#""hide" "moderator" "hand""#,
    ] {
        assert!(told.iter().any(|told| told == want), "{want}: {told:?}");
    }
    let said = product.place.run(&["moderate", "receipt", EVENT, planted.deleted()]);
    assert!(said.code == Some(0) && said.stdout.contains("archive_files"), "{said:?}");
    let never = product.place.run(&["moderate", "receipt", EVENT, planted.hidden()]);
    assert!(never.stdout.contains("hidden"), "{never:?}");
    assert_eq!(api(product, "receipts/000000000000").await.0, 404);
}

/// What was hidden is on no surface, and is on all of them again once it is shown.
async fn hidden_comes_back(product: &Product, planted: &Planted, walk: &mut Walk<'_>) {
    walk.wall_obeys().await;
    walk.finds_nothing(HIDDEN).await;
    let before = settled(product, planted.hidden()).await;
    let kept =
        before["surfaces"].as_array().expect("surfaces").iter().find(|clean| clean["surface"] == "ledger");
    assert_eq!(kept.expect("the ledger")["state"], "kept", "{before}");
    let shown = product.place.run(&["moderate", "show", EVENT, planted.hidden()]);
    assert_eq!(shown.code, Some(0), "{shown:?}");
    walk.finds_again(HIDDEN).await;
    assert!(receipt(product, planted.hidden()).await["undone"].is_u64());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_taken_back_is_nowhere_in_one_process_on_its_own_files() {
    taken_back_words_are_nowhere(Stores::Embedded).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_taken_back_is_nowhere_in_four_daemons_on_redis_and_postgresql() {
    taken_back_words_are_nowhere(Stores::Servers).await;
}
