//! The rooms side by side in Chromium: posts change lanes when they are filed anew, and nothing moves under a reading eye.

use super::{
    browser::{SOON, drawn, live},
    entries::{NOON, item, post},
    stand::{SLUG, Stand},
};
use model::{Body, Entry, Filing, FilingEntry, FilingState, Kind, Micros, Move, TalkId};
use testkit::{Chromium, Tab, Viewport};

/// A screen on which the lanes stand side by side.
const WIDE: Viewport = Viewport { width: 1440, height: 900, mobile: false };

/// An entry that files these posts to a talk in a room.
fn filed(seq: u64, natives: &[String], talk: &str, room: &str) -> Entry {
    let filing = Filing {
        talk: Some(TalkId(talk.into())),
        room: Some(room.into()),
        state: FilingState::Filed,
        score: 0.97,
        by: model::By::Rule,
        reasons: vec!["It names the speaker of <b>this</b> talk.".into()],
    };
    let to = |native: &String| Move { id: item(native, Body::default()).id(), filing: filing.clone() };
    let at = NOON.plus(i64::try_from(seq).expect("small") * Micros::SECOND);
    Entry { seq, at, kind: Kind::Filing(FilingEntry { moves: natives.iter().map(to).collect() }) }
}

/// The seqs in a lane, newest first.
async fn lane(tab: &Tab, key: &str) -> Vec<u64> {
    let script = format!(
        "JSON.stringify([...document.querySelectorAll('[data-lane=\"{key}\"] [data-id]')].map(e => Number(e.dataset.seq)))"
    );
    serde_json::from_str(&tab.eval_text(&script).await.expect("seqs")).expect("JSON")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_changes_lanes_when_it_is_filed_anew_whoever_drew_it() {
    let Some(chromium) = Chromium::start().await else { return };
    let stand = Stand::new().await;
    let (base, _stop) = stand.serve("127.0.0.1:0", &[]).await;
    stand.commit((5..9).map(|n| post(n, &n.to_string(), "drawn by the server")).collect()).await;
    let tab = chromium.open(&format!("{base}/{SLUG}?view=lanes"), WIDE).await.expect("the lanes");
    live(&tab).await;
    stand.commit((9..12).map(|n| post(n, &n.to_string(), "drawn by the script")).collect()).await;
    drawn(&tab, 11).await;
    assert_eq!(lane(&tab, "room.main-hall").await, [11, 10, 9, 8, 7, 6, 5]);
    assert_eq!(lane(&tab, "room.side").await, [0_u64; 0]);
    let top = stand.commit(vec![filed(12, &["6".into(), "10".into(), "7".into()], "t2", "side")]).await;
    drawn(&tab, top).await;
    assert_eq!(lane(&tab, "room.main-hall").await, [11, 9, 8, 5]);
    assert_eq!(lane(&tab, "room.side").await, [10, 7, 6], "in the order in which they were said");
    let because = "[...document.querySelectorAll('[data-lane=\"room.side\"] .because')]\
                   .every(e => e.textContent.includes('Filed here automatically, 97 % sure') && e.textContent.includes('<b>this</b>')) + ''";
    assert_eq!(tab.eval_text(because).await.expect("a word"), "true", "the reasons go along, as words");
    let counted =
        "[...document.querySelectorAll('.lane-name [data-count]')].map(e => e.textContent).join(' ')";
    assert_eq!(tab.eval_text(counted).await.expect("numbers"), "4 3 0");
    let twice = "String(document.querySelectorAll('[id^=i-]').length - new Set([...document.querySelectorAll('[id^=i-]')].map(e => e.id)).size)";
    assert_eq!(tab.eval_text(twice).await.expect("a number"), "0", "no name stands twice");
    tab.reload().await.expect("the page from the server");
    assert_eq!(lane(&tab, "room.side").await, [10, 7, 6], "as the server draws it");
    // A reader's own time stands in the line of the venue's, above the post; or nowhere, as they say.
    let own = |what: &str| {
        format!(
            "(time => {{ time.dataset.yours = 'Sat 14:10'; const {{ position, content }} = getComputedStyle(time, '::after'); {what} }})\
             (document.querySelector('.feed .minute > time'))"
        )
    };
    let beside = own(
        "return `${position} ${time.getBoundingClientRect().bottom <= time.nextElementSibling.getBoundingClientRect().top + 1}`;",
    );
    assert_eq!(tab.eval_text(&beside).await.expect("a place"), "static true");
    for (path, viewport) in [("?view=lanes", WIDE), ("", Viewport::PHONE), ("", Viewport::LAPTOP)] {
        tab.resize(viewport).await.expect("resized");
        tab.goto(&format!("{base}/{SLUG}{path}")).await.expect("a page");
        let words = own("return content;");
        assert!(tab.eval_text(&words).await.expect("words").contains("Sat 14:10"), "{path}");
        let off = format!("document.documentElement.toggleAttribute('data-times-off', true); {words}");
        assert_eq!(tab.eval_text(&off).await.expect("words"), "none", "{path} at {}", viewport.width);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_that_leaves_a_lane_that_is_being_read_stays_in_sight_until_nobody_reads() {
    let Some(chromium) = Chromium::start().await else { return };
    let stand = Stand::new().await;
    let (base, _stop) = stand.serve("127.0.0.1:0", &[]).await;
    let words = "Something to read here, long enough to fill a line or two of a narrow lane.";
    stand.commit((5..35).map(|n| post(n, &n.to_string(), words)).collect()).await;
    let tab = chromium.open(&format!("{base}/{SLUG}?view=lanes"), WIDE).await.expect("the lanes");
    live(&tab).await;
    let scrolled = "(lane => { lane.scrollTop = 900; return String(lane.scrollTop); })(document.querySelector('[data-lane=\"room.main-hall\"]'))";
    assert_eq!(tab.eval_text(scrolled).await.expect("scrolled"), "900", "a lane scrolls by itself");
    let places = "JSON.stringify([...document.querySelectorAll('[data-lane=\"room.main-hall\"] [data-id]')].map(e => Math.round(e.getBoundingClientRect().top)))";
    let before = tab.eval_text(places).await.expect("places");
    let top = stand
        .commit(vec![
            filed(35, &["34".into(), "28".into(), "10".into()], "t2", "side"),
            post(36, "new", "fresh"),
        ])
        .await;
    drawn(&tab, top).await;
    assert_eq!(tab.eval_text(places).await.expect("places"), before, "nothing moves under a reading eye");
    assert_eq!(lane(&tab, "room.side").await, [34, 28, 10], "it is there already where nobody reads");
    let told = "document.querySelectorAll('.leaving .went').length + ' ' + document.querySelector('.leaving .went').textContent";
    assert_eq!(tab.eval_text(told).await.expect("words"), "3 Moved to");
    tab.wait_until("!document.querySelector('[data-lane=\"room.main-hall\"] .pill-row').hidden", SOON)
        .await
        .expect("the pill");
    tab.eval_text("document.querySelector('[data-lane=\"room.main-hall\"] .pill').click(); 'pressed'")
        .await
        .expect("pressed");
    let now = lane(&tab, "room.main-hall").await;
    assert_eq!(
        (now[0], now.contains(&34), now.contains(&10)),
        (36, false, false),
        "what waited came, what left is gone"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_phone_one_lane_is_in_sight_and_the_page_is_as_wide_as_the_phone() {
    let Some(chromium) = Chromium::start().await else { return };
    let stand = Stand::new().await;
    let (base, _stop) = stand.serve("127.0.0.1:0", &[]).await;
    stand.commit(vec![post(5, "5", "in the hall")]).await;
    let url = format!("{base}/{SLUG}?view=lanes&show=room.side");
    let tab = chromium.open(&url, Viewport::PHONE).await.expect("the lanes");
    live(&tab).await;
    let seen = "[...document.querySelectorAll('.lane')].filter(e => e.offsetParent !== null).map(e => e.dataset.lane).join(' ')";
    assert_eq!(tab.eval_text(seen).await.expect("lanes"), "room.side");
    for path in ["?view=lanes", "/programme", "/talks/t1", "/rooms/main-hall", "/schedule/changes"] {
        for width in [360, 390] {
            tab.resize(Viewport { width, height: 780, mobile: true }).await.expect("resized");
            stand.archive_all().await;
            tab.goto(&format!("{base}/{SLUG}{path}")).await.expect("a page");
            let wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
            assert!(tab.eval_number(wide).await.expect("a width") <= 0.0, "{path} at {width}");
        }
    }
}
