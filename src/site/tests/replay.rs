//! A talk's replay in Chromium: it plays, seeks and keeps its place in the address; what is taken back meanwhile is gone; without a script
//! the page reads as well. And the device's memory of how far its reader has caught up.

use super::{
    browser::SOON,
    entries::{NOON, gone, item, post_of},
    pages::hostile_posts,
    stand::{SLUG, Stand},
};
use model::{Body, Entry, Kind, Micros};
use testkit::{Chromium, Viewport};

/// A post of the talk, said so many seconds after it began.
fn said(seq: u64, native: &str, seconds: i64) -> Entry {
    let mut made = item(native, Body::plain(format!("Words of {native}")));
    made.author.id = format!("p{seq}");
    made.when = NOON.plus(-20 * Micros::MINUTE + seconds * Micros::SECOND);
    post_of(seq, made)
}

/// The words that are in sight, the topmost first.
const SEEN: &str = "[...document.querySelectorAll('#feed .minute')].filter(m => !m.hidden).map(m => m.querySelector('.item-body, .removed')?.textContent.trim()).join('|')";

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_plays_in_step_and_forgets_what_is_taken_back() {
    let Some(chromium) = Chromium::start().await else { return };
    let stand = Stand::new().await;
    let (base, _stop) = stand.serve("127.0.0.1:0", &[]).await;
    stand
        .commit(vec![said(5, "one", 60), said(6, "two", 120), said(7, "three", 600), said(8, "four", 1200)])
        .await;
    stand.archive_all().await;
    let plain = stand.get("/rustfest/talks/t1?replay=1").await.text();
    for offset in ["+1:00", "+2:00", "+10:00", "+20:00"] {
        assert!(plain.contains(offset), "without a script: {offset}");
    }
    let shifted = stand.get("/rustfest/talks/t1?replay=1&start=13:41:00").await.text();
    assert!(shifted.contains("+0:00") && shifted.contains("cues.vtt?start=13%3A41%3A00"), "{shifted}");
    for bad in ["start=noon", "t=-1", "t=9999999"] {
        assert_eq!(stand.get(&format!("/rustfest/talks/t1?replay=1&{bad}")).await.status, 400, "{bad}");
    }
    let path = format!("{base}/{SLUG}/talks/t1?replay=1&t=90");
    let tab = chromium.open(&path, Viewport::LAPTOP).await.expect("the replay");
    let sees = async |words: &str| {
        tab.wait_until(&format!("{SEEN} === '{words}'"), SOON)
            .await
            .unwrap_or_else(|error| panic!("{words}: {error}"));
    };
    sees("Words of one").await;
    tab.eval_text("const s = document.getElementById('seek'); s.value = 700; s.dispatchEvent(new Event('input', {bubbles: true})); ''")
        .await
        .expect("sought");
    sees("Words of three|Words of two|Words of one").await;
    tab.wait_until("new URL(location.href).searchParams.get('t') === '700'", SOON)
        .await
        .expect("the address says where");
    tab.wait_until("globalThis.perihelion.connection.ready", SOON).await.expect("it hears the log");
    let key = |key: &str| {
        format!("document.dispatchEvent(new KeyboardEvent('keydown', {{key: '{key}', bubbles: true}})); ''")
    };
    stand.commit(vec![gone(9, 6, "two", true)]).await;
    sees("Words of three|This post was taken back a moment ago.|Words of one").await;
    // Ten times as fast from just before the last post: it comes by itself.
    tab.eval_text(
        "globalThis.perihelion.replay.seek(1190); document.querySelector('[data-speed=\"10\"]').click(); ''",
    )
    .await
    .expect("fast");
    tab.eval_text(&key("p")).await.expect("plays");
    sees("Words of four|Words of three|This post was taken back a moment ago.|Words of one").await;
    tab.wait_until("document.getElementById('play').getAttribute('aria-label') === 'Pause'", SOON)
        .await
        .expect("it plays");
    tab.eval_text(&key("p")).await.expect("pauses");
    tab.wait_until("document.getElementById('replay-says').textContent.startsWith('Paused')", SOON)
        .await
        .expect("and says so");
    tab.eval_text("document.querySelector('#chart a[data-at]').dispatchEvent(new MouseEvent('click', {bubbles: true, cancelable: true})); ''")
        .await
        .expect("tapped");
    tab.wait_until("document.querySelector('.waits').hidden === false || Number(document.getElementById('seek').value) < 200", SOON)
        .await
        .expect("a minute of the chart is a place");
    let done = "String(document.querySelectorAll('#chart .done').length < document.querySelectorAll('#chart a[data-at]').length)";
    assert_eq!(tab.eval_text(done).await.expect("bars"), "true");

    // The end of what was told is kept on the device, and offered to who comes back.
    let post = |seq, native: &str| {
        let mut entry = said(seq, native, 1_300);
        if let Kind::Post(post) = &mut entry.kind {
            post.item.when = NOON;
        }
        entry
    };
    let away = chromium
        .open(&format!("{base}/{SLUG}/catch-up?after=2026-06-01T13:00"), Viewport::PHONE)
        .await
        .expect("caught up");
    away.eval_text("scrollTo(0, document.body.scrollHeight); ''").await.expect("read");
    away.wait_until("localStorage.getItem('perihelion.caught-up.rustfest') !== null", SOON)
        .await
        .expect("kept");
    stand.commit(vec![post(10, "five")]).await;
    stand.archive_all().await;
    let back = chromium.open(&format!("{base}/{SLUG}/catch-up"), Viewport::PHONE).await.expect("back");
    back.wait_until("!document.getElementById('left').hidden", SOON).await.expect("offered");
    let wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
    assert!(back.eval_number(wide).await.expect("a width") <= 0.0);
    back.eval_text("location.href = document.querySelector('#left a').href; ''").await.expect("gone on");
    back.wait_until("document.getElementById('told')?.textContent.includes('Words of five') && !document.body.textContent.includes('Words of one')", SOON)
        .await
        .expect("only what is new");
}

