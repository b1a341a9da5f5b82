//! Words that were taken back are nowhere, and nobody loses a number by it.

use crate::{
    clients::{Sse, Ws, get_json, http, poll},
    stage::{Stage, eventually},
};

#[tokio::test]
async fn removed_words_cannot_be_fetched_from_any_surface() {
    let stage = Stage::start().await;
    stage.many(10).await;
    stage.post("a regretted sentence").await;
    stage.many(60).await;
    eventually("the chunk is complete", async || get_json(&stage.url("chunk/0.json")).await.0 == 200).await;
    let before = http().get(stage.url("chunk/0.json")).send().await.expect("an answer");
    let old_tag = before.headers()["etag"].clone();
    assert!(before.text().await.expect("text").contains("regretted"));

    let mut open_page = Ws::open(&stage, None).await;
    open_page.object().await;
    let top = stage.remove(vec![11]).await;
    let entry = open_page.object().await;
    assert_eq!((&entry["kind"], &entry["voids"][0]), (&"remove".into(), &11.into()));

    let after = http()
        .get(stage.url("chunk/0.json"))
        .header("if-none-match", &old_tag)
        .send()
        .await
        .expect("an answer");
    assert_eq!(after.status(), 200, "the old tag is no longer good");
    assert_ne!(after.headers()["etag"], old_tag);
    let text = after.text().await.expect("text");
    assert!(!text.contains("regretted") && text.contains(r#"{"seq":11,"kind":"void"}"#));

    let page = poll(&stage, Some(&stage.at(10))).await.1;
    assert_eq!((&page["entries"][0]["kind"], &page["entries"][0]["seq"]), (&"void".into(), &11.into()));
    let mut ws = Ws::open(&stage, Some(&stage.at(0))).await;
    let mut sse = Sse::open(&stage, Some(&stage.at(0)), None).await;
    ws.object().await;
    sse.event().await;
    for seq in 1..=top {
        let (a, b) = (ws.object().await, sse.event().await.data);
        assert_eq!((&a["seq"], &b), (&seq.into(), &a));
        assert!(!a.to_string().contains("regretted"));
    }
}

#[tokio::test]
async fn removed_words_are_gone_from_chunks_behind_the_ring_too() {
    let stage = Stage::with(halley::Config { ring_entries_max: 64, ..halley::Config::default() }).await;
    stage.post("a regretted sentence").await;
    stage.many(400).await;
    eventually("the first chunk is served", async || get_json(&stage.url("chunk/0.json")).await.0 == 200)
        .await;
    assert!(get_json(&stage.url("chunk/0.json")).await.1.to_string().contains("regretted"));
    let top = stage.remove(vec![1]).await;
    stage.seen(top).await;
    let chunk = get_json(&stage.url("chunk/0.json")).await.1;
    assert_eq!(chunk["entries"][0], serde_json::json!({"seq": 1, "kind": "void"}));
}
