//! Open or held, for every kind of source that fetches: the same words over each network's real wire format, from a source that shows at once and
//! from one that waits for a moderator. Hooks have the same test in `hook`, posts written on the page in the sequencer's own.

mod common;

use std::time::Duration;

use chassis::Shutdown;
use chassis::clock::Clock;
use jiff::Timestamp;
use model::{EventId, Kind};
use networks::{Happening, Matching, Options, Post, Protocol, Script, Server, serve};
use nozzle::Nozzle;
use nozzle::intake::{Actor, Ask, Bench, Intake, Judgement, Look, Moderate, Order};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

/// What event.toml says of each kind; `{url}` is the server's address, `{host}` the same without its scheme.
const KINDS: [(Protocol, &str); 6] = [
    (Protocol::Mastodon, "kind = \"mastodon\"\nurl = \"{url}\"\ntoken_env = \"TOKEN\""),
    (Protocol::XV2, "kind = \"twitter\"\nurl = \"{url}\"\ntoken_env = \"TOKEN\""),
    (Protocol::XV1, "kind = \"twitter\"\napi = \"v1\"\nurl = \"{url}\"\ntoken_env = \"TOKEN\""),
    (Protocol::Bluesky, "kind = \"bluesky\"\nurl = \"ws://{host}\"\napi_url = \"{url}\""),
    (
        Protocol::Flickr,
        "kind = \"flickr\"\nurl = \"{url}/services/rest/\"\nkey_env = \"TOKEN\"\npoll_seconds = 2",
    ),
    (Protocol::Feed, "kind = \"feed\"\nurl = \"{url}/atom.xml\"\npoll_seconds = 2"),
];
const PATIENCE: Duration = Duration::from_secs(90);

/// A server of a network on which nothing was said yet.
async fn network(protocol: Protocol) -> Server {
    let options = Options::new(protocol, Script::as_read(Vec::new())).matching(Matching::Everything);
    // A feed asks nobody who they are.
    let options = if protocol == Protocol::Feed { options } else { options.token("secret") };
    serve(options, CancellationToken::new()).await.unwrap()
}

/// Somebody says something there, just now: a stream that begins later than that would not tell it.
fn say(server: &Server, n: usize) {
    let now = Timestamp::now().as_microsecond();
    let id = networks::snowflake_at(now + n as i64 * 1_000_000, 0);
    let post = Post::new(&id, now, "ada", &format!("Said over wire {n} #rustfest"));
    server.say(Happening::Post(post));
}

async fn apply(nozzle: &Nozzle, eid: EventId, text: String) {
    let actor = Actor { role: "site".into(), name: "test".into() };
    let order = Order { ask: Ask::Event(text), key: "apply".into(), actor, is_dry_run: false };
    nozzle.ask(eid, order).await.unwrap();
}

/// Every line of the log.
async fn log(nozzle: &Nozzle, eid: EventId) -> String {
    let page = nozzle.lines(eid, 0, 500).await.unwrap();
    page.lines.iter().map(|line| String::from_utf8_lossy(&line.json).into_owned()).collect()
}

async fn bench(nozzle: &Nozzle, eid: EventId) -> Bench {
    nozzle.bench(eid, Look::default()).await.unwrap()
}

/// Waits until something is so, and says what is not.
async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so().await {
        assert!(Instant::now() < deadline, "{what}");
        sleep(Duration::from_millis(50)).await;
    }
}

/// Waits until every source has shown something at the one event and held something at the other.
async fn shown_and_held(nozzle: &Nozzle, open: EventId, held: EventId) {
    for (n, (protocol, _)) in KINDS.iter().enumerate() {
        let words = format!("wire {n}");
        until(&format!("{protocol:?} is not shown"), async || log(nozzle, open).await.contains(&words)).await;
        let source = format!("s{n}");
        let is_held = async || bench(nozzle, held).await.cases.iter().any(|case| case.post.source == source);
        until(&format!("{protocol:?} is not held"), is_held).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_source_shows_at_once_or_waits_as_event_toml_says() {
    chassis::tls::install();
    // A server for each source: two events that share an account of X take turns with its rules.
    let (mut opens, mut holds) = (Vec::new(), Vec::new());
    for (protocol, _) in &KINDS {
        opens.push(network(*protocol).await);
        holds.push(network(*protocol).await);
    }
    let event = |slug: &str, moderation: &str, servers: &[Server]| {
        let source = |(n, ((_, keys), server)): (usize, (&(Protocol, &str), &Server))| {
            let url = server.url();
            let host = url.trim_start_matches("http://").trim_end_matches('/').to_owned();
            let keys = keys.replace("{url}", url.trim_end_matches('/')).replace("{host}", &host);
            format!("[[source]]\nname = \"s{n}\"\nmoderation = \"{moderation}\"\n{keys}\n")
        };
        let sources: String = KINDS.iter().zip(servers).enumerate().map(source).collect();
        format!("slug = \"{slug}\"\ntitle = \"x\"\nhashtags = [\"rustfest\"]\n{sources}")
    };
    // A feed is looked at once a minute at most: something is there for its first look.
    for servers in [&opens, &holds] {
        servers.iter().enumerate().for_each(|(n, server)| say(server, n));
    }
    let (dir, shutdown) = (tempfile::tempdir().unwrap(), Shutdown::new());
    let env = |name: &str| (name == "TOKEN").then(|| "secret".to_owned());
    let nozzle = common::open(&dir, &shutdown, Clock::real(), env).await;
    let (open, held) = (EventId::from_random(1), EventId::from_random(2));
    apply(&nozzle, open, event("open-fest", "open", &opens)).await;
    apply(&nozzle, held, event("held-fest", "hold", &holds)).await;
    let talk = async {
        loop {
            for servers in [&opens, &holds] {
                servers.iter().enumerate().for_each(|(n, server)| say(server, n));
            }
            sleep(Duration::from_secs(1)).await;
        }
    };
    tokio::select! {
        () = talk => {}
        () = shown_and_held(&nozzle, open, held) => {}
    }

    assert_eq!(bench(&nozzle, open).await.held, 0);
    let waiting = bench(&nozzle, held).await;
    let mut sources: Vec<&str> = waiting.cases.iter().map(|case| case.post.source.as_str()).collect();
    sources.sort_unstable();
    sources.dedup();
    assert_eq!(sources, ["s0", "s1", "s2", "s3", "s4", "s5"]);
    assert!(
        waiting.cases.iter().all(|case| case.reasons.source && case.post.why == "its source is moderated")
    );
    assert!(!log(&nozzle, held).await.contains("wire"), "nothing of it is in the log");

    let ids: Vec<_> = waiting.cases.iter().map(|case| case.post.id).collect();
    let actor = Actor { role: "moderator".into(), name: "ada".into() };
    let ask = Ask::Moderate(Moderate { ids: ids.clone(), decision: Judgement::Show });
    nozzle.ask(held, Order { ask, key: "show".into(), actor, is_dry_run: false }).await.unwrap();
    let page = nozzle.lines(held, 0, 500).await.unwrap();
    let shown = page.lines.iter().filter(|line| matches!(line.entry().unwrap().kind, Kind::Show(_))).count();
    assert_eq!(shown, ids.len());
    shutdown.trigger();
    shutdown.finish().await;
    for server in opens.into_iter().chain(holds) {
        server.stop().await;
    }
}
