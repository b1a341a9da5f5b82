//! Walls in Chromium: what is never painted, what vanishes at once, and what the operators see of it.

use super::super::{
    browser::SOON,
    stand::{INTAKE_TOKEN, OWNER_KEY, SLUG},
    writing::Desk,
};
use http::Request;
use model::ItemId;
use nozzle::intake::{Ask, Decide, Decision, Say, SetStage, SetWall};
use serde_json::Value;
use std::{sync::Arc, time::Duration};
use testkit::{Chromium, Tab, Viewport};

pub(super) const HD: Viewport = Viewport { width: 1920, height: 1080, mobile: false };
pub(super) const SMALL: Viewport = Viewport { width: 1280, height: 720, mobile: false };
pub(super) const UHD: Viewport = Viewport { width: 3840, height: 2160, mobile: false };

/// Runs before the page's own script: notes every word that is ever in sight, with its moment, and what goes wrong. `pass(ms)` lets time pass.
const WATCH: &str = r"
    const real = performance.now.bind(performance);
    let ahead = 0;
    performance.now = () => real() + ahead;
    globalThis.pass = (ms) => { ahead += ms; return 'passed'; };
    globalThis.wrong = [];
    globalThis.painted = [];
    addEventListener('error', (e) => { if (e.message) wrong.push(e.message); });
    addEventListener('unhandledrejection', (e) => wrong.push(String(e.reason)));
    document.addEventListener('securitypolicyviolation', (e) => wrong.push(e.violatedDirective + ' ' + e.blockedURI));
    const look = () => {
        const posts = document.getElementById('posts');
        if (!posts || document.body.hasAttribute('data-blank')) return;
        for (const say of posts.querySelectorAll('.say')) {
            const words = say.textContent;
            if (!painted.some((one) => one.words === words)) painted.push({ words, at: real() });
        }
    };
    new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true, attributes: true });";

pub(super) async fn wall(chromium: &Chromium, base: &str, query: &str, viewport: Viewport) -> Tab {
    let tab = chromium.open("about:blank", viewport).await.expect("a tab");
    tab.page().evaluate_on_new_document(WATCH).await.expect("the watcher");
    tab.goto(&format!("{base}/{SLUG}/wall{query}")).await.expect("the wall");
    until(&tab, "globalThis.perihelion?.connection.ready").await;
    tab
}

pub(super) async fn until(tab: &Tab, condition: &str) {
    if let Err(error) = tab.wait_until(condition, SOON).await {
        panic!("{condition}: {error}; {}", tab.html().await.unwrap_or_default());
    }
}

/// What operators and authors take away may not stay longer than this, on a machine that is busy with other tests, too.
const AT_ONCE: Duration = Duration::from_secs(5);

/// As [`until`], within [`AT_ONCE`].
pub(super) async fn at_once(tab: &Tab, condition: &str) {
    if let Err(error) = tab.wait_until(condition, AT_ONCE).await {
        panic!("{condition}: {error}; {}", tab.html().await.unwrap_or_default());
    }
}

pub(super) async fn json(tab: &Tab, script: &str) -> Value {
    serde_json::from_str(&tab.eval_text(&format!("JSON.stringify({script})")).await.expect("an answer"))
        .expect("JSON")
}

pub(super) async fn fine(tab: &Tab) {
    assert_eq!(
        json(tab, "wrong").await,
        serde_json::json!([]),
        "no script error, nothing that the policy had to stop"
    );
}

/// Whether some post in sight holds these words.
pub(super) fn shows(words: &str) -> String {
    format!("document.getElementById('posts').textContent.includes({words:?})")
}

async fn talk(desk: &Desk) -> model::TalkId {
    let now: Value =
        serde_json::from_slice(&desk.get(&format!("/api/v1/events/{SLUG}/now")).await.body).expect("JSON");
    model::TalkId(now["rooms"][0]["on"]["talk"].as_str().expect("a talk is on").to_owned())
}

async fn write(desk: &Desk, text: &str, talk: Option<&model::TalkId>) -> ItemId {
    write_as(desk, "0123456789abcdef", text, talk).await
}

/// By another person: one alone may not write as much as a test says.
async fn write_as(desk: &Desk, person: &str, text: &str, talk: Option<&model::TalkId>) -> ItemId {
    let say = Say { text: text.into(), name: "Ada".into(), reply_to: None, talk: talk.cloned(), room: None };
    let outcome = desk.ask_as("person", person, Ask::Say(say)).await;
    outcome.id.expect("an id").parse().expect("an id")
}

