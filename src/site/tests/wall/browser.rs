//! Walls in Chromium: what is never painted, what vanishes at once, what fits, and what the operators see of it.

use super::{
    super::{
        browser::SOON,
        entries::{edit, gone, post, post_of},
        stand::{INTAKE_TOKEN, OWNER_KEY, SLUG, Stand},
        writing::Desk,
    },
    ago, item_with, of_room,
};
use http::Request;
use model::{Entry, ItemId, Kind};
use nozzle::intake::{Ask, Decide, Decision, Say, SetStage, SetWall};
use serde_json::Value;
use std::{sync::Arc, time::Duration};
use testkit::{Chromium, Tab, Viewport};

const HD: Viewport = Viewport { width: 1920, height: 1080, mobile: false };
const SMALL: Viewport = Viewport { width: 1280, height: 720, mobile: false };
const UHD: Viewport = Viewport { width: 3840, height: 2160, mobile: false };

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

async fn wall(chromium: &Chromium, base: &str, query: &str, viewport: Viewport) -> Tab {
    let tab = chromium.open("about:blank", viewport).await.expect("a tab");
    tab.page().evaluate_on_new_document(WATCH).await.expect("the watcher");
    tab.goto(&format!("{base}/{SLUG}/wall{query}")).await.expect("the wall");
    until(&tab, "globalThis.perihelion?.connection.ready").await;
    tab
}

async fn until(tab: &Tab, condition: &str) {
    if let Err(error) = tab.wait_until(condition, SOON).await {
        panic!("{condition}: {error}; {}", tab.html().await.unwrap_or_default());
    }
}

/// As [`until`], at once: what operators and authors take away may not stay longer than a second.
async fn at_once(tab: &Tab, condition: &str) {
    if let Err(error) = tab.wait_until(condition, Duration::from_secs(1)).await {
        panic!("{condition}: {error}; {}", tab.html().await.unwrap_or_default());
    }
}

async fn json(tab: &Tab, script: &str) -> Value {
    serde_json::from_str(&tab.eval_text(&format!("JSON.stringify({script})")).await.expect("an answer"))
        .expect("JSON")
}

async fn fine(tab: &Tab) {
    assert_eq!(
        json(tab, "wrong").await,
        serde_json::json!([]),
        "no script error, nothing that the policy had to stop"
    );
}

/// Whether some post in sight holds these words.
fn shows(words: &str) -> String {
    format!("document.getElementById('posts').textContent.includes({words:?})")
}

async fn talk(desk: &Desk) -> model::TalkId {
    let now: Value =
        serde_json::from_slice(&desk.get(&format!("/api/v1/events/{SLUG}/now")).await.body).expect("JSON");
    model::TalkId(now["rooms"][0]["on"]["talk"].as_str().expect("a talk is on").to_owned())
}

async fn write(desk: &Desk, text: &str, talk: Option<&model::TalkId>) -> ItemId {
    let say = Say { text: text.into(), name: "Ada".into(), reply_to: None, talk: talk.cloned(), room: None };
    let outcome = desk.ask_as("person", "0123456789abcdef", Ask::Say(say)).await;
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
    tokio::time::sleep(Duration::from_secs(1)).await;
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
    fine(&late).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_blanks_every_wall_within_a_second_and_the_operators_see_it() {
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
    until(&operator, &state("3 of 3 walls are blank after 0.")).await;
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
    until(&operator, &state("3 of 3 walls follow after 0.")).await;
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
    until(&operator, &state("1 of 1 wall is blank after 0.")).await;
    assert_eq!(
        main.eval_text("String(document.body.hasAttribute('data-blank'))").await.expect("a word"),
        "false"
    );
    for tab in [&main, &side, &whole] {
        fine(tab).await;
    }
}

/// What is not whole, or not where it belongs.
const CUT: &str = r"(() => {
    const cut = [];
    const posts = document.getElementById('posts');
    const box = posts.getBoundingClientRect();
    let below = box.top;
    for (const post of posts.querySelectorAll('.wall-post')) {
        const r = post.getBoundingClientRect();
        const say = post.querySelector('.say');
        const name = say.textContent.slice(0, 20);
        if (post.scrollHeight > post.clientHeight || post.scrollWidth > post.clientWidth) cut.push(`post ${name}`);
        // Letters reach out of lines that are set tightly, into the post's own padding.
        const reach = .2 * parseFloat(getComputedStyle(say).fontSize);
        if (say.scrollHeight > say.clientHeight + reach || say.scrollWidth > say.clientWidth) cut.push(`words ${name}`);
        if (r.top < below - 1 || r.bottom > box.bottom + 1 || r.left < box.left - 1 || r.right > box.right + 1) cut.push(`place ${name}`);
        if (r.bottom > innerHeight || r.right > innerWidth) cut.push(`outside ${name}`);
        below = r.bottom;
    }
    const root = document.documentElement;
    if (root.scrollHeight > innerHeight || root.scrollWidth > innerWidth) cut.push('the page scrolls');
    for (const part of document.querySelectorAll('.wall-stage > *, .wall-side > *, .wall-join *')) {
        const r = part.getBoundingClientRect();
        if (r.bottom > innerHeight + 1 || r.right > innerWidth + 1) cut.push(`outside: ${part.className || part.tagName}`);
    }
    const small = Math.min(...[...document.querySelectorAll('.wall :is(p, h1, time, b, span)')].filter((e) => e.textContent.trim()).map((e) => parseFloat(getComputedStyle(e).fontSize)));
    if (small < 1.849 * Math.min(innerWidth / 100, innerHeight * .017777)) cut.push(`letters of ${small} px`);
    return cut;
})()";

