//! One conversation on two Mastodon servers: each post once, counts that only grow by the other server's word, and deletions
//! from either.

mod common;

use std::time::Duration;

use chassis::Shutdown;
use chassis::clock::Clock;
use model::{Counts, EventId, Fold, ItemId, Uid};
use networks::{Faults, Happening, Options, Post, Protocol, Script, Server, serve, snowflake_at};
use nozzle::Nozzle;
use nozzle::intake::{Actor, Ask, Intake, Order};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

const PATIENCE: Duration = Duration::from_secs(60);

fn post(n: i64, boosts: u32) -> Post {
    let created = jiff::Timestamp::now().as_microsecond() - 60_000_000 + n * 1_000_000;
    // The same id on both servers: its name there differs by the server, its name in the world does not.
    let mut post =
        Post::new(&snowflake_at(n * 1_000_000 + 1_700_000_000_000_000, 0), created, "ada", "hello #rustfest");
    post.counts.boosts = boosts;
    post
}

fn id(n: i64) -> ItemId {
    Uid(format!("mastodon:https://pixels.example/users/ada/statuses/{}", post(n, 0).id)).id()
}

async fn server(posts: Vec<Post>) -> Server {
    let script = Script::as_read(posts.into_iter().map(Happening::Post).collect());
    let server =
        serve(Options::new(Protocol::Mastodon, script).faults(Faults::default()), CancellationToken::new());
    let server = server.await.unwrap();
    server.play(100);
    server
}

async fn open(dir: &TempDir, shutdown: &Shutdown) -> Nozzle {
    common::open(dir, shutdown, Clock::real(), |_| None).await
}

/// The log as a page would draw it, and how many items ever became new.
async fn fold(nozzle: &Nozzle, eid: EventId) -> (Fold, usize) {
    let (mut fold, mut new, mut after) = (Fold::default(), 0, 0);
    loop {
        let page = nozzle.lines(eid, after, 500).await.unwrap();
        let Some(last) = page.lines.last() else { return (fold, new) };
        after = last.seq;
        for line in &page.lines {
            let entry = line.entry().unwrap();
            new += usize::from(matches!(entry.kind, model::Kind::Post(_)));
            fold.apply(&entry);
        }
    }
}

async fn until(
    nozzle: &Nozzle,
    eid: EventId,
    what: &str,
    wanted: impl Fn(&Fold, usize) -> bool,
) -> (Fold, usize) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let (fold, new) = fold(nozzle, eid).await;
        if wanted(&fold, new) {
            return (fold, new);
        }
        assert!(Instant::now() < deadline, "{what}: {new} new");
        sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_conversation_on_two_servers_is_one() {
    // The second server federates late: it knows of fewer boosts, and of a post that the first does not have.
    let first = server((0..4).map(|n| post(n, 5)).collect()).await;
    let second = server((0..5).map(|n| post(n, 2)).collect()).await;
    let (dir, shutdown) = (tempfile::tempdir().unwrap(), Shutdown::new());
    let nozzle = open(&dir, &shutdown).await;
    let eid = EventId::from_random(7);
    let today = jiff::Timestamp::now().to_string()[..10].to_owned();
    let source = |name: &str, server: &Server| {
        format!(
            "[[source]]\nname = \"{name}\"\nkind = \"mastodon\"\nurl = \"{}\"\npoll_seconds = 1\n",
            server.url()
        )
    };
    let event = |sources: &str| {
        let head = format!(
            "slug = \"two\"\ntitle = \"Two\"\nhashtags = [\"rustfest\"]\nstarts = {today}\nends = 2099-12-31\n"
        );
        Ask::Event(format!("{head}{sources}"))
    };
    let actor = Actor { role: "site".into(), name: "test".into() };
    let order = |ask, key: &str| Order { ask, key: key.into(), actor: actor.clone(), is_dry_run: false };
    let one = source("first", &first);
    nozzle.ask(eid, order(event(&one), "one")).await.unwrap();
    until(&nozzle, eid, "the first server's posts", |fold, _| fold.items.len() == 4).await;
    nozzle.ask(eid, order(event(&(one + &source("second", &second))), "two")).await.unwrap();
    let (fold, new) =
        until(&nozzle, eid, "the post that only the second has", |fold, _| fold.items.len() == 5).await;
    assert_eq!(new, 5, "each once");
    let counts = fold.items[&id(0)].item.as_ref().unwrap().counts;
    assert_eq!(counts, Counts { boosts: 5, ..Counts::default() }, "never lowered by another's word");
    first.say(Happening::Delete(post(1, 0).id));
    second.say(Happening::Delete(post(2, 0).id));
    let are_gone = |fold: &Fold| [1, 2].iter().all(|n| fold.items[&id(*n)].item.is_none());
    until(&nozzle, eid, "deletions from either", |fold, _| are_gone(fold)).await;
    sleep(Duration::from_secs(3)).await;
    let (fold, _) = self::fold(&nozzle, eid).await;
    let shown = fold.items.values().filter(|row| row.item.is_some()).count();
    assert!(are_gone(&fold) && shown == 3, "what one server took back the other does not bring back");
    shutdown.trigger();
    shutdown.finish().await;
}
