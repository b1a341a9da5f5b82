//! Hooks over real sockets into a real ledger: what a sender by Standard Webhooks, an impatient one, a forger and a broken
//! one bring about.

mod recorded;
mod rig;

use std::sync::Arc;
use std::time::Duration;

use live::EmbeddedStore;
use networks::Happening;
use networks::Post;
use networks::hook::{Fault, body};
use nozzle::Live;
use sqlx::{Connection, Executor, SqliteConnection};

use rig::{EVENT, NEW_SECRET, Rig, SECRET, TEXT_SECRET, fold, item, until};

const HELLO: &[u8] = br#"{"type":"post.created","data":{"id":"1","text":"hello https://a.example","author":{"handle":"ada"}}}"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_delivery_is_in_the_log_when_it_is_answered_and_a_retry_changes_nothing() {
    let rig = Rig::start().await;
    let sender = rig.sender("blog", SECRET);
    let before = rig.entries().await;
    let first = sender.deliver("msg_1", HELLO).await;
    assert_eq!(first.tries, [Some(200)], "{}", first.body);
    assert_eq!(rig.posts().await.len(), 1, "committed before the answer");
    for body in [HELLO, br#"{"type":"post.created","data":{"id":"2","text":"another body"}}"#] {
        let again = sender.deliver("msg_1", body).await;
        assert!(again.is_taken() && again.body.contains("before"), "{}", again.body);
    }
    assert_eq!(rig.entries().await, before + 1);
    let other = rig
        .sender("blog", NEW_SECRET)
        .also("whsec_b3RoZXIgc2VjcmV0IG9mIHNvbWVib2R5")
        .deliver("msg_2", HELLO)
        .await;
    assert!(other.is_taken(), "the second live secret, one of two signatures");
    assert_eq!(rig.entries().await, before + 1, "the same item again is a duplicate");
    let dir = rig.stop().await;
    let fold = fold(&dir).await;
    let item = item(&fold, "blog/1").unwrap();
    assert_eq!((item.source.as_str(), item.author.handle.as_str()), ("blog", "ada"));
    assert_eq!(item.body.links().count(), 1);
    let counts: Vec<_> = fold.tallies.values().collect();
    let sum = |of: fn(&model::TallyCounts) -> u64| counts.iter().map(|c| of(c)).sum::<u64>();
    let refused = sum(|c| c.rejected.values().sum());
    assert_eq!(
        (sum(|c| c.new), sum(|c| c.duplicate), refused),
        (1, 3, 3),
        "the rig's first tries are refused"
    );
    assert_eq!(sum(|c| c.received), 7, "all that came is accounted for");
}