#[tokio::test]
async fn players_read_the_subtitles_of_a_talk_whatever_strangers_wrote() {
    let stand = Stand::new().await;
    let mut named = item("named", Body::plain("Who <i>am</i> I?\n\n00:00.000 --> 00:01.000 &amp;"));
    named.author.name = "<v Eve>\n--> & Co".into();
    named.when = NOON.plus(30 * Micros::SECOND);
    let mut entries = hostile_posts(5);
    entries.push(post_of(5 + entries.len() as u64, named));
    let posts = entries.len();
    stand.commit(entries).await;
    stand.archive_all().await;
    let answer = stand.get("/rustfest/talks/t1/cues.vtt").await;
    assert_eq!(answer.header("content-type"), "text/vtt; charset=utf-8");
    let folder = tempfile::tempdir().expect("a directory");
    let file = folder.path().join("cues.vtt");
    std::fs::write(&file, &answer.body).expect("written");
    let Some(read) = testkit::judges::webvtt(&file) else { return };
    let read = read.expect("the parser runs");
    assert_eq!(read["errors"], serde_json::json!([]), "{}", answer.text());
    let cues = read["cues"].as_array().expect("cues");
    assert_eq!(cues.len(), posts, "one for each post");
    for cue in cues {
        let (from, to) = (cue["from"].as_f64().expect("seconds"), cue["to"].as_f64().expect("seconds"));
        assert!(from >= 1_200.0 && to >= from + 4.0 && to <= from + 12.0, "{cue}");
        // One voice with one run of words: nothing that anybody wrote is a tag, a time or a cue of its own.
        let voice = &cue["nodes"][0];
        assert_eq!((cue["nodes"].as_array().map(Vec::len), &voice["name"]), (Some(1), &"v".into()), "{cue}");
        assert_eq!(voice["children"].as_array().map(Vec::len), Some(1), "{cue}");
        assert_eq!(voice["children"][0]["type"], "text", "{cue}");
    }
    let last = &cues[posts - 1];
    assert_eq!(
        (&last["from"], &last["id"]),
        (&1_230.into(), &item("named", Body::default()).id().to_string().into())
    );
    assert_eq!(last["nodes"][0]["children"][0]["value"], "Who <i>am</i> I? 00:00.000 --> 00:01.000 &amp;");
}
