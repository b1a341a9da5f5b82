//! The reader's own time beside the venue's, and pages that ask once more by themselves, in Chromium.

use super::{
    browser::{SOON, live},
    entries::NOON,
    stand::{SLUG, Stand},
};
use model::{Entry, Kind, Micros, StageEntry};
use testkit::{Chromium, Tab, Viewport};

/// The reader's own time of what is found here; `none` without one.
async fn yours(tab: &Tab, selector: &str) -> String {
    let script = format!("document.querySelector({selector:?}).dataset.yours ?? 'none'");
    tab.eval_text(&script).await.unwrap_or_else(|error| panic!("{selector}: {error}"))
}

/// The stage's markup without what only this reader sees.
const STAGE: &str = "(root => { const stage = root.getElementById('stage').cloneNode(true); \
    stage.querySelectorAll('[data-yours]').forEach(one => one.removeAttribute('data-yours')); \
    stage.querySelectorAll('progress').forEach(one => one.removeAttribute('value')); return stage.innerHTML.replace(/>\\s+</g, '><').trim(); })";

/// What is on, and a talk of the next morning: 09:30 on Tuesday.
fn tomorrow() -> Vec<Entry> {
    let start = NOON.0 + 19 * Micros::HOUR + 30 * Micros::MINUTE;
    let talk = serde_json::json!({
        "id": "t3", "title": "What the tide knows", "room": "side", "day": "2026-06-02", "speakers": [],
        "start": start, "end": start + Micros::HOUR,
    });
    let talk = Box::new(serde_json::from_value(talk).expect("a talk"));
    vec![Entry { seq: 5, at: NOON, kind: Kind::Talk { talk } }]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_elsewhere_sees_their_own_time_beside_the_venues_and_nothing_moves_for_it() {
    let Some(chromium) = Chromium::start().await else { return };
    let stand = Stand::new().await;
    let (base, _stop) = stand.serve("127.0.0.1:0", &[]).await;
    stand.commit(tomorrow()).await;
    stand.commit(vec![super::entries::post(6, "a", "Said at two.")]).await;
    let tab = chromium.open("about:blank", Viewport::PHONE).await.expect("a tab");
    tab.live_in("Pacific/Auckland").await.expect("a reader far away");
    tab.goto(&format!("{base}/{SLUG}")).await.expect("the live page");
    live(&tab).await;
    let all = [
        ("#feed .minute > time", "Tue 00:00"),
        ("[data-stage='main-hall'] time", "23:40 to Tue 00:20"),
        (".next time", "19:30"),
    ];
    for (selector, own) in all {
        assert_eq!(yours(&tab, selector).await, own, "{selector}");
    }
    let next = tab.eval_text("document.querySelector('.next time').firstChild.data").await.expect("words");
    assert_eq!(next, "Tue 09:30", "what comes tomorrow says so");
    // It takes no room on a phone nor on a laptop, and can be left out on this device.
    let size = "`${document.getElementById('stage').offsetHeight} ${document.documentElement.scrollWidth}`";
    for viewport in [Viewport::LAPTOP, Viewport::PHONE] {
        tab.resize(viewport).await.expect("resized");
        let with = tab.eval_text(size).await.expect("a size");
        tab.eval_text("document.querySelector('#zone button').click(); 'switched'").await.expect("switched");
        assert_eq!(tab.eval_text(size).await.expect("a size"), with, "{viewport:?}");
        let printed = "getComputedStyle(document.querySelector('.next time'), '::after').content";
        assert_eq!(tab.eval_text(printed).await.expect("a style"), "none");
        tab.reload().await.expect("the page again");
        live(&tab).await;
        assert_eq!(tab.eval_text(printed).await.expect("a style"), "none", "kept on this device");
        tab.eval_text("document.querySelector('#zone button').click(); 'back'").await.expect("back");
        assert_ne!(tab.eval_text(printed).await.expect("a style"), "none");
    }
    // What the script draws is what the server draws, and is told in the reader's time as well.
    let said = StageEntry { room: "side".into(), talk: None, since: NOON, undone: false };
    stand.commit(vec![Entry { seq: 7, at: NOON, kind: Kind::Stage(said) }]).await;
    tab.wait_until("!document.querySelector('[data-stage=side]').dataset.talk", SOON).await.expect("drawn");
    let served = format!(
        "fetch('/{SLUG}').then(r => r.text()).then(t => {STAGE}(new DOMParser().parseFromString(t, 'text/html')))"
    );
    let ours = tab.eval_text(&format!("{STAGE}(document)")).await.expect("markup");
    assert_eq!(ours, tab.eval_text(&served).await.expect("markup"), "script, then server");
    tab.wait_until("document.querySelector('.next time').dataset.yours === '19:30'", SOON)
        .await
        .expect("told");
    tab.goto(&format!("{base}/{SLUG}/talks/t1")).await.expect("the talk");
    assert_eq!(yours(&tab, "header.talk .when time").await, "23:40 to Tue 00:20");
    tab.goto(&format!("{base}/{SLUG}/rooms/main-hall")).await.expect("the room");
    assert_eq!(yours(&tab, ".room-now .where time").await, "23:40 to Tue 00:20");
    // Whoever lives where the venue is, or by the same clock, sees one time.
    for zone in ["Europe/Berlin", "Africa/Johannesburg"] {
        tab.live_in(zone).await.expect("moved");
        tab.goto(&format!("{base}/{SLUG}")).await.expect("the live page");
        live(&tab).await;
        assert_eq!(
            tab.eval_number("document.querySelectorAll('[data-yours]').length").await.expect("n"),
            0.0
        );
    }
    tab.runs_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_cannot_be_drawn_asks_once_more_by_itself_and_not_again() {
    let Some(chromium) = Chromium::start().await else { return };
    let stand = Stand::on("postgres://nobody@127.0.0.1:9/none").await;
    let (base, _stop) = stand.serve("127.0.0.1:0", &[]).await;
    let tab = chromium.open("about:blank", Viewport::PHONE).await.expect("a tab");
    // A second is over in 20 ms.
    let quick = "{ const later = setTimeout; globalThis.setTimeout = (what, ms) => later(what, ms / 50); }";
    tab.page().evaluate_on_new_document(quick).await.expect("time passes");
    tab.goto(&format!("{base}/{SLUG}/schedule/changes")).await.expect("a page that fails");
    let is_again = "performance.getEntriesByType('navigation')[0].type === 'reload' && document.readyState === 'complete'";
    tab.wait_until(is_again, SOON).await.expect("it has asked once more");
    let said = "document.getElementById('again').textContent";
    assert_eq!(tab.eval_text(said).await.expect("words"), "", "and promises nothing now");
    let began = tab.eval_number("performance.timeOrigin").await.expect("a moment");
    tab.eval_text("new Promise((done) => setTimeout(() => done('15 seconds later'), 15_000))")
        .await
        .expect("waited");
    assert_eq!(
        tab.eval_number("performance.timeOrigin").await.expect("a moment"),
        began,
        "it is left to its reader"
    );
    // Another page of the same kind has a try of its own.
    let (tries, other) =
        (format!("{said}.startsWith('Trying again in ')"), format!("{base}/{SLUG}/talks/t1?view=unfiled"));
    tab.eval_text("sessionStorage.length === 1 ? 'noted' : 'not'")
        .await
        .map(|word| assert_eq!(word, "noted"))
        .expect("noted");
    tab.goto(&other).await.expect("another that fails");
    tab.wait_until(&format!("{tries} || {is_again}"), SOON).await.expect("it says when");
}
