//! Whoever reads is left alone: what they read does not move by a pixel, whatever is said, changed, removed or played above it.

use super::{
    super::{
        browser::{DRAWN, SOON, drawn, live},
        entries::{NOON, edit, gone, item, post, post_of},
        stand::Stand,
    },
    page, run, said, say,
};
use model::{
    Body, Counts, CountsEntry, Entry, Gap, ItemCounts, Kind, Media, MediaKind, Micros, Run, Seq, StageEntry,
};
use std::time::{Duration, Instant};
use testkit::{Chromium, Tab, Viewport};

/// Follows a line from painted frame to painted frame and notes by how much it ever stood elsewhere. An observer of intersections is told
/// where a line stands in the frame that is painted; between frames it may be anywhere.
const WATCH: &str = r#"(line => {
    const { id } = line.dataset;
    const top = line.getBoundingClientRect().top;
    globalThis.moved = 0;
    globalThis.frames = 0;
    const look = () => new IntersectionObserver(([{ boundingClientRect }], mine) => {
        mine.disconnect();
        moved = Math.max(moved, Math.abs(boundingClientRect.top - top));
        frames += 1;
        look();
    }).observe(document.getElementById('i-' + id));
    look();
    return id;
})"#;
/// The first line that begins in sight, below what sticks to the top.
const READ: &str =
    "[...document.querySelectorAll('#feed article')].find(e => e.getBoundingClientRect().top > 150)";

fn at(seq: Seq, kind: Kind) -> Entry {
    Entry { seq, at: NOON.plus(i64::try_from(seq).expect("small") * Micros::SECOND), kind }
}

/// Two hundred posts, and all that can happen to what stands above the reader, from `seq` on.
fn turmoil(seq: Seq) -> Vec<Entry> {
    let mut all: Vec<Entry> = (seq..seq + 200).map(said).collect();
    let mut next = seq + 200;
    let mut add = |make: &dyn Fn(Seq) -> Entry| {
        all.push(make(next));
        next += 1;
    };
    for (n, first) in (85..100).enumerate() {
        let native = first.to_string();
        match n % 3 {
            0 => add(&|seq| edit(seq, first, &native, &"Said at much greater length. ".repeat(12))),
            1 => add(&|seq| gone(seq, first, &native, true)),
            _ => add(&|seq| {
                let id = item(&native, Body::default()).id();
                let counts = Counts { boosts: 12_000, likes: 3_400, replies: 5_600 };
                at(seq, Kind::Counts(CountsEntry { counts: vec![ItemCounts { id, counts }] }))
            }),
        }
    }
    add(&|seq| {
        let mut late = item("late", Body(vec![Run::text("From this morning.")]));
        late.late = true;
        post_of(seq, late)
    });
    add(&|seq| {
        at(
            seq,
            Kind::Gap {
                gap: Gap {
                    id: "g".into(),
                    source: "fosstodon".into(),
                    from: NOON,
                    to: None,
                    reason: "The stream broke off.".into(),
                    count: None,
                    closed: false,
                },
            },
        )
    });
    add(&|seq| {
        at(seq, Kind::Stage(StageEntry { room: "main-hall".into(), talk: None, since: NOON, undone: false }))
    });
    add(&|seq| {
        at(
            seq,
            Kind::Notice {
                notice: model::Notice {
                    text: "Lunch is served in the foyer, all of it. ".repeat(6),
                    until: None,
                },
            },
        )
    });
    all
}

async fn moved(tab: &Tab) -> f64 {
    tab.eval_number("moved").await.expect("pixels")
}

