//! The box in Chromium: one post whatever the network does, and what its writer sees meanwhile.

use super::{
    super::{
        browser::{SOON, live},
        stand::SLUG,
    },
    Desk,
};
use nozzle::intake::{Ask, Decide, Decision};
use std::sync::{Arc, atomic::AtomicU32, atomic::Ordering};
use testkit::{Chromium, Tab, Viewport};

/// Writes as a person does: into the box, then the button.
async fn write(tab: &Tab, words: &str) {
    let script = format!(
        "(() => {{ const text = document.getElementById('say'); text.value = {words:?}; \
         document.getElementById('compose').requestSubmit(); return 'sent'; }})()"
    );
    tab.eval_text(&script).await.expect("written");
}

const OUTBOX: &str = "document.getElementById('outbox').textContent";
const FEED: &str = "document.getElementById('feed').textContent";

async fn in_feed(tab: &Tab, words: &str) {
    tab.wait_until(&format!("{FEED}.includes({words:?})"), SOON).await.expect("it is in the feed");
}

async fn outbox_is_empty(tab: &Tab) {
    tab.wait_until("document.getElementById('outbox').children.length === 0", SOON)
        .await
        .expect("nothing waits");
}

async fn times_drawn(tab: &Tab, words: &str) -> f64 {
    tab.eval_number(&format!("{FEED}.split({words:?}).length - 1")).await.expect("a number")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_written_offline_is_stored_once_and_drawn_once() {
    let Some(chromium) = Chromium::start().await else { return };
    let desk = Desk::new("open", "").await;
    let away = Arc::new(AtomicU32::new(0));
    let base = desk.serve(away.clone()).await;
    let tab = chromium.open(&format!("{base}/{SLUG}"), Viewport::LAPTOP).await.expect("the live page");
    live(&tab).await;
    tab.set_online(false).await.expect("the network can be cut");
    write(&tab, "Written in the tunnel.").await;
    tab.wait_until(&format!("{OUTBOX}.includes('as soon as there is a network')"), SOON).await.expect("kept");
    tab.eval_text("document.getElementById('say').value === '' ? 'empty' : 'full'").await.expect("a word");
    assert_eq!(desk.shown().await, 0);
    // Once more the answer is lost after the post was stored.
    away.store(1, Ordering::SeqCst);
    tab.set_online(true).await.expect("and joined again");
    in_feed(&tab, "Written in the tunnel.").await;
    outbox_is_empty(&tab).await;
    assert_eq!(times_drawn(&tab, "Written in the tunnel.").await, 1.0);
    assert_eq!(desk.shown().await, 1, "stored once");
    tab.reload().await.expect("the page again");
    live(&tab).await;
    assert_eq!(times_drawn(&tab, "Written in the tunnel.").await, 1.0);
    outbox_is_empty(&tab).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_outlives_its_page_and_two_pages_send_it_once() {
    let Some(chromium) = Chromium::start().await else { return };
    let desk = Desk::new("open", "").await;
    let base = desk.serve(Arc::default()).await;
    let address = format!("{base}/{SLUG}");
    let tab = chromium.open(&address, Viewport::PHONE).await.expect("the live page");
    live(&tab).await;
    tab.set_online(false).await.expect("the network can be cut");
    write(&tab, "Before the battery died.").await;
    tab.wait_until(&format!("{OUTBOX}.includes('Before the battery')"), SOON).await.expect("kept");
    tab.close().await.expect("closed");
    let (one, other) =
        tokio::join!(chromium.open(&address, Viewport::PHONE), chromium.open(&address, Viewport::LAPTOP));
    for tab in [one.expect("a page"), other.expect("another")] {
        in_feed(&tab, "Before the battery died.").await;
        outbox_is_empty(&tab).await;
        assert_eq!(times_drawn(&tab, "Before the battery died.").await, 1.0);
    }
    assert_eq!(desk.shown().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_post_stays_before_its_writer_until_it_is_decided() {
    let Some(chromium) = Chromium::start().await else { return };
    let desk = Desk::new("hold", "").await;
    let base = desk.serve(Arc::default()).await;
    let tab = chromium.open(&format!("{base}/{SLUG}"), Viewport::LAPTOP).await.expect("the live page");
    live(&tab).await;
    for words in ["Show this one.", "Not this one."] {
        write(&tab, words).await;
        tab.wait_until(
            &format!(
                "document.querySelector('#outbox li:last-child').textContent.includes({words:?}) && \
            document.querySelector('#outbox li:last-child').dataset.state === 'held'"
            ),
            SOON,
        )
        .await
        .expect("held");
    }
    tab.reload().await.expect("the page again");
    live(&tab).await;
    tab.wait_until(&format!("{OUTBOX}.split('Waiting for a moderator').length === 3"), SOON)
        .await
        .expect("still");
    for post in desk.held().await {
        let decision = if post.text.starts_with("Show") { Decision::Show } else { Decision::Remove };
        desk.ask(Ask::Decide(Decide { id: post.id, decision, law: false })).await;
    }
    in_feed(&tab, "Show this one.").await;
    tab.wait_until(&format!("{OUTBOX}.includes('decided not to show')"), SOON).await.expect("told");
    let left = tab.eval_text(OUTBOX).await.expect("words");
    assert!(!left.contains("Show this one.") && left.contains("Not this one."), "{left}");
    assert_eq!(times_drawn(&tab, "Show this one.").await, 1.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn words_that_are_not_taken_go_back_into_the_box_and_a_limit_is_waited_for() {
    let Some(chromium) = Chromium::start().await else { return };
    let desk = Desk::new("open", "[onsite_limits]\nburst = 1\nper_minute = 30\n").await;
    let base = desk.serve(Arc::default()).await;
    let tab = chromium.open(&format!("{base}/{SLUG}"), Viewport::LAPTOP).await.expect("the live page");
    live(&tab).await;
    let press = "document.dispatchEvent(new KeyboardEvent('keydown', {key: 'n', bubbles: true})); document.activeElement.id";
    assert_eq!(tab.eval_text(press).await.expect("an id"), "say", "n writes");
    let too_long = "document.getElementById('say').removeAttribute('maxlength'); 'free'";
    tab.eval_text(too_long).await.expect("a browser that does not count");
    write(&tab, &"long ".repeat(500)).await;
    tab.wait_until(&format!("{OUTBOX}.includes('2000 characters')"), SOON).await.expect("refused");
    let edit = "[...document.querySelectorAll('#outbox button')].find(b => b.textContent === 'Edit').click(); \
                String(document.getElementById('say').value.length)";
    assert_eq!(tab.eval_text(edit).await.expect("a length"), "2500", "the words are back");
    write(&tab, "First.").await;
    in_feed(&tab, "First.").await;
    write(&tab, "<img src=x onerror=alert(1)> Second.").await;
    tab.wait_until(&format!("{OUTBOX}.includes('your words are kept')"), SOON).await.expect("told to wait");
    in_feed(&tab, "<img src=x onerror=alert(1)> Second.").await;
    outbox_is_empty(&tab).await;
    assert_eq!(desk.shown().await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_phone_the_box_opens_from_its_dock() {
    let Some(chromium) = Chromium::start().await else { return };
    let desk = Desk::new("open", "").await;
    let base = desk.serve(Arc::default()).await;
    let tab = chromium.open(&format!("{base}/{SLUG}"), Viewport::PHONE).await.expect("the live page");
    live(&tab).await;
    let seen = "getComputedStyle(document.getElementById('compose')).display";
    assert_eq!(tab.eval_text(seen).await.expect("a style"), "none");
    tab.eval_text("document.getElementById('compose-open').click(); 'opened'").await.expect("opened");
    assert_eq!(tab.eval_text(seen).await.expect("a style"), "block");
    assert_eq!(tab.eval_text("document.activeElement.id").await.expect("an id"), "say");
    let wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
    assert!(tab.eval_number(wide).await.expect("a width") <= 0.0);
    write(&tab, "From my phone.").await;
    in_feed(&tab, "From my phone.").await;
    assert_eq!(tab.eval_text(seen).await.expect("a style"), "none");
    let talk = tab.eval_text("document.querySelector('.talk-now a').href").await.expect("an address");
    tab.goto(&talk).await.expect("the talk's page");
    write(&tab, "About the talk.").await;
    let dock = "document.getElementById('compose-open').textContent";
    tab.wait_until(&format!("{dock} === 'Posted.'"), SOON).await.expect("said where a phone looks");
    tab.wait_until(&format!("{OUTBOX}.includes('Posted.')"), SOON).await.expect("posted");
    let post = tab.eval_text("document.querySelector('#outbox a').href").await.expect("an address");
    tab.goto(&post).await.expect("the post's page");
    let page = tab.eval_text("document.getElementById('post').textContent").await.expect("words");
    assert!(page.contains("Written on this talk’s page.") && page.contains("Take it back"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_another_page_nor_a_log_in_portal_loses_a_draft() {
    let Some(chromium) = Chromium::start().await else { return };
    let desk = Desk::new("open", "").await;
    let base = desk.serve(Arc::default()).await;
    let tab = chromium.open(&format!("{base}/{SLUG}"), Viewport::LAPTOP).await.expect("the live page");
    live(&tab).await;
    // The network of a hotel answers everything itself.
    let portal = "window.real = window.fetch; window.fetch = async () => new Response('{\"ok\": true}', { status: 200 }); 'in'";
    tab.eval_text(portal).await.expect("a portal");
    // Kept by another page a moment ago; this one has not heard of it.
    let other = format!(
        "const draft = {{ key: crypto.randomUUID(), at: 1, state: 'waiting', notBefore: 0, words: {{ name: '', text: 'From the other page.' }} }}; \
         localStorage.setItem('perihelion.outbox.{SLUG}.' + draft.key, JSON.stringify(draft)); 'kept'"
    );
    tab.eval_text(&other).await.expect("kept");
    write(&tab, "From the hotel.").await;
    tab.wait_until(&format!("{OUTBOX}.includes('as soon as there is a network')"), SOON)
        .await
        .expect("not believed");
    tab.reload().await.expect("the page again");
    live(&tab).await;
    in_feed(&tab, "From the other page.").await;
    in_feed(&tab, "From the hotel.").await;
    outbox_is_empty(&tab).await;
    assert_eq!(desk.shown().await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_goes_as_soon_as_somebody_looks_again_but_never_before_the_server_asked() {
    let Some(chromium) = Chromium::start().await else { return };
    let desk = Desk::new("open", "").await;
    let base = desk.serve(Arc::default()).await;
    let tab = chromium.open(&format!("{base}/{SLUG}"), Viewport::PHONE).await.expect("the live page");
    live(&tab).await;
    let busy = "globalThis.sent = 0; globalThis.online = fetch; globalThis.fetch = async (url, ask, ...rest) => { \
                if (ask?.method !== 'POST') return online(url, ask, ...rest); sent += 1; \
                return new Response(JSON.stringify({ error: 'later', message: 'Come back in an hour.' }), { status: 503, headers: { 'Retry-After': '3600', 'Content-Type': 'application/json' } }); }; 'busy'";
    tab.eval_text(busy).await.expect("busy");
    write(&tab, "Written at a bad time.").await;
    tab.wait_until(&format!("{OUTBOX}.includes('Come back in an hour.')"), SOON).await.expect("told");
    // The next try is an hour away: whatever is sent before that, somebody's looking again has sent.
    let looks = "dispatchEvent(new Event('online')); document.dispatchEvent(new Event('visibilitychange')); \
                 new Promise((done) => setTimeout(() => done(String(sent)), 300))";
    assert_eq!(tab.eval_text(looks).await.expect("a number"), "1", "the server has asked for an hour");
    tab.eval_text(
        "{ const now = Date.now; Date.now = () => now() + 3_600_001; } globalThis.fetch = online; 'later'",
    )
    .await
    .expect("later");
    assert_eq!(desk.shown().await, 0);
    tab.eval_text("dispatchEvent(new Event('online')); 'back'").await.expect("back");
    in_feed(&tab, "Written at a bad time.").await;
    outbox_is_empty(&tab).await;
    assert_eq!((desk.shown().await, times_drawn(&tab, "Written at a bad time.").await), (1, 1.0));
}
