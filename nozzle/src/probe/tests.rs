//! Sources are tried against servers that speak their wire formats, faults included.

use model::event::EventFile;
use networks::{Faults, Happening, Options, Post, Protocol, Script, Server, snowflake_at};
use tokio_util::sync::CancellationToken;

use super::{Micros, PROBE_MAX, Probed, probe};
use crate::wire::answer::now;

const CANARY: &str = "s3cret-canary";
/// What `perihelion event secret` makes.
const HOOK: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// So many posts of the last minutes, each a second after the one before it.
fn posts(n: i64) -> Vec<Happening> {
    let first = now().0 - 5 * Micros::MINUTE;
    let post = |n: i64| {
        let at = first + n * Micros::SECOND;
        Happening::Post(Post::new(&snowflake_at(at, 0), at, "ada", &format!("Number {n} #RustFest")))
    };
    (0..n).map(post).collect()
}

async fn network(protocol: Protocol, n: i64, token: Option<&str>) -> Server {
    let mut options = Options::new(protocol, Script::as_read(posts(n)));
    if let Some(token) = token {
        options = options.token(token);
    }
    let server = networks::serve(options, CancellationToken::new()).await.unwrap();
    server.play(u64::try_from(n).unwrap());
    server
}

/// Tries the one source of an event, in an environment in which `SET` holds a secret.
async fn tried(source: &str) -> Probed {
    let text =
        format!("slug=\"abc\"\ntitle=\"x\"\nhashtags=[\"rustfest\"]\n[[source]]\nname=\"one\"\n{source}\n");
    let file = EventFile::parse(&text).unwrap();
    let probed = probe(&file, &file.sources[0], &|name| match name {
        "SET" => Some(CANARY.to_owned()),
        "HOOK" => Some(HOOK.to_owned()),
        _ => None,
    })
    .await;
    let told = format!("{probed:?}");
    assert!(!told.contains(CANARY), "{told}");
    probed
}

fn texts(probed: &Probed) -> Vec<&str> {
    probed.posts.iter().map(|post| post.text.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_posts_are_shown_as_they_would_be_whatever_the_network() {
    for (kind, protocol) in
        [("mastodon", Protocol::Mastodon), ("bluesky", Protocol::Bluesky), ("feed", Protocol::Feed)]
    {
        let server = network(protocol, 5, None).await;
        let page = if kind == "feed" { "/feed.xml" } else { "" };
        let source = format!("kind=\"{kind}\"\nurl=\"{0}{page}\"", server.url());
        let source =
            if kind == "bluesky" { format!("{source}\napi_url=\"{}\"", server.url()) } else { source };
        let probed = tried(&source).await;
        assert!(
            probed.is_connected && probed.said.starts_with("Connected. The newest 3"),
            "{kind}: {probed:?}"
        );
        assert_eq!(probed.posts.len(), 3, "{kind}");
        let newest = texts(&probed);
        assert!(newest[0].contains("Number 4") && newest[2].contains("Number 2"), "{kind}: {newest:?}");
        assert!(
            !probed.posts[0].name.is_empty() && probed.posts[0].when > now().plus(-Micros::HOUR),
            "{probed:?}"
        );
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_wants_a_key_is_told_with_the_way_to_one() {
    let faults = Faults { rest_statuses: vec![401; 64], ..Faults::default() };
    let options = Options::new(Protocol::Mastodon, Script::as_read(posts(1))).token("another").faults(faults);
    let server = networks::serve(options, CancellationToken::new()).await.unwrap();
    let url = server.url();
    for (extra, said, cure) in [
        ("", "Needs credentials", "members only"),
        ("token_env=\"NOT_SET\"", "Needs credentials", "Set NOT_SET where the nozzle runs"),
        ("token_env=\"SET\"", "Needs credentials", "What SET holds is not accepted"),
    ] {
        let probed = tried(&format!("kind=\"mastodon\"\nurl=\"{url}\"\n{extra}")).await;
        let told = probed.cure.clone().unwrap_or_default();
        assert!(
            !probed.is_connected && probed.said.starts_with(said) && told.contains(cure),
            "{extra}: {probed:?}"
        );
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn x_is_tried_by_its_search_alone_so_that_rules_and_connection_stay_with_whoever_runs() {
    let server = network(Protocol::XV2, 30, Some(CANARY)).await;
    let probed = tried(&format!("kind=\"twitter\"\nurl=\"{}\"\ntoken_env=\"SET\"", server.url())).await;
    assert!(probed.is_connected, "{probed:?}");
    assert_eq!(probed.posts.len(), 3, "{probed:?}");
    // The fake has one connection to give; whoever runs finds it free, and no rule of a try at it.
    let probed = tried(&format!("kind=\"twitter\"\nurl=\"{}\"\ntoken_env=\"NOT_SET\"", server.url())).await;
    assert!(probed.cure.as_ref().is_some_and(|cure| cure.contains("Set NOT_SET")), "{probed:?}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hashtag_that_nobody_uses_is_no_fault_of_the_connection() {
    let server = network(Protocol::Mastodon, 5, None).await;
    let probed = tried(&format!("kind=\"mastodon\"\nurl=\"{}\"\ntags=[\"nobody\"]", server.url())).await;
    assert!(probed.is_connected && probed.posts.is_empty(), "{probed:?}");
    assert!(probed.said.contains("Nothing with #nobody was found in the last 30 days"), "{probed:?}");
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_says_nothing_is_given_ten_seconds() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let began = tokio::time::Instant::now();
    let address = silent.local_addr().unwrap();
    let probed = tried(&format!("kind=\"feed\"\nurl=\"http://{address}/feed\"")).await;
    assert!(!probed.is_connected && began.elapsed() <= PROBE_MAX * 2, "{probed:?}");
    assert!(probed.cure.as_ref().is_some_and(|cure| cure.contains("Look at the address")), "{probed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_such_network_says_what_to_write() {
    let blog = network(Protocol::Feed, 1, None).await;
    for (kind, url, want) in [
        ("mastodon", blog.url(), "is it a Mastodon server?"),
        ("feed", format!("{}/nothing-here", blog.url()), "must show the feed itself"),
        ("feed", "http://127.0.0.1:1/feed".to_owned(), "Look at the address"),
    ] {
        let probed = tried(&format!("kind=\"{kind}\"\nurl=\"{url}\"")).await;
        assert!(!probed.is_connected, "{kind}: {probed:?}");
        assert!(probed.cure.as_ref().is_some_and(|cure| cure.contains(want)), "{kind}: {probed:?}");
    }
    blog.stop().await;
}

#[tokio::test]
async fn a_hook_is_ready_when_its_secret_is_there() {
    let ready = tried("kind=\"hook\"\nsecret_env=\"HOOK\"").await;
    assert!(ready.is_connected && ready.said.contains("/hooks/abc/one"), "{ready:?}");
    let odd = tried("kind=\"hook\"\nsecret_env=\"SET\"").await;
    assert!(!odd.is_connected && odd.said.contains("SET"), "{odd:?}");
    let not = tried("kind=\"hook\"\nsecret_env=\"NOT_SET\"").await;
    assert!(!not.is_connected && not.cure.is_some_and(|cure| cure.contains("NOT_SET_FILE")));
}
