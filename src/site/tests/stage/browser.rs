//! The stewards' page in Chromium: on a phone that loses its network, and two phones at once.

use super::{
    super::{
        browser::{SOON, live},
        stand::{OWNER_KEY, SLUG},
        writing::Desk,
    },
    desk, id, press, room, stage,
};
use serde_json::json;
use std::sync::{Arc, atomic::AtomicU32, atomic::Ordering};
use testkit::{Chromium, Tab, Viewport};

/// What the narrowest phones have.
const NARROW: Viewport = Viewport { width: 360, height: 740, mobile: true };

async fn steward(chromium: &Chromium, base: &str, viewport: Viewport) -> Tab {
    let tab = chromium.open(&format!("{base}/login?token={OWNER_KEY}"), viewport).await.expect("the door");
    tab.goto(&format!("{base}/admin/{SLUG}/stage?room=main-hall")).await.expect("the stage");
    live(&tab).await;
    tab
}

async fn until(tab: &Tab, condition: &str) {
    if let Err(error) = tab.wait_until(condition, SOON).await {
        panic!("{condition}: {error}; {}", tab.html().await.unwrap_or_default());
    }
}

/// Presses the button of the shown room by its value.
async fn thumb(tab: &Tab, value: &str) {
    let script = format!(
        "(() => {{ const button = document.querySelector('.panel:not([hidden]) button[value^=\"{value}\"]'); button.click(); return 'pressed'; }})()"
    );
    tab.eval_text(&script).await.expect("pressed");
}

const SEEN: &str = "document.querySelector('.panel:not([hidden]) .seen').textContent";
const WAITS: &str = "document.getElementById('waits')";

async fn presses(desk: &Desk, slug: &str) -> Vec<serde_json::Value> {
    room(&stage(desk).await, slug)["presses"].as_array().expect("presses").clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_pressed_without_a_network_waits_with_its_own_time_and_goes_out_once() {
    let Some(chromium) = Chromium::start().await else { return };
    let desk = desk().await;
    let away = Arc::new(AtomicU32::new(0));
    let base = desk.serve(away.clone()).await;
    let next = id(&desk, "Who else reads your cache?").await;
    let tab = steward(&chromium, &base, NARROW).await;
    tab.set_online(false).await.expect("the network can be cut");
    let before = jiff::Timestamp::now().as_microsecond();
    thumb(&tab, &next).await;
    // Another room is there without a network, too, and so is another time.
    tab.eval_text("document.querySelector('#tabs [data-room=side]').click(); document.querySelector('#since [value=\"5\"]').click(); 'picked'").await.expect("picked");
    thumb(&tab, "break").await;
    let pressed = jiff::Timestamp::now().as_microsecond();
    until(&tab, &format!("{WAITS}.textContent.includes('2 presses wait for the network')")).await;
    assert_eq!(tab.eval_text("location.search").await.expect("the address"), "?room=side");
    assert!(presses(&desk, "main-hall").await.is_empty());
    // The answer to the first is lost after the log has it.
    away.store(1, Ordering::SeqCst);
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    let joined = jiff::Timestamp::now().as_microsecond();
    tab.set_online(true).await.expect("and joined again");
    until(&tab, &format!("{WAITS}.hidden && {SEEN}.includes('Break')")).await;
    let main = presses(&desk, "main-hall").await;
    assert_eq!((main.len(), &main[0]["talk"]), (1, &json!(next)), "stored once");
    let since = main[0]["since"].as_i64().expect("a moment");
    let slack = 3_000_000;
    assert!(
        before - slack <= since && since <= pressed + slack && since < joined,
        "its own time: {before} {since} {pressed}"
    );
    let side = presses(&desk, "side").await;
    let back = pressed - side[0]["since"].as_i64().expect("a moment");
    assert!((290_000_000..=305_000_000).contains(&back), "five minutes before it was pressed: {back}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_phones_and_the_live_page_show_what_one_of_them_pressed() {
    let Some(chromium) = Chromium::start().await else { return };
    let desk = desk().await;
    let base = desk.serve(Arc::default()).await;
    let next = id(&desk, "Who else reads your cache?").await;
    let one = steward(&chromium, &base, NARROW).await;
    let other = steward(&chromium, &base, Viewport::PHONE).await;
    let public = chromium.open(&format!("{base}/{SLUG}"), Viewport::LAPTOP).await.expect("the live page");
    live(&public).await;
    thumb(&one, &next).await;
    for phone in [&one, &other] {
        until(
            phone,
            &format!("{SEEN}.includes('Who else reads your cache?') && {SEEN}.includes('Said by a steward')"),
        )
        .await;
    }
    let shown = "document.querySelector('[data-stage=main-hall]').textContent";
    until(&public, &format!("{shown}.includes('Who else reads your cache?')")).await;
    // The other one takes back what the first has pressed.
    tokio::time::sleep(std::time::Duration::from_millis(700)).await;
    thumb(&other, "undo").await;
    for phone in [&one, &other] {
        until(phone, &format!("{SEEN}.includes('Forms that forgive')")).await;
    }
    until(&public, &format!("{shown}.includes('Forms that forgive')")).await;
    assert!(presses(&desk, "main-hall").await.is_empty());
    // The page's own drawing is the server's, word for word.
    let first = id(&desk, "Forms that forgive").await;
    press(&desk, "late", &json!({"room": "main-hall", "talk": first})).await;
    until(&public, &format!("{shown}.includes('Running 10 min late')")).await;
    let markup = "document.getElementById('stage').innerHTML.replace(/>\\s+</g, '><').replace(/value=\"[^\"]*\"/g, '').replace(/ class=\"is-new\"/g, '').trim()";
    let drawn = public.eval_text(markup).await.expect("markup");
    public.reload().await.expect("the page again");
    let served = public.eval_text(markup).await.expect("markup");
    assert_eq!(drawn, served);
}

#[tokio::test(flavor = "multi_thread")]
async fn on_the_narrowest_phone_nothing_is_cut_off_and_every_button_is_large() {
    let Some(chromium) = Chromium::start().await else { return };
    let desk = desk().await;
    let base = desk.serve(Arc::default()).await;
    let tab = steward(&chromium, &base, NARROW).await;
    let over = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
    assert_eq!(tab.eval_number(over).await.expect("a number"), 0.0);
    let small = "Math.min(...[...document.querySelectorAll('.panel:not([hidden]) button, #since label, #tabs a')].map((e) => e.getBoundingClientRect().height))";
    assert!(tab.eval_number(small).await.expect("a number") >= 44.0);
    let cut = "[...document.querySelectorAll('#since label')].filter((e) => e.getBoundingClientRect().right > innerWidth + 1).length";
    assert_eq!(tab.eval_number(cut).await.expect("a number"), 0.0, "all choices of when are in sight");
}
