//! Where a stream begins, for every kind of position a client may come with.

use std::time::Duration;

use halley::Config;
use model::Epoch;

use crate::{
    clients::{Sse, Ws, get_json, http, poll, seqs},
    stage::{SLUG, Stage},
};

#[tokio::test]
async fn a_newcomer_begins_at_the_top() {
    let stage = Stage::start().await;
    stage.seen(stage.many(3).await).await;
    let mut ws = Ws::open(&stage, None).await;
    let hello = ws.object().await;
    assert_eq!(hello["hello"]["after"], hello["hello"]["top"]);
    stage.post("four").await;
    let entry = ws.object().await;
    assert_eq!((&entry["seq"], &entry["item"]["body"][0]), (&4.into(), &"four".into()));
    assert!(entry["item"]["uid"].is_null(), "the public form has no uid");
}

#[tokio::test]
async fn a_stream_resumes_behind_the_position_and_goes_on_live() {
    let stage = Stage::start().await;
    stage.many(5).await;
    stage.seen(5).await;
    let mut ws = Ws::open(&stage, Some(&stage.at(3))).await;
    let hello = ws.object().await["hello"].clone();
    assert_eq!((&hello["after"], &hello["resumed"], &hello["base"]), (&3.into(), &true.into(), &0.into()));
    assert_eq!(hello["epoch"], stage.ledger.epoch().as_str());
    assert_eq!(ws.object().await["seq"], 4);
    assert_eq!(ws.object().await["seq"], 5);
    stage.post("six").await;
    assert_eq!(ws.object().await["seq"], 6);
}

#[tokio::test]
async fn an_unknown_epoch_starts_afresh_from_base_on_every_transport() {
    let stage = Stage::start().await;
    stage.many(2).await;
    let other = format!("{}.7", Epoch::new(0, 42));
    let hello = Ws::open(&stage, Some(&other)).await.object().await["hello"].clone();
    assert_eq!((&hello["after"], &hello["resumed"]), (&0.into(), &false.into()));
    let mut sse = Sse::open(&stage, Some(&other), None).await;
    assert_eq!(sse.event().await.data["hello"]["resumed"], false);
    assert_eq!(sse.event().await.data["seq"], 1);
    let (status, page) = poll(&stage, Some(&other)).await;
    assert_eq!((status, &page["after"], &page["resumed"]), (200, &0.into(), &false.into()));
}

#[tokio::test]
async fn a_client_ahead_of_us_is_held_until_we_get_there() {
    let stage = Stage::start().await;
    stage.post("one").await;
    let mut ws = Ws::open(&stage, Some(&stage.at(3))).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    stage.many(3).await;
    let hello = ws.object().await["hello"].clone();
    assert_eq!((&hello["after"], &hello["resumed"]), (&3.into(), &true.into()));
    assert_eq!(ws.object().await["seq"], 4);
}

#[tokio::test]
async fn a_poll_that_stays_ahead_is_told_to_start_afresh() {
    let stage = Stage::with(Config { poll_hold: Duration::from_millis(500), ..Config::default() }).await;
    stage.post("one").await;
    for ahead in [stage.at(9), format!("{}.9", Epoch::new(5, 1))] {
        let (status, page) = poll(&stage, Some(&ahead)).await;
        assert_eq!((status, &page["resumed"], &page["after"]), (200, &false.into(), &0.into()), "{ahead}");
    }
}

#[tokio::test]
async fn a_poll_answers_at_once_or_holds_and_then_says_204() {
    let stage = Stage::with(Config { poll_hold: Duration::from_millis(600), ..Config::default() }).await;
    stage.seen(stage.many(3).await).await;
    let (status, page) = poll(&stage, Some(&stage.at(1))).await;
    assert_eq!((status, seqs(&page["entries"])), (200, vec![2, 3]));
    assert_eq!(
        (&page["after"], &page["next"], &page["epoch"]),
        (&1.into(), &3.into(), &stage.ledger.epoch().as_str().into())
    );
    let before = std::time::Instant::now();
    assert_eq!(poll(&stage, Some(&stage.at(3))).await.0, 204);
    assert!(before.elapsed() >= Duration::from_millis(600));
}