fn nasty() -> Vec<&'static str> {
    vec![
        "Short.",
        "“If your form needs the network to tell me my phone number is too short, your form is not progressive, it is nervous.” Well said there.",
        "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaftsvorsitzendenstellvertreterinnenverzeichnisordnerrücken",
        "フォームがネットワークなしでは電話番号の長さを教えてくれないなら、それは進歩的ではなく神経質なのです。会場の後ろの席からも拍手が起こりました。素晴らしい講演でした、ありがとうございます。次の発表も楽しみにしています。皆さんもぜひ感想を書いてください。",
        "النموذج الجيد يتذكّر ما كتبته حتى لو انقطع الاتصال، وهذا ما رأيناه اليوم على المسرح أمام الجميع",
        "🎉🎉🎉👩‍👩‍👧‍👦👩‍👩‍👧‍👦🏳️‍🌈🏳️‍🌈🇩🇪🇩🇪🇩🇪 ✨✨✨ 🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀",
        "H̷̡̪̯ͨ͊̽̅̾ȩ̬̩̾͛ͪ̈́̀́͘ ̶̧̨̱̹̭̯ͧ̾ͬC̷̙̲̝͖ͭ̏ͥͮ͟O̮͏̮̪̝͍M̲̖͊̒ͪͩͬ̚̚͜Ȇ̴̟̟͙̞ͩ͌͝S̨̥̫͎̭ͯ̿̔̀ͅ",
        "one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\nten\neleven\ntwelve\nthirteen\nfourteen\nfifteen",
        "עברית and English mixed, (with brackets) and 1,234.56 numbers: שלום עולם!",
        "ok the live demo on airplane mode actually worked. standing ovation from the back row",
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_post_is_painted_whole_on_every_screen_or_not_at_all() {
    let Some(chromium) = Chromium::start().await else { return };
    let stand = Stand::new().await;
    let (base, _stop) = stand.serve("127.0.0.1:0", &[]).await;
    stand
        .commit(vec![
            ago(post(5, "a", "Well said"), 90),
            ago(of_room(post(6, "b", "In the hallway"), None), 60),
        ])
        .await;
    let tabs = [
        wall(&chromium, &base, "?room=main-hall", HD).await,
        wall(&chromium, &base, "?room=main-hall", SMALL).await,
        wall(&chromium, &base, "?room=main-hall&distance=22&width=3", UHD).await,
    ];
    // What the server draws is what the script draws.
    let twin = "(async () => { const tidy = (root) => { for (const e of root.querySelectorAll('.is-new')) e.classList.remove('is-new'); \
                return root.innerHTML.replace(/>\\s+</g, '><').trim(); }; \
                const served = new DOMParser().parseFromString(await (await fetch(location.href)).text(), 'text/html'); \
                return ['head', 'posts', 'middle', 'link'].map((id) => tidy(served.getElementById(id)) === tidy(document.getElementById(id)) ? 'same' : \
                `${id}: ${tidy(served.getElementById(id))} <> ${tidy(document.getElementById(id))}`).join(); })()";
    assert_eq!(tabs[0].eval_text(twin).await.expect("words"), "same,same,same,same");
    let capital = "(() => { const c = document.createElement('canvas').getContext('2d'); c.font = '400 1000px \"Schibsted Grotesk\"'; \
                   return c.measureText('H').actualBoundingBoxAscent / 1000; })()";
    let height = tabs[0].eval_number(capital).await.expect("a height");
    assert!((0.695..0.72).contains(&height), "the height of a capital that sizes count with: {height}");
    let size = "parseFloat(getComputedStyle(document.querySelector('.say')).fontSize) / innerWidth * 3000";
    let mm = tabs[2].eval_number(size).await.expect("a size") * height;
    assert!(mm >= 55.0 / 15.0 * 22.0, "capitals of {mm} mm for somebody 22 m away");
    let mut seq = 7;
    let mut seen = [0; 3];
    for (n, words) in nasty().into_iter().enumerate() {
        let name = if n % 2 == 0 {
            "Maximiliana Wolkenstein-Trostburg von und zu Hohenschwangau 🦋 (she/her) شريفة"
        } else {
            "ア"
        };
        stand
            .commit(vec![post_of(
                seq,
                item_with(&format!("n{n}"), words, |item| item.author.name = name.into()),
            )])
            .await;
        for (tab, seen) in tabs.iter().zip(&mut seen) {
            let turn = format!(
                "(perihelion.queue.turnAt = 0, perihelion.connection.cursor.seq >= {seq} && [...perihelion.queue.byId.values()].every((one) => perihelion.queue.done.has(one.id)))"
            );
            until(tab, &turn).await;
            assert_eq!(json(tab, CUT).await, serde_json::json!([]), "{words}");
            let first = words.chars().take(4).collect::<String>();
            *seen += usize::from(tab.eval_json(&shows(&first)).await.is_ok_and(|is| is == "true"));
        }
        seq += 1;
    }
    assert!(seen[0] >= 9 && seen[1] == seen[0] && seen[2] >= 6, "{seen:?} of {} were painted", nasty().len());
    // A title that nobody thought of, and edits.
    let talk = |seq, title: &str| {
        let talk = serde_json::json!({"id": "t1", "title": title, "room": "main-hall", "day": "2026-06-01", "speakers": [{"name": "A".repeat(120)}],
            "start": super::NOON.0 - 1_200_000_000_i64, "end": super::NOON.0 + 1_200_000_000_i64});
        Entry {
            seq,
            at: super::NOON,
            kind: Kind::Talk { talk: Box::new(serde_json::from_value(talk).expect("a talk")) },
        }
    };
    let title = "Everything that you always wanted to know about replicated logs, and what your operating system did not dare to tell you: a story in nine disks";
    stand.commit(vec![talk(seq, title), edit(seq + 1, seq - 1, "n9", "Edited since")]).await;
    for tab in &tabs {
        at_once(tab, &shows("Edited since")).await;
        until(tab, "document.querySelector('h1').textContent.startsWith('Everything')").await;
        assert_eq!(json(tab, CUT).await, serde_json::json!([]));
    }
    stand.commit(vec![gone(seq + 2, seq - 1, "n9", true)]).await;
    for tab in &tabs {
        at_once(tab, &format!("!{}", shows("Edited since"))).await;
        fine(tab).await;
    }
    // The network goes: the last screen stays, the clock's place says so, and later nothing stays that nobody could take off.
    let tab = &tabs[0];
    tab.set_online(false).await.expect("cut");
    until(tab, "perihelion.connection.ready === false || perihelion.connection.open === null || true").await;
    tab.eval_text("pass(46000)").await.expect("time");
    until(tab, "document.getElementById('name').textContent.startsWith('No network since ') && document.querySelector('.wall-post')").await;
    assert_eq!(json(tab, CUT).await, serde_json::json!([]));
    tab.eval_text("pass(80000)").await.expect("time");
    until(tab, "document.querySelector('.wall-plan') && !document.querySelector('.wall-post')").await;
    tab.set_online(true).await.expect("and joined");
    until(
        tab,
        "document.querySelector('.wall-post') && document.getElementById('name').textContent === 'RustFest'",
    )
    .await;
    fine(tab).await;
}
