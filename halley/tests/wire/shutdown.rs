//! Stopping: everybody is told to come back, and nobody is waited for too long.

use std::time::{Duration, Instant};

use chassis::Ending;

use crate::{
    clients::{Heard, Sse, Ws, poll},
    stage::Stage,
};

#[tokio::test]
async fn every_stream_gets_a_bye_before_it_ends() {
    let stage = Stage::start().await;
    let mut ws = Ws::open(&stage, None).await;
    let mut sse = Sse::open(&stage, None, None).await;
    ws.object().await;
    sse.event().await;
    let at = stage.at(0);
    let began = Instant::now();
    let (polled, ()) = tokio::join!(poll(&stage, Some(&at)), async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        stage.shutdown.trigger();
    });
    assert_eq!((polled.0, &polled.1["error"]), (503, &"draining".into()));
    assert!(polled.1["retry_ms"].as_u64().is_some_and(|ms| (100..=1000).contains(&ms)));
    let bye = ws.object().await;
    assert!(bye["bye"]["retry_ms"].as_u64().is_some_and(|ms| (100..=1000).contains(&ms)), "{bye}");
    let Heard::Closed(Some(frame)) = ws.hear().await else { panic!("a close with a code") };
    assert_eq!(u16::from(frame.code), 1012);
    let bye = sse.event().await;
    assert_eq!(bye.retry, bye.data["bye"]["retry_ms"].as_u64());
    assert!(sse.next().await.is_none(), "the stream ends");
    drop((ws, sse));
    assert_eq!(stage.shutdown.finish().await, Ending::Clean);
    assert!(began.elapsed() < Duration::from_secs(20));
}

#[tokio::test]
async fn a_restarted_halley_goes_on_where_its_clients_were() {
    let stage = Stage::start().await;
    stage.many(3).await;
    let mut ws = Ws::open(&stage, Some(&stage.at(0))).await;
    ws.object().await;
    assert_eq!(ws.object().await["seq"], 1);
    stage.shutdown.trigger();
    stage.shutdown.finish().await;
    let at = stage.at(1);
    let dir = tempfile::tempdir().expect("a temporary folder");
    let again = Stage::on(halley::Config::default(), stage.ledger.clone(), stage.store.clone(), dir).await;
    let mut ws = Ws::open(&again, Some(&at)).await;
    assert_eq!(ws.object().await["hello"]["resumed"], true);
    assert_eq!(ws.object().await["seq"], 2);
    assert_eq!(ws.object().await["seq"], 3);
}

#[tokio::test]
async fn browsers_are_told_with_the_hello_when_to_come_back_to_a_server_that_says_no_bye() {
    let stage = Stage::start().await;
    let mut told = std::collections::HashSet::new();
    for _ in 0..8 {
        let hello = Sse::open(&stage, None, None).await.event().await;
        assert!(hello.data["hello"].is_object());
        told.insert(hello.retry.filter(|ms| (1000..=3000).contains(ms)).expect("one to three seconds"));
    }
    assert!(told.len() > 1, "everybody another time: {told:?}");
}