#[tokio::test]
async fn a_held_poll_gets_the_entry_that_ends_its_wait() {
    let stage = Stage::start().await;
    let at = stage.at(0);
    let (answer, _) = tokio::join!(poll(&stage, Some(&at)), async {
        tokio::time::sleep(Duration::from_millis(150)).await;
        stage.post("at last").await
    });
    assert_eq!((answer.0, seqs(&answer.1["entries"])), (200, vec![1]));
    let (status, page) = poll(&stage, None).await;
    assert_eq!((status, &page["next"], seqs(&page["entries"])), (200, &1.into(), vec![]));
}

#[tokio::test]
async fn polls_are_kept_by_caches_on_the_way_and_by_no_browser() {
    let stage = Stage::start().await;
    stage.many(2).await;
    let kept = http().get(stage.url(&format!("poll?after={}", stage.at(1)))).send().await.expect("an answer");
    assert_eq!(kept.headers()["cache-control"], "no-store");
    assert_eq!(kept.headers()["cdn-cache-control"], "max-age=3");
    let afresh = http()
        .get(stage.url(&format!("poll?after={}.1", Epoch::new(0, 42))))
        .send()
        .await
        .expect("an answer");
    assert!(
        !afresh.headers().contains_key("cdn-cache-control"),
        "what is not a true prefix is kept by nobody"
    );
}

#[tokio::test]
async fn the_last_event_id_beats_the_address() {
    let stage = Stage::start().await;
    stage.seen(stage.many(4).await).await;
    let mut sse = Sse::open(&stage, Some(&stage.at(1)), Some(&stage.at(3))).await;
    let hello = sse.event().await;
    assert_eq!((hello.id.is_none(), &hello.data["hello"]["after"]), (true, &3.into()));
    let entry = sse.event().await;
    assert_eq!((entry.id, &entry.data["seq"]), (Some(stage.at(4)), &4.into()));
}

#[tokio::test]
async fn pages_of_other_origins_may_read_as_nothing_here_is_anybodys() {
    let stage = Stage::start().await;
    let asked = http()
        .get(stage.url("head.json"))
        .header("origin", "https://elsewhere.example")
        .header("cookie", "a=b");
    let answer = asked.send().await.expect("an answer");
    assert_eq!(answer.headers()["access-control-allow-origin"], "*");
    assert!(
        !answer.headers().contains_key("set-cookie")
            && !answer.headers().contains_key("access-control-allow-credentials")
    );
}

#[tokio::test]
async fn what_the_ring_has_dropped_comes_out_of_chunks() {
    let stage = Stage::with(Config { ring_entries_max: 64, ..Config::default() }).await;
    stage.seen(stage.many(700).await).await;
    let mut ws = Ws::open(&stage, Some(&stage.at(10))).await;
    assert_eq!(ws.object().await["hello"]["resumed"], true);
    for seq in 11..=700 {
        assert_eq!(ws.object().await["seq"], seq);
    }
}

#[tokio::test]
async fn head_and_chunks_are_files() {
    let stage = Stage::start().await;
    stage.many(130).await;
    stage.seen(130).await;
    let (status, chunk) = get_json(&stage.url("chunk/1.json")).await;
    assert_eq!((status, seqs(&chunk["entries"])), (200, (65..=128).collect()));
    assert_eq!((&chunk["after"], &chunk["next"]), (&64.into(), &128.into()));
    assert_eq!(get_json(&stage.url("chunk/2.json")).await.1["error"], "chunk_incomplete");
    let first = http().get(stage.url("chunk/0.json")).send().await.expect("an answer");
    assert_eq!(first.headers()["cache-control"], "public, max-age=3");
    let etag = first.headers()["etag"].to_str().expect("text").to_owned();
    let again =
        http().get(stage.url("chunk/0.json")).header("if-none-match", etag).send().await.expect("an answer");
    assert_eq!((again.status().as_u16(), again.bytes().await.expect("no body").len()), (304, 0));
}

#[tokio::test]
async fn the_protocol_and_the_state_can_be_read() {
    let stage = Stage::start().await;
    let docs = http().get(format!("http://{}/live", stage.address)).send().await.expect("an answer");
    assert!(docs.text().await.expect("text").contains("EPOCH.SEQ"));
    let (status, ready) = get_json(&format!("http://{}/readyz", stage.address)).await;
    assert_eq!((status, &ready["ready"]), (200, &true.into()));
    let statuses = stage.store.statuses().await.expect("the board");
    let (_, record) = statuses.iter().find(|(key, _)| key.starts_with("status:halley:")).expect("our record");
    assert!(record.contains(SLUG) && record.contains("\"connections\""), "{record}");
}