/// Two pages come back to now and show the same posts in the same order; `seq` is the next entry's.
async fn both_are_the_same(tabs: [&Tab; 2], stand: &Stand, seq: Seq) {
    for tab in tabs {
        tab.eval_text("document.getElementById('pill').click(); 'pressed'").await.expect("pressed");
        tab.wait_until("document.getElementById('pill').parentElement.hidden", SOON).await.expect("shown");
        tab.eval_text("scrollTo(0, 0); 'up'").await.expect("up");
    }
    let last = stand.commit(vec![post(seq, "last", "the last word")]).await;
    let mut seen = Vec::new();
    for tab in tabs {
        drawn(tab, last).await;
        tab.wait_until("document.querySelector('#feed article').textContent.includes('the last word')", SOON)
            .await
            .expect("live");
        seen.push(tab.eval_text(DRAWN).await.expect("ids"));
        tab.runs_clean().await;
    }
    assert_eq!(seen[0], seen[1], "two pages show the same posts in the same order");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_read_does_not_move_by_a_pixel_whatever_happens_above_it() {
    let Some(chromium) = Chromium::start().await else { return };
    let stand = Stand::new().await;
    let (base, _stop) = stand.serve("127.0.0.1:0", &[]).await;
    say(&stand, 5..105).await;
    let phone = chromium.open(&page(&base, ""), Viewport::PHONE).await.expect("a page");
    let laptop = chromium.open(&page(&base, ""), Viewport::LAPTOP).await.expect("another");
    for tab in [&phone, &laptop] {
        live(tab).await;
    }
    phone.eval_text("scrollTo(0, 4200); 'scrolled'").await.expect("scrolled");
    phone.wait_until("document.body.hasAttribute('data-scrolled')", SOON).await.expect("noticed");
    phone.eval_text(&format!("{WATCH}({READ})")).await.expect("a line");
    // On the laptop nobody scrolled; the line that has the focus is what is read.
    laptop
        .eval_text("document.querySelectorAll('#feed article')[2].focus(); 'focused'")
        .await
        .expect("focused");
    laptop.eval_text(&format!("{WATCH}(document.activeElement)")).await.expect("a line");
    let all = turmoil(105);
    let top = 104 + all.len() as Seq;
    for some in all.chunks(40) {
        stand.commit(some.to_vec()).await;
    }
    for tab in [&phone, &laptop] {
        drawn(tab, top).await;
        tab.wait_until("document.getElementById('notice').textContent.includes('Lunch')", SOON)
            .await
            .expect("the notice");
        tab.wait_until("document.getElementById('stage').textContent.includes('Break')", SOON)
            .await
            .expect("the stage");
        tab.wait_until("document.getElementById('pill').textContent === '201 new items'", SOON)
            .await
            .expect("the pill");
        tab.eval_json(&format!("{}()", super::FRAMES)).await.expect("painted");
    }
    assert!(phone.eval_number("frames").await.expect("a number") > 5.0, "it was watched");
    assert!(moved(&phone).await < 1.0, "scrolled back on a phone: {} px", moved(&phone).await);
    assert!(moved(&laptop).await < 1.0, "by keyboard on a laptop: {} px", moved(&laptop).await);
    // A picture that comes late has its room already.
    let photo = Media {
        kind: MediaKind::Photo,
        url: "https://pictures.example/1.png".into(),
        width: Some(1200),
        height: Some(800),
        alt: None,
        licence: None,
    };
    let mut pictured = item("pictured", Body(vec![Run::text("Look.")]));
    pictured.media = vec![photo];
    let removed = stand.commit(vec![post_of(top + 1, pictured), gone(top + 2, 50, "50", true)]).await;
    let since = Instant::now();
    for tab in [&phone, &laptop] {
        let grey =
            "document.querySelector('[data-seq=\"50\"]').textContent.includes('removed by its author')";
        tab.wait_until(grey, Duration::from_secs(5))
            .await
            .expect("a removed post is gone within five seconds");
        drawn(tab, removed).await;
    }
    assert!(since.elapsed() < Duration::from_secs(5));
    both_are_the_same([&phone, &laptop], &stand, removed + 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_say_what_they_answer_however_old_that_is_and_what_is_said_is_announced_in_batches() {
    let Some(chromium) = Chromium::start().await else { return };
    let stand = Stand::new().await;
    let (base, _stop) = stand.serve("127.0.0.1:0", &[]).await;
    say(&stand, 5..300).await;
    let tab = chromium.open(&page(&base, ""), Viewport::LAPTOP).await.expect("a page");
    live(&tab).await;
    let log = "globalThis.spoken = []; new MutationObserver(() => spoken.push(document.getElementById('spoken').textContent))\
               .observe(document.getElementById('spoken'), { childList: true, characterData: true, subtree: true }); 'listening'";
    tab.eval_text(log).await.expect("listening");
    let mut answer = item("answer", Body(vec![Run::text("No, it was not.")]));
    answer.reply_to = Some(item("7", Body::default()).id());
    stand.commit(vec![post_of(300, answer)]).await;
    say(&stand, 301..340).await;
    drawn(&tab, 339).await;
    let quoted = "document.querySelector('[data-seq=\"300\"] .context')?.textContent.startsWith('Ada Something to read')";
    tab.wait_until(quoted, SOON).await.expect("two lines of what is no longer in the page");
    tab.wait_until("spoken.length === 2", SOON).await.expect("two announcements");
    let spoken = run(&tab, "async () => spoken").await;
    let first =
        spoken[0].as_str().and_then(|words| words.split(' ').next()).and_then(|n| n.parse::<u64>().ok());
    let second =
        spoken[1].as_str().and_then(|words| words.split(' ').next()).and_then(|n| n.parse::<u64>().ok());
    assert_eq!(
        first.zip(second).map(|(one, other)| one + other),
        Some(40),
        "every item is counted once: {spoken}"
    );
    // Scrolled back, nothing is said.
    tab.eval_text("scrollTo(0, 2500); 'scrolled'").await.expect("scrolled");
    tab.wait_until("document.body.hasAttribute('data-scrolled')", SOON).await.expect("noticed");
    say(&stand, 340..345).await;
    drawn(&tab, 344).await;
    assert_eq!(run(&tab, "async () => spoken.length").await, 2);
    tab.runs_clean().await;
}
