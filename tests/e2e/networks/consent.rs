//! What accounts ask for: who asks not to be indexed is shown live and never archived, or not taken at all, as the event's file
//! says for each source; who asks not to be shown to strangers is never shown. The page about the event says so.

use std::time::{Duration, Instant};

use ::networks::{Author, Happening, Post};
use serde_json::Value;

use super::world::{World, env};
use crate::product::{EVENT, Product, Stores};
use crate::removal::{surfaces, wait_page};
use crate::witness::Watchers;

const LIMIT: Duration = Duration::from_secs(90);
const LIVE_ONLY: [&str; 2] = ["tootliveonly", "skeetliveonly"];
const NEVER: [&str; 2] = ["tootdropped", "skeetnotforstrangers"];
const STAYS: [&str; 2] = ["tootstays", "skeetstays"];

fn by(post: Post, wish: impl Fn(&mut Author)) -> Happening {
    let mut author = post.author.clone();
    wish(&mut author);
    Happening::Post(Post { author, ..post })
}

fn say_all(world: &mut World) {
    let asks_not_to_be_indexed = |author: &mut Author| author.no_index = true;
    let toot = by(world.post("ada@one.example", LIVE_ONLY[0]), asks_not_to_be_indexed);
    world.one.say(toot);
    let toot = by(world.post("bo@two.example", NEVER[0]), asks_not_to_be_indexed);
    world.two.say(toot);
    let skeet = by(world.post("eve", LIVE_ONLY[1]), asks_not_to_be_indexed);
    world.sky.say(skeet);
    let skeet = by(world.post("fay", NEVER[1]), |author| author.no_unauthenticated = true);
    world.sky.say(skeet);
    let stays = world.post("cy@one.example", STAYS[0]);
    world.one.say(Happening::Post(stays));
    let stays = world.post("gil", STAYS[1]);
    world.sky.say(Happening::Post(stays));
}

/// Waits until a source has counted a post that it did not take for this reason.
async fn wait_dropped(product: &Product, source: &str, reason: &str) {
    let deadline = Instant::now() + LIMIT;
    loop {
        let said = product.place.run_command(&mut product.command(&["event", "show", EVENT, "--json"]));
        let report: Value = serde_json::from_str(&said.stdout).unwrap_or_default();
        let sources = report["sources"].as_array().cloned().unwrap_or_default();
        let found = sources.iter().find(|told| told["name"] == source).cloned().unwrap_or_default();
        if found["rejected"][reason].as_u64().is_some_and(|n| n > 0) {
            return;
        }
        assert!(Instant::now() < deadline, "{source} counts no {reason}: {said:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Waits until the archive's export holds what may be archived.
async fn archived(product: &Product) -> String {
    let deadline = Instant::now() + LIMIT;
    loop {
        let export = product.get(&format!("/{EVENT}/export.ndjson")).await.1;
        if STAYS.iter().all(|words| export.contains(words)) {
            return export;
        }
        assert!(Instant::now() < deadline, "the archive does not get them:\n{}", product.output());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn wishes_are_kept(stores: Stores) {
    let _alone = crate::product::alone().await;
    let dir = tempfile::tempdir().expect("a temporary directory can be made");
    let mut world = World::kind(dir.path()).await;
    let event = world.event_with("consent = \"live\"", "consent = \"drop\"");
    let Some(mut product) = Product::start_event(stores, &event, env()).await else { return };
    let watchers = Watchers::start(&product);
    say_all(&mut world);
    wait_page(&product, LIMIT, |page| LIVE_ONLY.iter().chain(&STAYS).all(|words| page.contains(words))).await;
    wait_dropped(&product, "two", "not_indexed").await;
    wait_dropped(&product, "sky", "not_shown").await;

    let export = archived(&product).await;
    assert!(!LIVE_ONLY.iter().any(|words| export.contains(words)), "{export}");
    watchers.wait_top(super::top_of(&product).await, LIMIT).await;
    for file in watchers.files() {
        let text = std::fs::read_to_string(&file).expect("the frames can be read");
        assert!(LIVE_ONLY.iter().all(|words| text.contains(words)), "{}", file.display());
    }
    for (surface, text) in surfaces(&product).await {
        assert!(!NEVER.iter().any(|words| text.contains(words)), "{surface}: {text}");
        if surface == "archive" {
            assert!(!LIVE_ONLY.iter().any(|words| text.contains(words)), "{surface}: {text}");
        }
    }
    let (status, about) = product.get(&format!("/{EVENT}/about")).await;
    assert_eq!(status, 200);
    let told = |name: &str| {
        let at =
            about.find(&format!("{name} <span")).unwrap_or_else(|| panic!("{name} is not told:\n{about}"));
        about[at..].split("</li>").next().unwrap_or_default().to_owned()
    };
    assert!(told("one").contains("Shown while the event runs, never archived"), "{}", told("one"));
    assert!(told("two").contains("Not taken at all"), "{}", told("two"));
    assert!(told("sky").contains("never archived") && about.contains("logged-out users"), "{about}");
    crate::one_truth::check(&mut product).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_not_to_be_indexed_or_shown_is_heard_by_up() {
    wishes_are_kept(Stores::Embedded).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_not_to_be_indexed_or_shown_is_heard_by_the_daemons() {
    wishes_are_kept(Stores::Servers).await;
}
