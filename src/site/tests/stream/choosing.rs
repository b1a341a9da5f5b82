//! What the reader chooses: filters in the address, and the room in which they sit.

use super::{
    super::{
        browser::{SOON, drawn, live},
        entries::{item, post_of},
        stand::Stand,
    },
    page, run, say,
};
use model::{Body, Entry, Kind, Mark, Run, Seq};
use testkit::{Chromium, Tab, Viewport};

/// A question that was filed to the side room.
fn aside(seq: Seq) -> Entry {
    let mut asks = item(&seq.to_string(), Body(vec![Run::text("Is there coffee on this side?")]));
    asks.marks = vec![Mark::Question];
    let mut entry = post_of(seq, asks);
    if let Kind::Post(post) = &mut entry.kind {
        post.filing.room = Some("side".into());
    }
    entry
}

async fn shown(tab: &Tab) -> Vec<u64> {
    let seqs = run(
        tab,
        "async () => [...document.querySelectorAll('#feed [data-id]')].map(e => Number(e.dataset.seq))",
    )
    .await;
    serde_json::from_value(seqs).expect("seqs")
}

async fn tap(tab: &Tab, selector: &str) {
    tab.eval_text(&format!("document.querySelector({selector:?}).click(); 'tapped'")).await.expect("tapped");
}

async fn address(tab: &Tab) -> String {
    tab.eval_text("location.pathname + location.search").await.expect("an address")
}

async fn until_first(tab: &Tab, seq: Seq) {
    let first = format!("document.querySelector('#feed [data-id]')?.dataset.seq === '{seq}'");
    tab.wait_until(&first, SOON).await.expect("the filter shows its own");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_is_in_the_address_and_a_tap_away_and_counts_only_its_own() {
    let Some(chromium) = Chromium::start().await else { return };
    let stand = Stand::new().await;
    let (base, _stop) = stand.serve("127.0.0.1:0", &[]).await;
    say(&stand, 5..25).await;
    stand.commit((25..28).map(aside).collect()).await;
    say(&stand, 28..180).await;
    let tab = chromium.open(&page(&base, ""), Viewport::PHONE).await.expect("a page");
    live(&tab).await;
    tab.eval_text("globalThis.same = true; 'marked'").await.expect("marked");
    tap(&tab, "[data-filter='room.side']").await;
    assert_eq!(address(&tab).await, "/rustfest?show=room.side");
    until_first(&tab, 27).await;
    assert_eq!(shown(&tab).await, [27, 26, 25], "also what was far down in everything");
    stand.commit(vec![super::said(180), aside(181)]).await;
    until_first(&tab, 181).await;
    tap(&tab, "[data-filter='questions']").await;
    until_first(&tab, 181).await;
    assert_eq!(shown(&tab).await, [181, 27, 26, 25]);
    tap(&tab, "[data-filter='room.main-hall']").await;
    until_first(&tab, 180).await;
    for want in ["?show=questions", "?show=room.side", ""] {
        tab.eval_text("history.back(); 'back'").await.expect("back");
        let there = format!(
            "location.search === {want:?} && document.querySelector('.filters [aria-current]').dataset.filter === (new URLSearchParams({want:?}).get('show') ?? 'all')"
        );
        tab.wait_until(&there, SOON).await.expect("the filter before");
    }
    until_first(&tab, 181).await;
    assert_eq!(
        tab.eval_text("String(globalThis.same)").await.expect("a word"),
        "true",
        "the page was never left"
    );
    // What waits is counted by what the filter shows.
    tap(&tab, "[data-filter='room.main-hall']").await;
    until_first(&tab, 180).await;
    tab.eval_text("scrollTo(0, 1500); 'scrolled'").await.expect("scrolled");
    tab.wait_until("document.body.hasAttribute('data-scrolled')", SOON).await.expect("noticed");
    stand.commit(vec![aside(182), super::said(183), aside(184)]).await;
    drawn(&tab, 184).await;
    tab.wait_until("document.getElementById('pill').textContent === '1 new item'", SOON)
        .await
        .expect("the pill");
    // Who thinks better of it before the answer is there keeps what they had, and what was said meanwhile.
    let hold = "globalThis.real = fetch; globalThis.fetch = async (...all) => { const answer = await real(...all); \
                if (String(all[0]).includes('show=photos')) await new Promise((go) => { globalThis.letGo = go; }); return answer; }; 'held'";
    tab.eval_text(hold).await.expect("held");
    tap(&tab, "[data-filter='photos']").await;
    tab.wait_until("globalThis.letGo !== undefined", SOON).await.expect("asked for");
    stand.commit(vec![super::said(185)]).await;
    drawn(&tab, 185).await;
    tap(&tab, "[data-filter='room.main-hall']").await;
    run(&tab, "async () => { letGo(); fetch = real; await (await real(location.href)).text(); return 0; }")
        .await;
    assert!(shown(&tab).await.len() > 50, "an answer that nobody wants any more is not taken");
    tab.wait_until("document.getElementById('pill').textContent === '2 new items'", SOON)
        .await
        .expect("what was said meanwhile waits as well");
    // Without a network everything that is here stays, and the page says what it cannot do.
    tab.set_online(false).await.expect("cut");
    tap(&tab, "[data-filter='photos']").await;
    tab.wait_until("document.getElementById('link-notice').textContent.includes('cannot be loaded')", SOON)
        .await
        .expect("said");
    assert!(shown(&tab).await.len() > 50, "what was here is still here");
    tab.runs_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_says_once_where_they_sit_and_the_page_opens_there() {
    let Some(chromium) = Chromium::start().await else { return };
    let stand = Stand::new().await;
    let (base, _stop) = stand.serve("127.0.0.1:0", &[]).await;
    say(&stand, 5..25).await;
    stand.commit((25..28).map(aside).collect()).await;
    let tab = chromium.open(&page(&base, ""), Viewport::PHONE).await.expect("a page");
    live(&tab).await;
    tap(&tab, "[data-sit='side']").await;
    until_first(&tab, 27).await;
    tab.goto(&page(&base, "")).await.expect("another day");
    live(&tab).await;
    assert_eq!(address(&tab).await, "/rustfest?show=room.side", "the address says what is shown");
    assert_eq!(shown(&tab).await, [27, 26, 25]);
    let first = run(
        &tab,
        "async () => [document.querySelector('[data-stage]').dataset.stage, document.querySelector('[data-sit][aria-pressed=true]').dataset.sit, \
         document.querySelectorAll('.filters [data-filter]')[1].dataset.filter, document.cookie]",
    )
    .await;
    assert_eq!(
        first,
        serde_json::json!(["side", "side", "room.side", ""]),
        "it comes first, and no cookie is kept"
    );
    tap(&tab, "[data-filter='all']").await;
    tab.wait_until("document.querySelectorAll('#feed [data-id]').length === 23", SOON)
        .await
        .expect("everything, by one tap");
    assert_eq!(address(&tab).await, "/rustfest?show=all", "and named, as the page would open in the room");
    tab.reload().await.expect("the same");
    live(&tab).await;
    assert_eq!(shown(&tab).await.len(), 23);
    tap(&tab, "[data-sit='side']").await;
    tab.goto(&page(&base, "")).await.expect("another day");
    live(&tab).await;
    assert_eq!(
        (address(&tab).await.as_str(), shown(&tab).await.len()),
        ("/rustfest", 23),
        "who stood up sees everything"
    );
    tab.runs_clean().await;
}
