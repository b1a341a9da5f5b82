//! Clients that others have written: the `ws` package of npm, curl, and Chromium. Every entry comes once, in order.

use std::process::Output;
use std::time::Duration;

use serde_json::{Value, json};
use testkit::{Chromium, Proxy, Viewport, skip_loudly};
use tokio::{process::Command, time::timeout};

use crate::stage::{SLUG, Stage};

const PATIENCE: Duration = Duration::from_secs(60);
const HALF: u64 = 150;
const LAST: u64 = 300;

async fn run(command: &mut Command) -> Option<Output> {
    let output =
        timeout(PATIENCE, command.kill_on_drop(true).output()).await.expect("an end within a minute");
    output.ok()
}

/// Posts entries from here to `last`, not too fast.
async fn post_until(stage: &Stage, last: u64) {
    while stage.post("a sentence that is long enough to be worth compressing, long enough").await < last {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_ws_package_follows_reconnects_pings_and_closes_with_and_without_compression() {
    // Debian keeps node's packages where its own node looks, and no other.
    let node = |script: &[&str]| {
        let mut command = Command::new("node");
        let paths = std::env::var("NODE_PATH").unwrap_or_default();
        command.env("NODE_PATH", format!("/usr/share/nodejs:{paths}")).args(script);
        command
    };
    let found = run(&mut node(&["-e", "require('ws')"])).await;
    if !found.is_some_and(|found| found.status.success()) {
        return skip_loudly("node with the package ws");
    }
    for compress in [true, false] {
        let stage = Stage::start().await;
        let told = json!({
            "url": format!("ws://{}/live/{SLUG}/ws", stage.address), "epoch": stage.ledger.epoch(),
            "half": HALF, "last": LAST, "compress": compress,
        });
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/wire/ws.cjs");
        let mut command = node(&[script, &told.to_string()]);
        let (ran, ()) = tokio::join!(run(&mut command), post_until(&stage, LAST));
        let ran = ran.expect("node starts");
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        let seen: Value = serde_json::from_slice(&ran.stdout).expect("JSON");
        let seqs: Vec<u64> = serde_json::from_value(seen["seqs"].clone()).expect("numbers");
        assert!(seqs.iter().copied().eq(1..=LAST), "lost, doubled or out of order: {seqs:?}");
        assert_eq!(seen["hellos"], json!([0, HALF]));
        assert_eq!(seen["extensions"], if compress { "permessage-deflate" } else { "" });
        assert_eq!((&seen["pongs"], &seen["ownClose"]["code"]), (&json!(1), &json!(4000)), "{seen}");
        assert_eq!(seen["garbageClose"]["code"], 4003, "{seen}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn curl_reads_events_to_their_end_and_polls_on_one_connection() {
    let stage = Stage::start().await;
    stage.seen(stage.many(20).await).await;
    let polls: Vec<String> = (0..5).map(|n| stage.url(&format!("poll?after={}", stage.at(n)))).collect();
    let Some(polled) =
        run(Command::new("curl").args(["-sv", "--noproxy", "*", "--compressed"]).args(&polls)).await
    else {
        return skip_loudly("curl");
    };
    let pages: Vec<Value> = serde_json::Deserializer::from_slice(&polled.stdout)
        .into_iter()
        .map(|page| page.expect("JSON"))
        .collect();
    let firsts: Vec<u64> = pages.iter().filter_map(|page| page["entries"][0]["seq"].as_u64()).collect();
    assert_eq!(firsts, [1, 2, 3, 4, 5]);
    let log = String::from_utf8_lossy(&polled.stderr);
    assert_eq!(log.matches("Connected to ").count(), 1, "{log}");

    let url = stage.url(&format!("sse?after={}", stage.at(0)));
    let mut command = Command::new("curl");
    command.args(["-sN", "--noproxy", "*", &url]);
    let (ran, ()) = tokio::join!(run(&mut command), async {
        post_until(&stage, LAST).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        stage.shutdown.trigger();
    });
    let ran = ran.expect("curl starts");
    assert!(ran.status.success(), "an end that is no error: {ran:?}");
    let text = String::from_utf8(ran.stdout).expect("UTF-8");
    let objects = text.lines().filter_map(|line| line.strip_prefix("data: "));
    let objects: Vec<Value> = objects.map(|data| serde_json::from_str(data).expect("JSON")).collect();
    let seqs: Vec<u64> = objects.iter().filter_map(|object| object["seq"].as_u64()).collect();
    assert!(seqs.iter().copied().eq(1..=LAST), "lost, doubled or out of order: {seqs:?}");
    assert!(objects.last().expect("objects")["bye"]["retry_ms"].is_u64());
}

/// Follows on all three ways at once. A WebSocket and a poll come back by themselves here; an event stream does so in every browser.
const PAGE: &str = r"
    window.ws = []; window.sse = []; window.poll = []; window.extensions = ''; window.coding = ''; window.opened = 0;
    window.base = location.origin + '/live/SLUG/'; window.epoch = 'EPOCH';
    const follow = () => {
        const socket = new WebSocket(base.replace('http', 'ws') + 'ws?after=' + epoch + '.' + (ws.at(-1) ?? 0));
        socket.onopen = () => { window.extensions = socket.extensions; };
        socket.onmessage = (message) => { const seq = JSON.parse(message.data).seq; if (seq) ws.push(seq); };
        socket.onclose = () => setTimeout(follow, 50);
    };
    follow();
    const events = new EventSource(base + 'sse?after=' + epoch + '.0');
    events.onopen = () => { opened += 1; };
    events.onmessage = (message) => { const seq = JSON.parse(message.data).seq; if (seq) sse.push(seq); };
    (async () => {
        for (;;) {
            try {
                const answer = await fetch(base + 'poll?after=' + epoch + '.' + (poll.at(-1) ?? 0));
                if (answer.status !== 200) continue;
                const page = await answer.json();
                poll.push(...page.entries.map((entry) => entry.seq));
            } catch { await new Promise((resolve) => setTimeout(resolve, 50)); }
        }
    })();
    true
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chromium_follows_on_all_three_ways_and_comes_back_after_a_cut() {
    let Some(chromium) = Chromium::start().await else { return };
    let stage = Stage::start().await;
    let proxy = Proxy::start(stage.address.parse().expect("bound")).await.expect("a proxy");
    let tab = chromium
        .open(&format!("http://{}/live", proxy.address()), Viewport::LAPTOP)
        .await
        .expect("a page of halley's own");
    let page = PAGE.replace("SLUG", SLUG).replace("EPOCH", stage.ledger.epoch().as_str());
    tab.eval_json(&page).await.expect("the page follows");
    post_until(&stage, HALF).await;
    let all_at = |last: u64| format!("[ws, sse, poll].every((seqs) => seqs.at(-1) === {last})");
    tab.wait_until(&all_at(HALF), PATIENCE).await.expect("all of the first half");
    proxy.cut();
    post_until(&stage, LAST).await;
    tab.wait_until(&all_at(LAST), PATIENCE).await.expect("all of the second half");
    for way in ["ws", "sse", "poll"] {
        let seqs = tab.eval_json(way).await.expect("numbers");
        let seqs: Vec<u64> = serde_json::from_str(&seqs).expect("numbers");
        assert!(seqs.iter().copied().eq(1..=LAST), "{way}: lost, doubled or out of order: {seqs:?}");
    }
    assert!(
        tab.eval_number("opened").await.expect("a number") >= 2.0,
        "the event stream came back by itself"
    );
    let extensions = tab.eval_text("extensions").await.expect("text");
    assert!(extensions.contains("permessage-deflate"), "{extensions:?}");
    // A quick machine polls the entries one by one, too short to be worth compressing: the whole of it is worth it everywhere.
    let ask = "fetch(base + 'poll?after=' + epoch + '.0').then((answer) => { coding = answer.headers.get('content-encoding') ?? 'none'; }); true";
    tab.eval_json(ask).await.expect("asked");
    tab.wait_until("coding !== ''", PATIENCE).await.expect("an answer");
    let coding = tab.eval_text("coding").await.expect("text");
    assert!(["gzip", "br"].contains(&coding.as_str()), "{coding}");
}