async fn decide(desk: &Desk, id: ItemId, decision: Decision) {
    desk.ask(Ask::Decide(Decide { id, decision, law: false })).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_back_within_the_delay_is_never_painted_and_each_post_has_its_time() {
    let Some(chromium) = Chromium::start().await else { return };
    let desk = Desk::new("open", "[wall]\ndelay = 3\n").await;
    let base = desk.serve(Arc::default()).await;
    let on = talk(&desk).await;
    let tab = wall(&chromium, &base, "?room=main-hall", HD).await;
    let began = tab.eval_number("pass(0) && performance.now()").await.expect("a moment");
    let canary = write(&desk, "canary taken back", Some(&on)).await;
    let first = write(&desk, "The first one stays", Some(&on)).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    decide(&desk, canary, Decision::Remove).await;
    write(&desk, "The second one waits for its turn", Some(&on)).await;
    // A wall that is opened within the delay waits as well: it counts from the commit, not from the page.
    let late = wall(&chromium, &base, "?room=main-hall", HD).await;
    until(&tab, &shows("The second one waits")).await;
    until(&late, &shows("The first one stays")).await;
    let painted = json(&tab, "painted").await;
    let all: Vec<(&str, f64)> = painted
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| (one["words"].as_str().expect("words"), one["at"].as_f64().expect("a moment")))
        .collect();
    assert_eq!(
        all.iter().map(|(words, _)| *words).collect::<Vec<_>>(),
        ["The first one stays", "The second one waits for its turn"]
    );
    assert!(all[0].1 - began >= 2_900.0, "painted before its delay was over: {painted}");
    assert!(all[1].1 - all[0].1 >= 7_900.0, "a new post comes every 8 s at the soonest: {painted}");
    assert!(!json(&late, "painted").await.to_string().contains("canary"));
    // What is up vanishes at once, in the middle of its turn, and comes back when a moderator says so: after the delay.
    decide(&desk, first, Decision::Hide).await;
    at_once(&tab, &format!("!{}", shows("The first one stays"))).await;
    at_once(&late, &format!("!{}", shows("The first one stays"))).await;
    fine(&tab).await;
    // A wall whose link is dead without knowing it shows nothing that may have been taken back meanwhile.
    late.eval_text("perihelion.connection.object = () => undefined; 'deaf'").await.expect("deaf");
    tab.close().await.expect("closed");
    let unheard = write(&desk, "canary unheard", Some(&on)).await;
    late.wait_until(&shows("canary"), Duration::from_millis(4_500)).await.expect_err("it is not painted");
    decide(&desk, unheard, Decision::Remove).await;
    late.eval_text("delete perihelion.connection.object; perihelion.connection.connect(); 'hears'")
        .await
        .expect("hears");
    write(&desk, "The last one", Some(&on)).await;
    until(&late, &shows("The last one")).await;
    leapt_over(&desk, &late, &on).await;
    assert!(!json(&late, "painted").await.to_string().contains("canary"));
    fine(&late).await;
}

