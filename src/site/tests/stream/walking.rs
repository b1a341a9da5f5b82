//! Walking the whole stream in one tab: everything once, in order, in a window that stays small, and nothing moves on the way.

use super::{
    super::{
        browser::{SOON, drawn, live},
        entries::{gone, item, post},
        stand::Stand,
    },
    FRAMES, archive, page, run, say,
};
use model::{Body, Seq};
use serde_json::Value;
use testkit::{Chromium, Tab, Viewport};

const POSTS: Seq = 2_400;

/// Scrolls by steps to an end of the stream. Notes every line that was in the page, how many there were at most, whether they ever stood
/// out of order or twice, and by how much a line in sight moved that nobody scrolled.
const WALK: &str = r#"(async (by) => {
    // Where a line stands in the frame that is painted; between frames it may be anywhere.
    const painted = line => new Promise(done => new IntersectionObserver(([seen], mine) => { mine.disconnect(); done(seen.boundingClientRect.top); }).observe(line));
    const frames = () => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
    const seen = new Set();
    let [most, moved, wrong, still] = [0, 0, 0, 0];
    const look = () => {
        const lines = [...document.querySelectorAll('#feed [data-seq]')];
        const seqs = lines.map(e => Number(e.dataset.seq));
        if (seqs.some((seq, i) => i > 0 && seq >= seqs[i - 1])) wrong += 1;
        seqs.forEach(seq => seen.add(seq));
        most = Math.max(most, lines.length);
        return lines.find(e => e.getBoundingClientRect().top >= 0) ?? lines.at(-1);
    };
    const end = () => (by > 0 ? document.getElementById('older').hidden : perihelion.feed.isLive)
        && (by > 0 ? scrollY + innerHeight >= document.documentElement.scrollHeight - 2 : scrollY === 0);
    for (let i = 0; i < 4000 && !end(); i++) {
        scrollBy(0, by);
        await frames();
        // What is fetched meanwhile must not move what stands here.
        const line = look();
        const top = await painted(line);
        await frames();
        if (line.isConnected) moved = Math.max(moved, Math.abs(await painted(line) - top));
        still += 1;
    }
    look();
    return JSON.stringify({ seen: [...seen].sort((a, b) => b - a), most, moved, wrong, steps: still });
})"#;

