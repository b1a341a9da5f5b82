//! The same halley behind a real Redis that is flushed, trimmed, killed and rolled back under it.

use std::{sync::Arc, time::Duration};

use halley::Config;
use live::{
    Store,
    ledger::Ledger,
    push::{Claim, Pusher},
    redis::RedisStore,
};
use model::{EventId, event::EventRef};
use testkit::Redis;
use tokio_util::sync::CancellationToken;

use crate::{
    clients::{Heard, Sse, Ws, get_json, poll},
    stage::{SLUG, Stage},
};

/// A stage whose ledger is pushed to Redis, from which halley reads; `None` (and loud) without Redis.
async fn stage(config: Config) -> Option<(Redis, Stage, CancellationToken)> {
    chassis::tls::install();
    let redis = Redis::start().await?;
    let dir = tempfile::tempdir().expect("a temporary folder");
    let ledger = Ledger::open(dir.path(), EventId::from_random(rand::random())).await.expect("a new ledger");
    let nozzles = RedisStore::connect(&redis.url()).await.expect("Redis answers");
    nozzles
        .publish(&EventRef { eid: ledger.eid(), slug: SLUG.to_owned(), title: "RustFest".to_owned() })
        .await
        .expect("published");
    let claim = Claim::with_times(ledger.place(), true, Duration::ZERO, Duration::from_secs(20));
    let stop = CancellationToken::new();
    let pusher = Pusher::with_claim(ledger.clone(), nozzles.tail(ledger.eid()), claim);
    tokio::spawn(pusher.run(stop.clone()));
    let store: Arc<dyn Store> = Arc::new(RedisStore::connect(&redis.url()).await.expect("Redis answers"));
    let stage = Stage::on(config, ledger, store, dir).await;
    Some((redis, stage, stop))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_go_on_through_flush_and_restart_of_redis() {
    let Some((mut redis, stage, stop)) = stage(Config::default()).await else { return };
    let mut ws = Ws::open(&stage, Some(&stage.at(0))).await;
    let mut sse = Sse::open(&stage, Some(&stage.at(0)), None).await;
    ws.object().await;
    sse.event().await;
    let mut next = 1;
    for round in 0..4 {
        stage.many(20).await;
        match round {
            1 => redis.flushall().await,
            2 => {
                redis.kill9();
                redis.restart().await;
            }
            3 => redis.client_kill_pubsub().await,
            _ => {}
        }
        stage.many(20).await;
        for _ in 0..40 {
            let from_ws = entry(&mut ws).await;
            let from_sse = loop {
                let event = sse.event().await;
                if event.id.is_some() {
                    break event.data;
                }
            };
            assert_eq!((&from_ws["seq"], &from_sse), (&next.into(), &from_ws));
            next += 1;
        }
    }
    stop.cancel();
}

async fn entry(ws: &mut Ws) -> serde_json::Value {
    loop {
        match ws.hear().await {
            Heard::Object(object) if object.get("seq").is_some() => return object,
            Heard::Object(_) => {}
            Heard::Closed(frame) => panic!("closed with {frame:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rollback_of_redis_neither_repeats_nor_brings_back_words() {
    let Some((mut redis, stage, stop)) = stage(Config { ring_entries_max: 64, ..Config::default() }).await
    else {
        return;
    };
    stage.post("a regretted sentence").await;
    stage.seen(stage.many(200).await).await;
    let snapshot = redis.save_snapshot().await;
    let top = stage.remove(vec![1]).await;
    stage.seen(top).await;
    redis.restart_from(&snapshot).await;
    for _ in 0..40 {
        let (status, chunk) = get_json(&stage.url("chunk/0.json")).await;
        assert!(!chunk.to_string().contains("regretted"), "{status}: the old words came back");
        let (_, head) = get_json(&stage.url("head.json")).await;
        assert!(head["top"].as_u64() >= Some(top), "nobody goes backwards: {head}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let (status, chunk) = get_json(&stage.url("chunk/0.json")).await;
    assert_eq!((status, &chunk["entries"][0]["kind"]), (200, &"void".into()));
    stop.cancel();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_of_redis_keeps_pages_open_and_newcomers_served() {
    let Some((mut redis, stage, stop)) = stage(Config::default()).await else { return };
    stage.seen(stage.many(5).await).await;
    redis.kill9();
    let mut ws = Ws::open(&stage, Some(&stage.at(2))).await;
    assert_eq!(ws.object().await["hello"]["resumed"], true);
    for seq in 3..=5 {
        assert_eq!(entry(&mut ws).await["seq"], seq);
    }
    stage.many(3).await;
    redis.restart().await;
    for seq in 6..=8 {
        assert_eq!(entry(&mut ws).await["seq"], seq);
    }
    assert_eq!(poll(&stage, Some(&stage.at(7))).await.1["next"], 8);
    stop.cancel();
}
