//! What was deleted or edited upstream is in no live answer, chunk, page, export, ledger row, Redis value or archive row five seconds
//! after we learn of it.

use crate::one_truth::ledger_file;
use crate::product::{EVENT, Product, Stores};
use crate::witness::{FakeNetwork, Watchers};
use live::ledger::LedgerView;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Words that must vanish, and one that must stay.
const GONE: [&str; 3] = ["firstversionwords", "deletedwords", "editedthendeletedwords"];
const STAYS: &str = "secondversionwords";
const LEARN_LIMIT: Duration = Duration::from_secs(90);
const PROMISE: Duration = Duration::from_secs(5);
/// 2018-02-02 18:00 UTC: inside the event of these tests.
const THEN: i64 = 1_517_594_400_000_000;

fn post(n: i64, text: &str, edited_at: Option<i64>) -> Value {
    json!({
        "id": (114_000_000_000_000_000 + n).to_string(), "created_at": THEN + n * 1_000_000, "edited_at": edited_at,
        "author": {"id": "7", "name": "Ada", "handle": "ada@one.example"}, "text": format!("{text} #rstudioconf")
    })
}

/// Everything is posted at once, edited after 6 s, deleted after 8.
fn script() -> String {
    let id = |n: i64| post(n, "", None)["id"].clone();
    let happenings = [
        (500, json!({"post": post(1, GONE[0], None)})),
        (600, json!({"post": post(2, GONE[1], None)})),
        (700, json!({"post": post(3, GONE[2], None)})),
        (800, json!({"post": post(4, "a post that nobody touches", None)})),
        (6_000, json!({"edit": post(1, STAYS, Some(THEN + 60_000_000))})),
        (6_100, json!({"edit": post(3, "the edit of what goes", Some(THEN + 60_000_000))})),
        (8_000, json!({"delete": id(2)})),
        (8_100, json!({"delete": id(3)})),
    ];
    happenings
        .iter()
        .map(|(after_ms, what)| format!("{}\n", json!({"after_ms": after_ms, "what": what})))
        .collect()
}

/// Every text that anybody could fetch or read from a store, by surface.
pub(crate) async fn surfaces(product: &Product) -> Vec<(String, String)> {
    let mut all = Vec::new();
    let mut paths =
        vec![format!("/{EVENT}"), format!("/{EVENT}/programme"), format!("/{EVENT}/export.ndjson")];
    paths.push(format!("/api/v1/events/{EVENT}/items?after=0"));
    for format in ["atom", "rss", "json"] {
        paths.push(format!("/{EVENT}/feed.{format}"));
        paths.push(format!("/{EVENT}/search/feed.{format}?q=rstudioconf"));
    }
    paths.extend(["export.csv", "embed"].map(|path| format!("/{EVENT}/{path}")));
    for path in paths {
        all.push((path.clone(), product.get(&path).await.1));
    }
    let watchers = Watchers::start(product);
    watchers.wait_top(top(product).await, Duration::from_secs(60)).await;
    for file in watchers.files() {
        all.push((file.display().to_string(), std::fs::read_to_string(&file).unwrap_or_default()));
    }
    for n in 0..=top(product).await / 64 {
        let url = format!("{}/live/{EVENT}/chunk/{n}.json", product.halley);
        all.push((
            url.clone(),
            crate::web::get(url).await.expect("halley answers").text().await.unwrap_or_default(),
        ));
    }
    let view = LedgerView::open(&ledger_file(product)).await.expect("the ledger can be read");
    for line in view.lines(0, 1000).await.expect("the ledger can be read") {
        all.push((format!("ledger row {}", line.seq), String::from_utf8_lossy(&line.json).into_owned()));
    }
    let event = view.eid().await.expect("the ledger names its event");
    let settings = archive::Settings {
        url: product.servers.as_ref().map_or("embedded".to_owned(), |s| s.archive_url.clone()),
        data_dir: product.place.path().join("data"),
        statement_cache: true,
    };
    let archived = archive::open(&settings).expect("the address is good").snapshot(event, u32::MAX).await;
    all.push(("archive".to_owned(), format!("{:?}", archived.expect("the archive answers"))));
    if let Some(servers) = &product.servers {
        let items = servers.redis.command(&["LRANGE", &format!("live:{{{event}}}:items"), "0", "-1"]).await;
        all.push(("Redis".to_owned(), items.expect("Redis answers").text()));
    }
    all
}

async fn top(product: &Product) -> u64 {
    let head =
        crate::web::get(format!("{}/live/{EVENT}/head.json", product.halley)).await.expect("halley answers");
    head.json::<Value>().await.expect("a head is JSON")["top"].as_u64().expect("a head has a top")
}

pub(crate) async fn wait_page(product: &Product, limit: Duration, is_so: impl Fn(&str) -> bool) {
    let deadline = Instant::now() + limit;
    loop {
        let page = product.get(&format!("/{EVENT}")).await.1;
        if is_so(&page) {
            return;
        }
        assert!(Instant::now() < deadline, "the live page does not change:\n{page}\n{}", product.output());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn taken_back_words_vanish(stores: Stores) {
    let _alone = crate::product::alone().await;
    let dir = tempfile::tempdir().expect("a temporary directory can be made");
    let file = dir.path().join("script.ndjson");
    std::fs::write(&file, script()).expect("the temporary directory takes a file");
    let settings = json!({"protocol": "mastodon", "script": file, "pace": "clock", "matching": "everything"});
    let network = FakeNetwork::start(dir.path(), settings).await;
    let source = format!(
        "[[source]]\nname = \"one\"\nkind = \"mastodon\"\nurl = \"{}\"\ntoken_env = \"TEST_TOKEN\"\n",
        network.url
    );
    let Some(mut product) = Product::start(stores, &source).await else { return };
    wait_page(&product, LEARN_LIMIT, |page| {
        page.contains(STAYS) && !GONE.iter().any(|words| page.contains(words))
    })
    .await;
    tokio::time::sleep(PROMISE).await;
    let surfaces = surfaces(&product).await;
    for (surface, text) in &surfaces {
        for words in GONE {
            assert!(!text.contains(words), "{words} can still be read: {surface}");
        }
    }
    let kept = surfaces.iter().filter(|(_, text)| text.contains(STAYS)).count();
    assert!(kept >= 6, "the surfaces that were looked at hold what was not taken back");
    crate::one_truth::check(&mut product).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn taken_back_words_vanish_from_every_surface_of_up() {
    taken_back_words_vanish(Stores::Embedded).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn taken_back_words_vanish_from_every_surface_of_the_daemons() {
    taken_back_words_vanish(Stores::Servers).await;
}