/// So with a wall that comes back after so long that the stream leaps over what was said: until it has read what that was, it shows
/// nothing that it had waiting.
async fn leapt_over(desk: &Desk, late: &Tab, on: &model::TalkId) {
    let leapt = write_as(desk, "fedcba9876543210", "canary leapt over", Some(on)).await;
    until(late, &format!("perihelion.queue.byId.has('{leapt}')")).await;
    let deaf = "globalThis.online = fetch; globalThis.fetch = async (url, ...rest) => { const answer = await online(url, ...rest); \
                if (String(url) === location.href) await new Promise((go) => { globalThis.letGo = go; }); return answer; }; \
                perihelion.connection.object = () => undefined; pass(9000); 'deaf'";
    late.eval_text(deaf).await.expect("deaf");
    decide(desk, leapt, Decision::Remove).await;
    let leap = "(c => { const { seq, epoch } = c.cursor; delete c.object; \
                c.object({ window: { after: seq, base: seq + 1, archive: '' } }); \
                c.object({ hello: { epoch, after: seq + 1, top: seq + 1, base: seq + 1, resumed: true } }); \
                c.object({ beat: { top: seq + 1 } }); return 'leapt'; })(perihelion.connection)";
    late.eval_text(leap).await.expect("leapt");
    late.wait_until(&shows("canary"), Duration::from_millis(4_500)).await.expect_err("it is not painted");
    late.eval_text("letGo(); fetch = online; 'read'").await.expect("read");
    until(late, &format!("!perihelion.queue.byId.has('{leapt}')")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_blanks_every_wall_at_once_and_the_operators_see_it() {
    let Some(chromium) = Chromium::start().await else { return };
    let desk = Desk::new("open", "").await;
    let base = desk.serve(Arc::default()).await;
    let on = talk(&desk).await;
    write(&desk, "Said of the talk", Some(&on)).await;
    write(&desk, "Is it recorded?", Some(&on)).await;
    let operator =
        chromium.open(&format!("{base}/login?token={OWNER_KEY}"), Viewport::PHONE).await.expect("the door");
    operator.goto(&format!("{base}/admin/{SLUG}/wall")).await.expect("the operators' page");
    let main = wall(&chromium, &base, "?room=main-hall", HD).await;
    let side = wall(&chromium, &base, "?room=side", SMALL).await;
    let whole = wall(&chromium, &base, "", HD).await;
    let state = |words: &str| format!("document.getElementById('state').textContent.includes({words:?})");
    // And how long it took, in seconds.
    let told = |words: &str| {
        format!("/{words} after [0-4]\\.\\d/.test(document.getElementById('state').textContent)")
    };
    until(&operator, &state("3 of 3 walls follow")).await;
    until(&main, &shows("Said of the talk")).await;
    until(&whole, &shows("Is it recorded?")).await;
    for (what, is) in
        [("scrollWidth > innerWidth", false), ("querySelector('.panic').offsetHeight >= 88", true)]
    {
        let script = format!(
            "String(Boolean(document.{}))",
            what.replace("scrollWidth", "documentElement.scrollWidth")
        );
        assert_eq!(operator.eval_text(&script).await.expect("a word"), is.to_string(), "{what}");
    }
    let button = "document.querySelector('#panic button').click() || 'pressed'";
    operator.eval_text(button).await.expect("pressed");
    let is_blank = "document.body.hasAttribute('data-blank') && getComputedStyle(document.querySelector('.wall-stage')).visibility === 'hidden' \
                    && document.querySelectorAll('.wall-post, .wall-photos img').length === 0";
    for tab in [&main, &side, &whole] {
        at_once(tab, is_blank).await;
    }
    until(&operator, &told("3 of 3 walls are blank")).await;
    // A wall that is opened now, or loses its power, is blank from its first moment on.
    let before = main.eval_number("painted.length").await.expect("a number");
    assert!(before > 0.0);
    main.reload().await.expect("the power is back");
    until(&main, is_blank).await;
    write(&desk, "Said while blank", Some(&on)).await;
    until(&operator, "document.getElementById('panic').textContent.includes('Show the walls again')").await;
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    operator.eval_text(button).await.expect("pressed");
    until(&main, &shows("Said while blank")).await;
    until(&operator, &told("3 of 3 walls follow")).await;
    assert_eq!(json(&main, "painted.map((one) => one.words)").await.as_array().map(Vec::len), Some(3));
    // Questions only while the talk is on; the conversation when it is over.
    let set = |during| Ask::Wall(SetWall { during_talks: Some(during), ..SetWall::default() });
    desk.ask(set(model::event::DuringTalks::Questions)).await;
    at_once(&main, &format!("!{} && {}", shows("Said"), shows("Is it recorded?"))).await;
    desk.ask(set(model::event::DuringTalks::Off)).await;
    at_once(
        &main,
        "document.querySelectorAll('.wall-post').length === 0 && document.querySelector('.wall-plan')",
    )
    .await;
    main.page().bring_to_front().await.expect("in front");
    desk.ask(Ask::Stage(SetStage { room: "main-hall".into(), talk: None, since: None, undo: false })).await;
    until(
        &main,
        &format!("{} && document.querySelector('h1').textContent === 'Break'", shows("Said of the talk")),
    )
    .await;
    // One room by itself, and by a program.
    let request = Request::post(format!("/api/v1/events/{SLUG}/wall"))
        .header("authorization", format!("Bearer {INTAKE_TOKEN}"));
    desk.send(request, r#"{"room":"side","blank":true}"#).await;
    at_once(&side, is_blank).await;
    until(&operator, &told("1 of 1 wall is blank")).await;
    assert_eq!(
        main.eval_text("String(document.body.hasAttribute('data-blank'))").await.expect("a word"),
        "false"
    );
    for tab in [&main, &side, &whole] {
        fine(tab).await;
    }
}
