//! Lines that are no messages, messages that are no posts, and posts in every wrong order.

use model::{Micros, Uid};
use networks::raw::Step;
use serde_json::{Value, json};

use crate::kinds::Kind;
use crate::rig::{Rig, now, seconds};

/// One connection: these messages, then post 9 to prove that it goes on.
async fn after(kind: Kind, steps: Vec<Step>) -> (Rig, crate::rig::Log) {
    let all = [vec![kind.head(), kind.beat()], steps, kind.well(&[9]).split_off(2)].concat();
    let rig = Rig::start(kind, move |_| all.clone()).await;
    let log = rig.has(&[9]).await;
    assert_eq!(rig.connects().len(), 1, "{}: a bad line ends no stream: {:?}", rig.kind.name(), rig.state());
    (rig, log)
}

#[tokio::test]
async fn a_line_of_ten_megabytes_is_dropped_with_a_gap_and_the_next_one_is_read() {
    for kind in Kind::streams() {
        let line = kind.message(&vec![b'x'; 10 * 1024 * 1024]);
        let (rig, _) = after(kind, vec![line]).await;
        let log = rig.until("a gap for the long line", |log| !log.gaps.is_empty()).await;
        let (_, gap) = &log.gaps[0];
        assert_eq!((gap.count, gap.closed, gap.to.is_some()), (Some(1), false, true), "{gap:?}");
        assert_eq!(log.tally.rejected.get("oversize"), Some(&1), "{:?}", log.tally);
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_counted_and_the_stream_goes_on() {
    for kind in Kind::streams() {
        let deep = "[".repeat(10_000);
        let wrong = json!({"id": [], "uri": {}, "text": 7, "content": 7, "account": "x", "data": 7, "created_at": {}});
        let bad: Vec<Vec<u8>> = vec![
            b"\xff\xfe{}".to_vec(),
            b"{\"id\":\"\0\"}".to_vec(),
            b"{\"id\":\"1\",".to_vec(),
            wrong.to_string().into_bytes(),
            deep.into_bytes(),
            b"\xef\xbb\xbf".to_vec(),
            b"null".to_vec(),
        ];
        let count = bad.len() as u64;
        let mut steps: Vec<Step> = bad.iter().map(|payload| kind.message(payload)).collect();
        steps.push(kind.message(b""));
        let (rig, _) = after(kind, steps).await;
        let counted = rig.until("a tally", |log| log.tally.rejected.values().sum::<u64>() >= count).await;
        assert_eq!(counted.new.len(), 1, "{:?}", counted.new);
    }
}

#[tokio::test]
async fn a_post_that_comes_a_thousand_times_is_one_item() {
    for kind in Kind::streams() {
        let same: Vec<Step> = (0..1000).map(|_| kind.line(1)).collect();
        let (rig, log) = after(kind, same).await;
        assert_eq!(log.new.len(), 2, "{}", rig.kind.name());
        let log = rig.until("a tally", |log| log.tally.duplicate >= 999).await;
        assert_eq!((log.edits, log.tally.new), (0, 2));
    }
}

#[tokio::test]
async fn posts_in_any_order_are_all_there() {
    for kind in Kind::streams() {
        let order = [5, 1, 4, 2, 3];
        let (rig, _) = after(kind.clone(), order.iter().map(|n| kind.line(*n)).collect()).await;
        rig.has(&order).await;
    }
}

/// A newer version of a post.
fn edited(kind: &Kind, n: i64) -> Value {
    let mut document = kind.document(n, "better");
    document["edited_at"] = json!(Micros(now()).timestamp().to_string());
    document
}

#[tokio::test]
async fn an_edit_before_its_post_and_a_delete_before_its_post_leave_the_right_state() {
    let kind = Kind::mastodon();
    let event = |name: &str, data: &str| Step::Say(format!("event: {name}\ndata: {data}\n\n").into_bytes());
    let steps = vec![
        event("status.update", &edited(&kind, 1).to_string()),
        kind.line(1),
        event("delete", &kind.id(2)),
        kind.line(2),
        kind.line(3),
        event("delete", &kind.id(3)),
    ];
    let (rig, log) = after(kind, steps).await;
    let id = |n| Uid(rig.kind.uid(n)).id().to_string();
    assert!(log.items[&id(1)].body.text().starts_with("better"), "the older words came last and lost");
    assert!(!log.items.contains_key(&id(2)) && !log.new.contains_key(&id(2)), "deleted before it came");
    assert_eq!((log.items.contains_key(&id(3)), log.removed), (false, 1));
}

#[tokio::test]
async fn times_from_the_future_and_from_1970_are_not_believed() {
    for kind in Kind::streams() {
        let dated = |n, time: &str| {
            let mut document = kind.document(n, "when?");
            document["created_at"] = json!(time);
            kind.message(&kind.told(&document))
        };
        let steps = vec![dated(1, "2099-01-01T00:00:00.000Z"), dated(2, "1970-01-01T00:00:00.000Z")];
        let (rig, _) = after(kind.clone(), steps).await;
        let log = rig.has(&[1, 2]).await;
        for item in log.items.values() {
            let off = (item.when.0 - now()).abs();
            assert!(off < Micros::HOUR, "{}: {off}", rig.kind.name());
        }
    }
}

#[tokio::test]
async fn ids_that_begin_anew_lose_nothing() {
    let kind = Kind::mastodon();
    kind.post(100);
    let world = kind.clone();
    let stream = move |n| match n {
        0 => vec![world.head(), world.beat(), world.line(100), Step::Wait(seconds(5))],
        _ => world.well(&[9]),
    };
    let reborn = std::sync::atomic::AtomicBool::new(false);
    let fresh = json!([{ "id": "2", "uri": "https://a.example/anew", "content": "anew #rustfest", "account": {"acct": "a"} }]);
    let rig = Rig::at(kind, None, stream, move |asked| {
        // From the second connection on, the server counts from 1.
        let is_timeline = asked.path.contains("/timelines/");
        let is_reborn = reborn.load(std::sync::atomic::Ordering::Relaxed);
        if is_timeline && asked.query("min_id").is_some() {
            reborn.store(true, std::sync::atomic::Ordering::Relaxed);
            return Some(networks::raw::json(200, "[]"));
        }
        let is_above = asked.query("max_id").is_some();
        (is_timeline && is_reborn)
            .then(|| networks::raw::json(200, if is_above { "[]".into() } else { fresh.to_string() }))
    });
    let rig = rig.await;
    let anew = Uid("mastodon:https://a.example/anew".into()).id().to_string();
    rig.until("the post under its new number", |log| log.items.contains_key(&anew)).await;
    rig.has(&[9]).await;
}
