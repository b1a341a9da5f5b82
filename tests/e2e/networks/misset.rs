//! What an organiser may write wrongly about sources: told all at once with file, line and cure before anything is applied; what
//! only shows at work stops one source, and `event show` says what to do while the others run.

use std::time::{Duration, Instant};

use ::networks::Happening;

use super::world::{TAG, World};
use crate::product::{EVENT, Product, Stores};
use crate::program::Place;
use crate::removal::wait_page;

const LIMIT: Duration = Duration::from_secs(90);

/// The lines of a file in which much is wrong, and what must be said of each.
const WRONG: [(&str, &str); 24] = [
    ("slug = \"everyfest\"", ""),
    ("title = \"Every Fest\"", ""),
    ("hashtags = [\"every fest\"]", "letters, digits and _ only"),
    ("[[source]]", ""),
    ("name = \"one\"", ""),
    ("kind = \"mastadon\"", "write bluesky, feed, flickr, mastodon"),
    ("[[source]]", ""),
    ("name = \"two\"", ""),
    ("kind = \"mastodon\"", ""),
    ("token_env = \"SOME_TOKEN\"", ""),
    ("url = \"http://mastodon.example\"", "write https://"),
    ("[[source]]", "key_env = \"FLICKR_KEY\""),
    ("name = \"photos\"", ""),
    ("kind = \"flickr\"", ""),
    ("[[source]]", ""),
    ("name = \"blog\"", ""),
    ("kind = \"feed\"", ""),
    ("url = \"blog.example\"", "write https://host"),
    ("poll_seconds = 0", "between 1 and 3600"),
    ("consent = \"perhaps\"", "`live` or `drop`"),
    ("[[source]]", ""),
    ("name = \"partner\"", ""),
    ("kind = \"hook\"", ""),
    ("secret_env = \"s3cret+value=\"", "environment variable"),
];

#[test]
fn everything_that_is_wrong_with_the_sources_is_told_at_once_with_line_and_cure() {
    let place = Place::new();
    place.write("event.toml", &WRONG.map(|(line, _)| format!("{line}\n")).concat());
    for arguments in [&["event", "apply", "event.toml"][..], &["check", "--event", "event.toml"]] {
        let ended = place.run(arguments);
        assert_eq!(ended.code, Some(2), "{arguments:?}: {ended:?}");
        let said = ended.stdout + &ended.stderr;
        for (n, (line, cure)) in WRONG.iter().enumerate() {
            let at = format!("event.toml:{}: ", n + 1);
            let told = said.lines().find_map(|told| Some(told.split_once(&at)?.1));
            assert_eq!(told.is_some(), !cure.is_empty(), "{arguments:?}, {line}:\n{said}");
            assert!(told.is_none_or(|told| told.contains(cure)), "{line}: {told:?}");
        }
        assert!(!said.contains("s3cret"), "{said}");
    }
    assert!(!place.path().join("data/live").exists(), "nothing is half-applied");
}

#[test]
fn a_variable_that_is_not_set_fails_the_check_and_not_the_event() {
    let place = Place::new();
    let event = format!("slug = \"{EVENT}\"\ntitle = \"Every Fest\"\nhashtags = [\"{TAG}\"]\n");
    let source = "[[source]]\nname = \"x\"\nkind = \"twitter\"\ntoken_env = \"TEST_NOT_SET\"\n";
    place.write("event.toml", &(event + source));
    let checked = place.run(&["check", "--event", "event.toml"]);
    assert_eq!(checked.code, Some(2), "{checked:?}");
    assert!(checked.stdout.contains("source \"x\": set TEST_NOT_SET"), "{checked:?}");
    assert_eq!(place.run(&["event", "apply", "event.toml"]).code, Some(0));
}

/// The lines about a source in what `event show` prints: its row, and what stands below it.
fn about<'s>(shown: &'s str, source: &str) -> Vec<&'s str> {
    let from = shown.lines().skip_while(|line| line.split_whitespace().next() != Some(source));
    let own = |(n, line): &(usize, &str)| *n == 0 || line.starts_with("    ");
    from.enumerate().take_while(own).map(|(_, line)| line).collect()
}

/// Waits until `event show` says all of this about these sources.
async fn wait_told(product: &Product, wanted: &[(&str, [&str; 2])]) {
    let deadline = Instant::now() + LIMIT;
    loop {
        let shown = super::shown(product);
        let is_told = |(source, words): &(&str, [&str; 2])| {
            let lines = about(&shown, source).join("\n");
            words.iter().all(|word| lines.contains(word))
        };
        let Some(missing) = wanted.iter().find(|one| !is_told(one)) else { return };
        assert!(Instant::now() < deadline, "{missing:?} is not told:\n{shown}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sources_that_cannot_work_say_what_to_do_and_the_others_run() {
    let _alone = crate::product::alone().await;
    let dir = tempfile::tempdir().expect("a temporary directory can be made");
    let mut world = World::kind(dir.path()).await;
    let blog = world.blog.url();
    let event = world
        .event()
        .replace("key_env = \"TEST_TOKEN\"", "key_env = \"TEST_NOT_SET\"")
        .replace("TEST_SECRET", "TEST_NOT_SET")
        .replace(&world.feed_address(), &format!("{blog}/page/feed.xml"))
        .replace(&format!("url = \"{}\"\ntoken_env = \"TEST_TOKEN\"", world.x.url()), &{
            format!("url = \"{}\"\ntoken_env = \"TEST_WRONG\"", world.x.url())
        });
    let env = vec![("TEST_WRONG", "a token that was taken back".to_owned())];
    let Some(mut product) = Product::start_event(Stores::Embedded, &event, env).await else { return };
    let (toot, skeet) = (world.post("ada@one.example", "toothere"), world.post("eve", "skeethere"));
    world.one.say(Happening::Post(toot));
    world.sky.say(Happening::Post(skeet));
    wait_page(&product, LIMIT, |page| page.contains("toothere") && page.contains("skeethere")).await;
    let feed = format!("{blog}/feed.xml");
    wait_told(
        &product,
        &[
            ("one", ["mastodon", "streaming"]),
            ("sky", ["bluesky", "streaming"]),
            ("x", ["needs credentials", "to do: set TEST_WRONG"]),
            ("photos", ["needs credentials", "to do: set TEST_NOT_SET"]),
            ("partner", ["needs credentials", "to do: set TEST_NOT_SET"]),
            ("blog", ["misconfigured", &feed]),
        ],
    )
    .await;
    product.stop().await;
}
