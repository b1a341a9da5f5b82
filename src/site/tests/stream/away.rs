//! A phone in a pocket, a tunnel, a long day: one request brings everything back, and the tab stays small.

use super::{
    super::{
        browser::{DRAWN, SOON, drawn, live},
        entries::{item, post},
        stand::Stand,
    },
    page, run, said, say,
};
use model::{Body, Entry, Seq};
use std::time::Duration;
use testkit::{Chromium, Proxy, Tab, Viewport};

/// Notes every request that the page makes from now on, and every timer that it sets.
const NOTES: &str = r#"(() => {
    globalThis.asked = [];
    globalThis.timers = 0;
    const { WebSocket: Socket, fetch: ask, setTimeout: later, setInterval: every } = globalThis;
    globalThis.WebSocket = class extends Socket { constructor(url) { asked.push(String(url)); super(url); } };
    globalThis.fetch = (url, ...rest) => { asked.push(String(url)); return ask(url, ...rest); };
    globalThis.setTimeout = (...all) => { timers += 1; return later(...all); };
    globalThis.setInterval = (...all) => { timers += 1; return every(...all); };
    return 'noted';
})()"#;

/// The line about an absence; empty without one.
const AWAY: &str = "(line => line.hidden ? '' : line.textContent)(document.getElementById('away'))";

/// Puts the page away, or takes it out again, as the browser tells it.
async fn hide(tab: &Tab, is_hidden: bool) {
    let script = format!(
        "Object.defineProperty(document, 'hidden', {{ value: {is_hidden}, configurable: true }}); \
         document.dispatchEvent(new Event('visibilitychange')); 'told'"
    );
    tab.eval_text(&script).await.expect("told");
}

async fn asked(tab: &Tab) -> Vec<String> {
    serde_json::from_value(run(tab, "async () => asked").await).expect("addresses")
}

