//! What the tray shows: suggestions with their reasons first, piles, filters; and that the script draws the same cards.

use super::super::{
    entries::{NOON, item, post_of},
    stand::{OWNER_KEY, SLUG, Stand},
};
use axum::body::Body;
use http::Request;
use model::{Body as Words, By, Entry, Filing, FilingState, Kind, Micros, Run, TalkId};
use testkit::{Chromium, Viewport};

/// A post that waits: suggested for a talk with a score, or for none.
pub(super) fn waits(seq: u64, words: &str, suggestion: Option<(&str, f64)>) -> Entry {
    let mut said = item(&seq.to_string(), Words(vec![Run::text(words)]));
    said.when = NOON.plus(seq as i64 * Micros::SECOND);
    let mut entry = post_of(seq, said);
    if let Kind::Post(e) = &mut entry.kind {
        e.filing = match suggestion {
            Some((talk, score)) => Filing {
                talk: Some(TalkId(talk.into())),
                room: Some(if talk == "t1" { "main-hall" } else { "side" }.into()),
                state: FilingState::Suggested,
                score,
                by: By::Rule,
                reasons: vec!["Names <the speaker> by first name.".into(), "Said while it was on.".into()],
            },
            None => Filing::unsorted("Several talks were on when this was said."),
        };
    }
    entry
}

async fn stand() -> Stand {
    let stand = Stand::new().await;
    let sayings = [
        None,
        Some(("t1", 0.85)),
        Some(("t2", 0.5)),
        Some(("t1", 0.7)),
        None,
        Some(("t1", 0.9)),
        Some(("t2", 0.4)),
    ];
    let posts =
        sayings.iter().enumerate().map(|(n, suggestion)| waits(5 + n as u64, "Well said.", *suggestion));
    stand.commit(posts.collect()).await;
    stand
}

async fn page(stand: &Stand, query: &str) -> String {
    behind(stand, &format!("/admin/{SLUG}/file{query}")).await
}

async fn behind(stand: &Stand, address: &str) -> String {
    let request = Request::get(address).header("cookie", format!("owner={OWNER_KEY}"));
    stand.ask(request.body(Body::empty()).expect("a request")).await.text()
}

/// The seqs under which the cards' posts stand, in the order of the page.
fn drawn(page: &str) -> Vec<u64> {
    page.split("data-first=\"").skip(1).filter_map(|rest| rest.split('"').next()?.parse().ok()).collect()
}

#[tokio::test]
async fn suggestions_come_first_with_their_reasons_and_those_of_one_talk_go_together() {
    let stand = stand().await;
    let all = page(&stand, "").await;
    assert_eq!(drawn(&all), [11, 10, 8, 7, 6, 9, 5], "suggested ones first, the newest of each first");
    assert!(all.contains("7 posts wait, 5 with a suggestion"), "{all}");
    assert!(all.contains("<b>3 suggestions</b> for “Forms that forgive”"), "{all}");
    assert!(all.contains("Accept all 3") && all.contains("Accept the 2 over 80 %"), "{all}");
    assert!(all.contains("<b>2 suggestions</b> for “Who else reads your cache?”"), "{all}");
    assert!(
        all.contains("Suggested, 90 % sure") && all.contains("Names &#60;the speaker&#62; by first name.")
    );
    assert!(all.contains("Main hall, on for 20 min"), "{all}");
    // 12:00 UTC is 14:00 in Berlin.
    assert!(all.contains("<span>Monday 14:00</span>"), "{all}");
}

#[tokio::test]
async fn the_index_behind_the_door_says_how_many_posts_wait() {
    let stand = stand().await;
    for address in ["/admin".to_owned(), format!("/admin/{SLUG}")] {
        let index = behind(&stand, &address).await;
        assert!(index.contains("7 posts wait for somebody to say"), "{address}: {index}");
    }
}

#[tokio::test]
async fn the_tray_can_be_narrowed_to_a_room_a_talk_a_stretch_of_time() {
    let stand = stand().await;
    for (query, want) in [
        ("?talk=t1", vec![10, 8, 6]),
        ("?room=side", vec![11, 7, 9, 5]),
        ("?while=t2", vec![11, 10, 8, 7, 6, 9, 5]),
        ("?while=t9", vec![]),
        ("?from=2026-06-01T14:00:08", vec![11, 10, 8, 9]),
        ("?from=2026-06-01T14:00:06&until=2026-06-01T14:00:08&room=&talk=", vec![7, 6]),
        ("?from=noon&until=never", vec![11, 10, 8, 7, 6, 9, 5]),
    ] {
        let narrowed = page(&stand, query).await;
        assert_eq!(drawn(&narrowed), want, "{query}");
        assert_eq!(narrowed.contains("Nothing here."), want.is_empty(), "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_script_draws_the_same_cards_and_piles_as_the_server() {
    let Some(chromium) = Chromium::start().await else { return };
    let stand = stand().await;
    let (base, _stop) = stand.serve("127.0.0.1:0", &[]).await;
    let tab =
        chromium.open(&format!("{base}/login?token={OWNER_KEY}"), Viewport::LAPTOP).await.expect("the door");
    tab.goto(&format!("{base}/admin/{SLUG}/file")).await.expect("the tray");
    let script = format!(
        r#"(async () => {{
            const clean = (all) => [...all].map((e) => e.outerHTML.replace(/>\s+</g, '><').replace(/<\//g, '\n</').trim()).join('\n');
            const cards = document.getElementById('cards').children, piles = document.getElementById('groups').children;
            const server = [clean(cards), clean(piles)];
            const module = await import([...document.querySelectorAll('script[type=module]')].map((s) => s.src).find((src) => src.includes('/tray-'))
                .replace(/tray-.*/, '{}'.split('/').at(-1)));
            const told = await (await fetch('/api/v1/events/{SLUG}/unsorted')).json();
            const page = {{ slug: '{SLUG}', rooms: [], only: false }};
            const made = told.items.map((item) => module.card(item, page)).sort((a, b) => module.isBefore(a, b) ? -1 : 1);
            globalThis.twins = JSON.stringify([server, [clean(made), clean(module.piles(told.groups))]]);
        }})(); 'asked'"#,
        super::super::super::assets::address("tray_card.js")
    );
    tab.eval_text(&script).await.expect("it runs");
    tab.wait_until("globalThis.twins !== undefined", super::super::browser::SOON).await.expect("drawn");
    let twins: [[String; 2]; 2] =
        serde_json::from_str(&tab.eval_text("globalThis.twins").await.expect("markup")).expect("JSON");
    assert!(!twins[0][0].is_empty() && !twins[0][1].is_empty());
    assert_eq!(twins[0][0], twins[1][0]);
    assert_eq!(twins[0][1], twins[1][1]);
}