#[tokio::test(flavor = "multi_thread")]
async fn forgers_and_broken_senders_are_refused_and_leave_nothing() {
    let rig = Rig::start().await;
    let before = rig.entries().await;
    let cases: Vec<(Fault, u16, Option<&str>)> = vec![
        (Fault::BadSignature, 401, Some("bad_signature")),
        (Fault::OtherSecret, 401, Some("bad_signature")),
        (Fault::Unsigned, 401, Some("unsigned")),
        (Fault::Clock { seconds: -301 }, 401, Some("stale")),
        (Fault::Clock { seconds: 302 }, 401, Some("stale")),
        (Fault::ContentType("text/plain".into()), 415, Some("content_type")),
        (Fault::ContentType("application/x-www-form-urlencoded".into()), 415, Some("content_type")),
        (Fault::Huge { bytes: 300 * 1024 }, 413, Some("too_large")),
        (Fault::SlowBody { every: Duration::from_millis(400) }, 408, Some("slow")),
        (Fault::HalfBody, 400, Some("cut")),
    ];
    let mut refusals = std::collections::BTreeSet::new();
    println!("{:<60} {:>6}  counted as", "fault", "answer");
    for (n, (fault, status, reason)) in cases.into_iter().enumerate() {
        let id = format!("msg_{n}");
        let sender = rig.sender("blog", SECRET).faults([fault.clone()]);
        let said = sender.once(&id, HELLO).await;
        println!(
            "{:<60} {:>6}  {}",
            format!("{fault:?}"),
            said.as_ref().map_or(0, |s| s.status),
            reason.unwrap_or("-")
        );
        if let Some(said) = said {
            assert_eq!(said.status, status, "{fault:?}: {}", said.body);
            if status == 401 {
                refusals.insert(said.body);
            }
        } else {
            assert_eq!(fault, Fault::HalfBody, "only a sender that hangs up may hear nothing");
        }
        if let Some(reason) = reason {
            until(|| async { rig.status("blog")["samples"].to_string().contains(reason) }).await;
        }
    }
    assert_eq!(refusals.len(), 1, "a forger learns nothing from the answer: {refusals:?}");
    assert_eq!(rig.entries().await, before);
    let printed = rig.status("blog").to_string();
    assert!(!printed.contains("hello") && !printed.contains("MfKQ"), "{printed}");
    assert_eq!(rig.status("blog")["state"], "live");
    let dir = rig.stop().await;
    let tallies = fold(&dir).await.tallies;
    let rejected: u64 = tallies.values().flat_map(|counts| counts.rejected.values()).sum();
    // Ten here, and one probe of each of the three doors.
    assert!(rejected >= 13, "{tallies:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_that_fails_at_first_is_heard_by_its_retries() {
    let rig = Rig::start().await;
    let wait = Duration::from_millis(20);
    let faults = [
        Fault::Deaf { wait: Duration::ZERO },
        Fault::HalfBody,
        Fault::BadSignature,
        Fault::Clock { seconds: -4000 },
    ];
    let sender = rig.sender("blog", SECRET).retries([wait; 6]).faults(faults);
    let delivered = sender.deliver("msg_1", HELLO).await;
    assert!(delivered.is_taken(), "{delivered:?}");
    assert_eq!(delivered.tries.len(), 5);
    assert_eq!(rig.posts().await.values().copied().collect::<Vec<_>>(), [1]);
    let chunked = rig.sender("blog", SECRET).faults([Fault::Chunked]).deliver("msg_2", HELLO).await;
    assert!(chunked.is_taken(), "{chunked:?}");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_impatient_senders_of_one_delivery_make_one_item() {
    let rig = Rig::start().await;
    let before = rig.entries().await;
    let tasks: Vec<_> = (0..100)
        .map(|n| {
            let sender = rig.sender("blog", SECRET).faults(if n % 3 == 0 {
                vec![Fault::Deaf { wait: Duration::from_millis(n) }]
            } else {
                vec![]
            });
            tokio::spawn(async move { sender.once("msg_1", HELLO).await.map(|answer| answer.status) })
        })
        .collect();
    for task in tasks {
        assert!(task.await.unwrap().is_none_or(|status| status == 200));
    }
    assert_eq!(rig.entries().await, before + 1);
    rig.stop().await;
}

#[test]
fn a_nozzle_killed_between_commit_and_answer_has_the_item_once() {
    let dir = tempfile::tempdir().unwrap();
    let first = tokio::runtime::Runtime::new().unwrap();
    let rig = first.block_on(async {
        let rig = Rig::at(dir, Live::Embedded(Arc::new(EmbeddedStore::default()))).await;
        rig.apply(EVENT).await;
        let rig = rig.opened().await;
        let deaf = rig.sender("blog", SECRET).faults([Fault::Deaf { wait: Duration::from_secs(60) }]);
        tokio::spawn(async move { deaf.once("msg_1", HELLO).await });
        until(|| async { rig.posts().await.len() == 1 }).await;
        rig
    });
    // Every task stops where it is; nothing is said, written or closed in order.
    first.shutdown_timeout(Duration::from_secs(5));
    let Rig { dir, nozzle, shutdown, .. } = rig;
    drop((nozzle, shutdown));
    let second = tokio::runtime::Runtime::new().unwrap();
    second.block_on(async {
        let rig = Rig::at(dir, Live::Embedded(Arc::new(EmbeddedStore::default()))).await.opened().await;
        let again = rig.sender("blog", SECRET).deliver("msg_1", HELLO).await;
        assert!(again.is_taken() && again.body.contains("before"), "{again:?}");
        assert_eq!(rig.posts().await.values().copied().collect::<Vec<_>>(), [1]);
        rig.stop().await;
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn updates_and_deletes_follow_their_item_in_whatever_order_they_come() {
    let rig = Rig::start().await;
    let sender = rig.sender("blog", SECRET);
    let now = 1_780_306_200_000_000;
    let mut post = Post::new("7", now, "ada", "first words");
    let edited = |text: &str, at: i64| {
        let mut edited = post.clone();
        (edited.text, edited.edited_at) = (text.to_owned(), Some(at));
        body(&Happening::Edit(edited), at).unwrap()
    };
    let (second, third) = (edited("second words", now + 1), edited("third words", now + 2));
    post.title = Some("Title".into());
    let created = body(&Happening::Post(post), now).unwrap();
    for (id, body) in [("c", &third), ("b", &second), ("a", &created)] {
        assert!(sender.deliver(id, body).await.is_taken());
    }
    let gone = body(&Happening::Delete("8".into()), now).unwrap();
    let doomed = body(&Happening::Post(Post::new("8", now, "ada", "taken back")), now).unwrap();
    assert!(sender.deliver("gone", &gone).await.is_taken());
    assert!(sender.deliver("doomed", &doomed).await.is_taken());
    let several =
        br#"{"type":"post.created","data":{"items":[{"id":"9","text":"nine"},{"id":"10"},{"text":"ten"}]}}"#;
    let mixed = sender.deliver("several", several).await;
    assert!(
        mixed.is_taken() && mixed.body.contains(r#""items":2"#) && mixed.body.contains(r#""rejected":1"#),
        "{mixed:?}"
    );
    let dir = rig.stop().await;
    let fold = fold(&dir).await;
    assert_eq!(item(&fold, "blog/7").unwrap().body.text(), "third words");
    assert!(item(&fold, "blog/8").is_none(), "its delete came first");
    assert!(item(&fold, "blog/9").is_some() && item(&fold, "blog/10").is_none());
    assert!(item(&fold, "blog/several/2").is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_brings_nothing_is_answered_so_that_nobody_tries_again() {
    let rig = Rig::start().await;
    let before = rig.entries().await;
    let sender = rig.sender("blog", SECRET);
    for (n, kind) in ["ping", "user.created", "post.pinned"].into_iter().enumerate() {
        let said =
            sender.deliver(&format!("i{n}"), format!(r#"{{"type":"{kind}","data":{{}}}}"#).as_bytes()).await;
        assert!(said.is_taken(), "{kind}: {said:?}");
    }
    for (n, body) in [
        "",
        "{",
        "[]",
        r#"{"type":"post.created","data":{"id":"1"}}"#,
        r#"{"type":"post.deleted","data":{}}"#,
    ]
    .into_iter()
    .enumerate()
    {
        let said = sender.deliver(&format!("b{n}"), body.as_bytes()).await;
        assert_eq!(said.tries, [Some(400)], "{body}: {said:?}");
        let told: serde_json::Value = serde_json::from_str(&said.body).unwrap();
        assert!(told["message"].as_str().unwrap().len() > 20, "{told}");
    }
    assert_eq!(rig.entries().await, before);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_address_teaches_whoever_opens_it_and_unknown_ones_are_not_found() {
    let rig = Rig::start().await;
    let client = reqwest::Client::builder().timeout(Duration::from_secs(60)).build().unwrap();
    let lesson = client.get(rig.address("blog")).send().await.unwrap();
    assert_eq!((lesson.status().as_u16(), lesson.headers()["allow"].to_str().unwrap()), (405, "POST"));
    assert!(lesson.text().await.unwrap().contains("Standard Webhooks"));
    for path in [
        "/",
        "/hooks",
        "/hooks/rustfest",
        "/hooks/rustfest/blog/x",
        "/metrics",
        "/intake/x/say",
        "/hooks/%ff/x",
    ] {
        let said = client.post(format!("{}{path}", rig.base)).body("{}").send().await.unwrap();
        assert_eq!(said.status().as_u16(), 404, "{path}");
    }
    for (address, status) in [("rustfest/nobody", 404), ("elsewhere/blog", 404), ("rustfest/unset", 503)] {
        let sender = networks::hook::Sender::new(&format!("{}/hooks/{address}", rig.base), SECRET).unwrap();
        let said = sender.once("msg_1", HELLO).await.unwrap();
        assert_eq!(said.status, status, "{address}: {}", said.body);
        assert_eq!(said.retry_after.is_some(), status == 503);
    }
    let unset = rig.status("unset");
    assert_eq!(unset["state"], "needs_credentials");
    assert!(unset["why"].as_str().unwrap().contains("set UNSET"), "{unset}");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_is_taken_out_answers_no_more_and_one_put_back_goes_on() {
    let rig = Rig::start().await;
    rig.apply("slug = \"rustfest\"\ntitle = \"RustFest\"\n").await;
    let sender = rig.sender("blog", SECRET);
    until(|| async { sender.once("msg_1", HELLO).await.unwrap().status == 404 }).await;
    rig.apply(&format!("{EVENT}# again\n")).await;
    let sender = &sender;
    until(|| async { sender.once("msg_1", HELLO).await.unwrap().status == 200 }).await;
    assert_eq!(rig.posts().await.len(), 1);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_source_shows_nothing_before_a_moderator_says_so() {
    let rig = Rig::start().await;
    assert!(rig.sender("held", SECRET).deliver("msg_1", HELLO).await.is_taken());
    assert!(rig.posts().await.is_empty());
    let dir = rig.stop().await;
    let held: u64 = fold(&dir).await.tallies.values().map(|counts| counts.held).sum();
    assert_eq!(held, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_is_told_when_to_come_again_and_strangers_cannot_empty_a_senders_bucket() {
    let rig = Rig::start().await;
    let stranger = rig.sender("blog", "not the secret at all");
    let mut statuses = Vec::new();
    while statuses.last() != Some(&429) && statuses.len() < 200 {
        statuses.push(stranger.once("x", HELLO).await.unwrap().status);
    }
    assert_eq!(statuses.last(), Some(&429));
    assert!(statuses.len() < 40, "who signs wrongly is slowed down soon: {}", statuses.len());
    assert!(stranger.once("x", HELLO).await.unwrap().retry_after.is_some());
    // Behind a trusted proxy everybody is counted by an address of their own, and nobody by one of their choosing.
    let client = reqwest::Client::builder().timeout(Duration::from_secs(60)).build().unwrap();
    let knock = async |forwarded: &'static str| {
        let request = client.post(rig.address("blog")).header("x-forwarded-for", forwarded);
        request.header("content-type", "application/json").body("{}").send().await.unwrap().status().as_u16()
    };
    assert_eq!(knock("192.0.2.1").await, 401);
    while knock("198.51.100.7").await != 429 {}
    assert_eq!(
        knock("192.0.2.1, 198.51.100.7").await,
        429,
        "what stands left of it anybody may have written"
    );
    assert_eq!(knock("192.0.2.1").await, 401);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_that_floods_is_slowed_down_and_its_organiser_sees_why() {
    let rig = Rig::start().await;
    let sender = rig.sender("blog", SECRET);
    let mut taken = 0;
    let refused = loop {
        let answer = sender.once(&format!("msg_{taken}"), br#"{"type":"ping"}"#).await.unwrap();
        if answer.status != 200 {
            break answer;
        }
        taken += 1;
    };
    assert_eq!(refused.status, 429);
    assert!(refused.retry_after.is_some() && taken >= 200, "{taken}");
    until(|| async { rig.status("blog")["samples"].to_string().contains("too_many") }).await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_that_cannot_be_written_is_told_as_later_and_the_retry_is_taken_once() {
    let rig = Rig::start().await;
    let ledger = rig.dir.path().join(format!("live/{}.sqlite", rig::eid()));
    let mut other = SqliteConnection::connect(&format!("sqlite:{}", ledger.display())).await.unwrap();
    // Another process in the middle of a write, for longer than the ledger waits.
    other.execute("BEGIN IMMEDIATE").await.unwrap();
    let sender = rig.sender("blog", SECRET);
    let later = sender.once("msg_1", HELLO).await.unwrap();
    assert_eq!(later.status, 503, "{}", later.body);
    assert!(later.retry_after.is_some());
    other.execute("ROLLBACK").await.unwrap();
    let retried = sender.retries([Duration::from_millis(100); 20]).deliver("msg_1", HELLO).await;
    assert!(retried.is_taken(), "{retried:?}");
    assert_eq!(rig.posts().await.values().copied().collect::<Vec<_>>(), [1]);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_taken_stops_nobody_and_shows_at_the_source() {
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let rig =
        Rig::listening(dir, Live::Embedded(Arc::new(EmbeddedStore::default())), taken.local_addr().unwrap())
            .await;
    rig.apply(EVENT).await;
    until(|| async { rig.status("blog")["why"].as_str().is_some_and(|why| why.contains("hooks_listen")) })
        .await;
    assert_eq!(rig.status("blog")["state"], "waiting");
    assert!(rig.entries().await > 0, "the intake works");
    drop(taken);
    let rig = rig.opened().await;
    assert!(rig.sender("meet", TEXT_SECRET).github("ping").deliver("1", b"{}").await.is_taken());
    rig.stop().await;
}