/// Every post of these seqs is drawn once, newest first.
async fn whole(tab: &Tab, seqs: std::ops::Range<Seq>, what: &str) {
    let have: Vec<String> = serde_json::from_str(&tab.eval_text(DRAWN).await.expect("ids")).expect("JSON");
    let want: Vec<String> =
        seqs.rev().map(|n| format!("{}:{n}", item(&n.to_string(), Body::default()).id())).collect();
    assert_eq!(have.len(), want.len(), "{what}");
    assert_eq!(have, want, "{what}: 0 missing, 0 doubled");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_was_away_comes_back_with_one_request_and_misses_nothing() {
    let Some(chromium) = Chromium::start().await else { return };
    let stand = Stand::new().await;
    let (base, _stop) = stand.serve("127.0.0.1:0", &[]).await;
    let proxy =
        Proxy::start(base.trim_start_matches("http://").parse().expect("an address")).await.expect("a proxy");
    let tab = chromium
        .open(&page(&format!("http://{}", proxy.address()), ""), Viewport::PHONE)
        .await
        .expect("a page");
    live(&tab).await;
    // Room for all that is said, so that every single one can be counted.
    tab.eval_text("perihelion.page.items_max = 2000; perihelion.connection.rests = 200; 'set'")
        .await
        .expect("set");
    tab.eval_text(NOTES).await.expect("noted");
    hide(&tab, true).await;
    tab.wait_until("perihelion.connection.open === null", SOON)
        .await
        .expect("nobody looks: the socket is closed");
    tab.eval_text("globalThis.before = timers; 'noted'").await.expect("noted");
    say(&stand, 5..255).await;
    tab.eval_text("dispatchEvent(new Event('online')); 'a network changes in the pocket'")
        .await
        .expect("told");
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(asked(&tab).await, [""; 0], "and nothing wakes it");
    assert_eq!(tab.eval_number("timers - before").await.expect("a number"), 0.0, "not even a timer");
    hide(&tab, false).await;
    drawn(&tab, 254).await;
    whole(&tab, 5..255, "out of the pocket").await;
    let all = asked(&tab).await;
    assert!(all.len() == 1 && all[0].contains("/ws?after="), "one request: {all:?}");

    // Ten minutes in a tunnel: every connection is refused, and five hundred things are said.
    proxy.refuse(true);
    proxy.reset();
    tab.wait_until("document.getElementById('conn').textContent === 'Reconnecting'", SOON)
        .await
        .expect("noticed");
    tab.wait_until("perihelion.connection.attempt > 2", SOON).await.expect("it tried");
    say(&stand, 255..755).await;
    // The page's own clock is ten minutes on: whatever it does by the time that has passed, it does now.
    tab.eval_text("{ const now = Date.now; Date.now = () => now() + 600_000; } 'later'")
        .await
        .expect("later");
    let before = proxy.connections();
    proxy.refuse(false);
    tab.eval_text(
        "asked.length = 0; dispatchEvent(new Event('offline')); dispatchEvent(new Event('online')); 'joined'",
    )
    .await
    .expect("told");
    drawn(&tab, 754).await;
    live(&tab).await;
    whole(&tab, 5..755, "after the tunnel").await;
    let all = asked(&tab).await;
    assert!(all.len() == 1 && all[0].contains("/ws?after="), "one request: {all:?}");
    assert_eq!(proxy.connections() - before, 1, "and one connection");
    let line = tab.eval_text(AWAY).await.expect("words");
    assert!(line.starts_with("You were away 10 minutes: 500 posts. "), "{line}");
    assert_eq!(
        tab.eval_json("[perihelion.connection.rung, perihelion.connection.gaps]").await.expect("numbers"),
        "[0,0]",
        "on the rung where it was"
    );
    tab.runs_clean().await;
}

/// Waits until the fan-out has read the log so far: with nobody connected it begins only now.
async fn known(tab: &Tab, seq: u32) {
    let knows =
        "fetch('/live/rustfest/head.json', { cache: 'no-store' }).then(r => r.json()).then(head => head.top)";
    let deadline = tokio::time::Instant::now() + SOON;
    while tab.eval_number(knows).await.expect("a number") < f64::from(seq) {
        assert!(tokio::time::Instant::now() < deadline, "the fan-out follows the log");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_missed_thousands_of_posts_is_brought_up_to_now_instead_of_through_all_of_them() {
    let Some(chromium) = Chromium::start().await else { return };
    let stand = Stand::new().await;
    let (base, _stop) = stand.serve("127.0.0.1:0", &[]).await;
    let tab = chromium.open(&page(&base, ""), Viewport::PHONE).await.expect("a page");
    live(&tab).await;
    tab.eval_text("perihelion.connection.rests = 50; 'set'").await.expect("set");
    hide(&tab, true).await;
    tab.wait_until("perihelion.connection.open === null", SOON).await.expect("asleep");
    let counted = "globalThis.heard = 0; const { entry } = perihelion.connection; \
                   perihelion.connection.entry = function (one) { heard += 1; return entry.call(this, one); }; 'counting'";
    tab.eval_text(counted).await.expect("counting");
    say(&stand, 5..2_005).await;
    known(&tab, 2_004).await;
    hide(&tab, false).await;
    drawn(&tab, 2_004).await;
    live(&tab).await;
    assert!(tab.eval_number("heard").await.expect("a number") < 1_000.0, "not one by one");
    assert_eq!(
        tab.eval_text("document.querySelector('#feed [data-id]').dataset.seq").await.expect("a seq"),
        "2004"
    );
    assert_eq!(
        tab.eval_text("document.querySelector('[data-count=all]').textContent").await.expect("a number"),
        "2,000"
    );
    stand.commit(vec![post(2_005, "after", "and on it goes")]).await;
    tab.wait_until("document.querySelector('#feed article').textContent.includes('on it goes')", SOON)
        .await
        .expect("live");
    // Where the page cannot be drawn anew, the stream tells all of it, and nobody asks in a circle.
    let away = "globalThis.real = fetch; globalThis.tries = 0; globalThis.fetch = async (url, ...rest) => { \
                if (String(url).includes('/items?')) { tries += 1; throw new TypeError('away'); } return real(url, ...rest); }; 'away'";
    tab.eval_text(away).await.expect("away");
    hide(&tab, true).await;
    tab.wait_until("perihelion.connection.open === null", SOON).await.expect("asleep");
    say(&stand, 2_006..3_606).await;
    known(&tab, 3_605).await;
    hide(&tab, false).await;
    drawn(&tab, 3_605).await;
    assert_eq!(tab.eval_number("tries").await.expect("a number"), 1.0, "asked for once");
    // Another log begins before the site knows of it: it is asked until it does.
    tab.eval_text("perihelion.connection.on.reset(); 'begun'").await.expect("begun");
    tab.wait_until("tries > 1 && document.querySelectorAll('#feed [data-id]').length === 0", SOON)
        .await
        .expect("nothing of the old log stays");
    tab.eval_text("globalThis.fetch = real; 'back'").await.expect("back");
    tab.wait_until("document.querySelector('#feed [data-id]')?.dataset.seq === '3605'", SOON)
        .await
        .expect("what the log has");
    tab.runs_clean().await;
}

/// Puts the page away for so many minutes in which this is said.
async fn absent(tab: &Tab, stand: &Stand, minutes: u32, seqs: std::ops::Range<Seq>) {
    hide(tab, true).await;
    tab.wait_until("perihelion.connection.open === null", SOON).await.expect("asleep");
    let top = seqs.end - 1;
    say(stand, seqs).await;
    tab.eval_text(&format!("ahead += {minutes} * 60_000; 'later'")).await.expect("later");
    known(tab, u32::try_from(top).expect("small")).await;
    hide(tab, false).await;
    drawn(tab, top).await;
    live(tab).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_comes_back_after_long_is_led_to_what_they_missed_in_one_quiet_line() {
    let Some(chromium) = Chromium::start().await else { return };
    let stand = Stand::new().await;
    let (base, _stop) = stand.serve("127.0.0.1:0", &[]).await;
    let tab = chromium.open("about:blank", Viewport::PHONE).await.expect("a tab");
    let clock = "globalThis.ahead = 0; { const now = Date.now; Date.now = () => now() + ahead; }";
    tab.page().evaluate_on_new_document(clock).await.expect("a clock of ours");
    tab.goto(&page(&base, "")).await.expect("the page");
    live(&tab).await;
    tab.eval_text("perihelion.connection.rests = 50; 'set'").await.expect("set");
    for (minutes, seqs, said) in [
        (20, 5..15, ""),
        (31, 15..18, "You were away 31 minutes: 3 posts."),
        (2, 18..219, "You were away 2 minutes: 201 posts."),
        (0, 219..459, ""),
        // So much that the page is drawn anew: the server knows how much it was.
        (170, 459..2_059, "You were away 3 hours: 1,600 posts."),
    ] {
        let from = seqs.start - 1;
        let end = seqs.end;
        absent(&tab, &stand, minutes, seqs).await;
        let line = tab.eval_text(AWAY).await.expect("words");
        assert_eq!(line.is_empty(), said.is_empty(), "{minutes} minutes: {line}");
        if said.is_empty() {
            continue;
        }
        assert_eq!(line, format!("{said} What you missed in 2 minutesDismiss"));
        let way =
            tab.eval_text("document.querySelector('#away a').getAttribute('href')").await.expect("a way");
        assert!(
            way.starts_with("/rustfest/catch-up?after=0.") && way.ends_with(&format!(".{from}")),
            "{way}"
        );
        let missed = stand.get(&way).await.text();
        assert!(missed.contains(&format!("{} posts by", group(end - from - 1))), "{way}: {missed}");
        tab.eval_text("document.querySelector('#away button').click(); 'dismissed'")
            .await
            .expect("dismissed");
        assert_eq!(tab.eval_text(AWAY).await.expect("words"), "");
    }
    // A phone has thrown the tab away meanwhile: its place was kept.
    hide(&tab, true).await;
    tab.wait_until("perihelion.connection.open === null", SOON).await.expect("asleep");
    say(&stand, 2_059..2_064).await;
    let age = "for (const key of Object.keys(localStorage).filter((key) => key.includes('left'))) { \
               const left = JSON.parse(localStorage.getItem(key)); localStorage.setItem(key, JSON.stringify({ ...left, at: Date.now() - 3 * 86_400_000 })); } 'aged'";
    tab.goto(&page(&base, "/about")).await.expect("another page in its place");
    tab.eval_text(age).await.expect("aged");
    tab.goto(&page(&base, "")).await.expect("the page again");
    let told = format!("{AWAY}.startsWith('You were away 3 days: 5 posts. ')");
    tab.wait_until(&told, SOON).await.expect("told");
    live(&tab).await;
    tab.reload().await.expect("and again");
    live(&tab).await;
    assert_eq!(tab.eval_text(AWAY).await.expect("words"), "", "once is enough");
    tab.runs_clean().await;
}

/// A number as it is printed.
fn group(n: Seq) -> String {
    if n < 1_000 { n.to_string() } else { format!("{},{:03}", n / 1_000, n % 1_000) }
}

/// The heap in bytes, and the nodes of the document.
async fn size(tab: &Tab) -> (f64, f64) {
    let nodes = tab.eval_number("document.querySelectorAll('*').length").await.expect("a number");
    (tab.heap_bytes().await.expect("measured"), nodes)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tab_that_is_open_all_day_stays_as_small_as_in_the_morning() {
    const POSTS: Seq = 20_000;
    let Some(chromium) = Chromium::start().await else { return };
    let stand = Stand::new().await;
    let (base, _stop) = stand.serve("127.0.0.1:0", &[]).await;
    let tab = chromium.open(&page(&base, ""), Viewport::PHONE).await.expect("a page");
    live(&tab).await;
    // Twelve hours of the page's own clock, 36 minutes with each thousand posts.
    tab.eval_text(
        "globalThis.ahead = 0; { const now = Date.now; Date.now = () => now() + ahead; } 'a clock of ours'",
    )
    .await
    .expect("a clock of ours");
    let mut sizes = Vec::new();
    for from in (5..POSTS).step_by(1_000) {
        let some: Vec<Entry> = (from..(from + 1_000).min(POSTS)).map(said).collect();
        // Half of the day somebody reads further down, and what comes waits.
        let down = if (from / 2_000) % 2 == 1 { 3_000 } else { 0 };
        tab.eval_text(&format!("ahead += 36 * 60_000; scrollTo(0, {down}); 'scrolled'"))
            .await
            .expect("scrolled");
        let top = stand.commit(some).await;
        drawn(&tab, top).await;
        sizes.push(size(&tab).await);
    }
    let most =
        |some: &[(f64, f64)]| some.iter().fold((0.0_f64, 0.0_f64), |(a, b), (c, d)| (a.max(*c), b.max(*d)));
    let third = sizes.len() / 3;
    let (first, last) = (most(&sizes[..third]), most(&sizes[sizes.len() - third..]));
    println!("heap and nodes at most, first third {first:?}, last third {last:?}");
    assert!(last.0 < first.0 * 1.2 + 1e6, "the heap is flat: {first:?}, then {last:?}");
    assert!(last.1 < first.1 * 1.2, "the document is flat: {first:?}, then {last:?}");
    assert_eq!(tab.eval_number("perihelion.connection.gaps").await.expect("gaps"), 0.0);
    assert_eq!(tab.eval_number("ahead / 3_600_000").await.expect("hours"), 12.0);
    tab.eval_text("scrollTo(0, 0); document.getElementById('pill').click(); 'up'").await.expect("up");
    tab.wait_until(
        &format!("document.querySelector('#feed [data-id]')?.dataset.seq === '{}'", POSTS - 1),
        SOON,
    )
    .await
    .expect("now");
    tab.runs_clean().await;
}