async fn walk(tab: &Tab, by: i32) -> Value {
    let text = tab.eval_text(&format!("{WALK}({by})")).await.expect("the walk ends");
    serde_json::from_str(&text).expect("JSON")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_stream_passes_through_a_small_window_in_both_directions_and_nothing_moves() {
    let Some(chromium) = Chromium::start().await else { return };
    let stand = Stand::new().await;
    let (base, _stop) = stand.serve("127.0.0.1:0", &[]).await;
    say(&stand, 5..POSTS).await;
    archive(&stand, POSTS).await;
    let tab = chromium.open(&page(&base, ""), Viewport::PHONE).await.expect("the live page");
    live(&tab).await;
    let all: Vec<Seq> = (5..POSTS).rev().collect();
    let check = |walked: &Value, all: &[Seq], what: &str| {
        let told = |name: &str| walked[name].as_f64().unwrap_or(f64::NAN);
        let seen: Vec<Seq> = serde_json::from_value(walked["seen"].clone()).expect("seqs");
        assert_eq!(seen.len(), all.len(), "{what}: {:?} ..", &seen[..5]);
        assert_eq!(seen, all, "{what}: every post was there");
        assert!(told("wrong") == 0.0, "{what}: in order, each once: {}", walked["wrong"]);
        assert!(told("moved") < 1.0, "{what}: nothing moves by itself: {} px", walked["moved"]);
        assert!(told("most") <= 420.0, "{what}: {} lines at once", walked["most"]);
    };
    check(&walk(&tab, 1_500).await, &all, "down");
    let label = tab.eval_text("document.getElementById('pill').textContent").await.expect("words");
    assert_eq!(label, "Back to now", "far down there is a way back");
    // What is said meanwhile is counted, and waits above.
    stand
        .commit(vec![
            post(POSTS, "fresh", "fresh"),
            gone(POSTS + 1, POSTS - 1, &(POSTS - 1).to_string(), true),
        ])
        .await;
    drawn(&tab, POSTS + 1).await;
    tab.wait_until("document.getElementById('pill').textContent === '1 new item'", SOON)
        .await
        .expect("the pill");
    let and_fresh: Vec<Seq> = (5..=POSTS).rev().collect();
    check(&walk(&tab, -1_500).await, &and_fresh, "up");
    assert_eq!(
        tab.eval_json("perihelion.feed.isLive").await.expect("a word"),
        "true",
        "up here it is live again"
    );
    let numbers = "JSON.stringify([...document.querySelectorAll('#feed article')].slice(0, 3).map(e => Number(e.getAttribute('aria-posinset'))))";
    assert_eq!(tab.eval_text(numbers).await.expect("numbers"), "[1,2,3]");
    let grey = format!("document.querySelector('[data-seq=\"{}\"]').textContent", POSTS - 1);
    assert!(tab.eval_text(&grey).await.expect("words").contains("removed by its author"));
    tab.runs_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_opens_at_an_old_post_goes_on_in_both_directions_and_becomes_live() {
    let Some(chromium) = Chromium::start().await else { return };
    let stand = Stand::new().await;
    let (base, _stop) = stand.serve("127.0.0.1:0", &[]).await;
    say(&stand, 5..POSTS).await;
    // Down to where the fold ends; the archive is not there yet.
    let tab = chromium.open(&page(&base, "?before=450"), Viewport::LAPTOP).await.expect("the stream");
    tab.wait_until("globalThis.perihelion?.connection.ready", SOON).await.expect("the stream");
    tab.eval_text("scrollTo(0, 1e6); 'down'").await.expect("scrolled");
    let said = "document.querySelector('#older .said').textContent.includes('nothing is lost')";
    tab.wait_until(said, SOON).await.expect("it says that older items are not to be had");
    archive(&stand, POSTS).await;
    tab.eval_text("document.querySelector('#older a').click(); 'again'").await.expect("asked again");
    tab.wait_until("perihelion.feed.low < 400", SOON).await.expect("and they come");
    tab.close().await.expect("closed");
    let id = item("150", Body::default()).id();
    let tab =
        chromium.open(&page(&base, &format!("/posts/{id}")), Viewport::LAPTOP).await.expect("a post's page");
    let way = "document.querySelector('a[href*=\"?around=\"]').click(); 'gone'";
    tab.eval_text(way).await.expect("the way into the stream");
    tab.wait_until("globalThis.perihelion?.connection.ready", SOON).await.expect("the stream");
    let stands = format!("document.getElementById('i-{id}').getBoundingClientRect().top");
    tab.eval_json(&format!("{FRAMES}()")).await.expect("painted");
    let top = tab.eval_number(&stands).await.expect("a place");
    assert!((0.0..400.0).contains(&top), "the post is in sight: {top}");
    let seen = walk(&tab, 2_500).await;
    assert_eq!(
        seen["seen"].as_array().and_then(|all| all.last()).and_then(Value::as_u64),
        Some(5),
        "to the first minute"
    );
    let up = walk(&tab, -2_500).await;
    assert_eq!(up["seen"][0].as_u64(), Some(POSTS - 1), "up to now");
    assert_eq!(
        (up["wrong"].as_u64(), up["moved"].as_f64().map(|by| by < 1.0)),
        (Some(0), Some(true)),
        "{}",
        up["moved"]
    );
    stand.commit(vec![post(POSTS, "fresh", "fresh")]).await;
    tab.wait_until("document.querySelector('#feed article').textContent.includes('fresh')", SOON)
        .await
        .expect("it is live");
    // By hand, from far below: one step.
    tab.goto(&page(&base, "?before=100")).await.expect("the stream");
    tab.wait_until("!document.getElementById('pill').parentElement.hidden", SOON).await.expect("a way back");
    tab.eval_text("document.getElementById('pill').click(); 'pressed'").await.expect("pressed");
    tab.wait_until(
        "perihelion.feed.isLive && document.querySelector('#feed article').textContent.includes('fresh')",
        SOON,
    )
    .await
    .expect("now");
    assert_eq!(tab.eval_text("location.search").await.expect("an address"), "");
    let two = run(
        &tab,
        "async () => [...document.querySelectorAll('#feed [data-id]')].map(e => e.dataset.id).length",
    )
    .await;
    assert_eq!(two, 60);
    tab.runs_clean().await;
}
