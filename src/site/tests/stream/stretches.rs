//! Stretches of the stream follow each other without a skip or a repeat, whoever tells them.

use super::{
    super::{
        entries::{NOON, edit, gone, item, post, post_of},
        stand::{SLUG, Stand},
    },
    archive, say,
};
use http::StatusCode;
use model::{Body, Entry, Filing, Gap, Kind, Micros, Run, Seq};
use serde_json::Value;

/// What is said before the fold begins, at least.
const OLD: Seq = 300;
const POSTS: Seq = 2_000 + OLD;

async fn asked(stand: &Stand, query: &str) -> Value {
    let answer = stand.get(&format!("/{SLUG}/items?{query}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{query}: {}", answer.text());
    serde_json::from_slice(&answer.body).expect("JSON")
}

/// Lines newest first: `7`, or `7 gone`, or `gap` with its place.
fn lines(stretch: &Value) -> Vec<String> {
    let line = |line: &Value| {
        let entry = &line["entry"];
        match entry["kind"].as_str() {
            Some("gap") => format!("gap {}", entry["gap"]["id"].as_str().unwrap_or_default()),
            Some("hide" | "remove") => format!("{} gone", entry["first"]),
            _ => entry["first"].to_string(),
        }
    };
    stretch["lines"].as_array().expect("lines").iter().map(line).collect()
}

/// Everything that a filter shows, from now down to the beginning.
async fn down(stand: &Stand, show: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut stretch = asked(stand, &format!("show={show}")).await;
    loop {
        all.extend(lines(&stretch));
        let Some(older) = stretch["older"].as_u64() else { return all };
        stretch = asked(stand, &format!("before={older}&show={show}")).await;
    }
}

/// The same from the beginning up to now.
async fn up(stand: &Stand, show: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut after = Some(0);
    while let Some(from) = after {
        let stretch = asked(stand, &format!("after={from}&show={show}")).await;
        all.splice(0..0, lines(&stretch));
        after = stretch["newer"].as_u64();
    }
    all
}

fn in_no_room(seq: Seq) -> Entry {
    let mut entry = post(seq, &seq.to_string(), "in the hallway");
    if let Kind::Post(post) = &mut entry.kind {
        post.filing = Filing::unsorted("Nobody knows.");
    }
    entry
}

fn gap(seq: Seq, id: &str) -> Entry {
    let from = NOON.plus(i64::try_from(seq).expect("small") * Micros::SECOND);
    let gap = Gap {
        id: id.into(),
        source: "fosstodon".into(),
        from,
        to: Some(from.plus(Micros::MINUTE)),
        reason: "The stream broke off.".into(),
        count: None,
        closed: false,
    };
    Entry { seq, at: from, kind: Kind::Gap { gap } }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stream_is_read_back_to_its_beginning_and_up_again_without_a_skip_or_a_repeat() {
    let stand = Stand::new().await;
    // 5 to 99, of which some are in no room, one is a gap, one is removed and one is edited, much later.
    let mut first: Vec<Entry> = (5..50).map(super::said).collect();
    first.extend((50..60).map(in_no_room));
    first.push(gap(60, "early"));
    first.extend((61..100).map(super::said));
    stand.commit(first).await;
    say(&stand, 100..POSTS).await;
    let mut last =
        vec![gone(POSTS, 20, "20", true), edit(POSTS + 1, 21, "21", "reworded"), gap(POSTS + 2, "late")];
    let mut answer = item("answer", Body(vec![Run::text("No, it was not.")]));
    answer.reply_to = Some(item("30", Body::default()).id());
    last.push(post_of(POSTS + 3, answer));
    stand.commit(last).await;

    let away = stand.get(&format!("/{SLUG}/items?before=100")).await;
    assert_eq!(
        away.status,
        StatusCode::SERVICE_UNAVAILABLE,
        "an archive that has not come so far tells nothing"
    );
    assert!(!away.header("retry-after").is_empty());
    archive(&stand, POSTS).await;

    let mut want: Vec<String> =
        (5..POSTS).rev().filter(|seq| *seq != 60).map(|seq| seq.to_string()).collect();
    want.splice(0..0, [(POSTS + 3).to_string(), "gap late".into()]);
    let place = |of: &str, want: &[String]| want.iter().position(|line| line == of).expect("it is there");
    let removed = place("20", &want);
    want[removed] = "20 gone".into();
    let early = place("59", &want);
    want.insert(early, "gap early".into());
    assert_eq!(down(&stand, "all").await, want);
    assert_eq!(up(&stand, "all").await, want);
    let hallway: Vec<String> = (50..60).rev().map(|seq| seq.to_string()).collect();
    let said = |lines: Vec<String>| -> Vec<String> {
        lines.into_iter().filter(|line| !line.starts_with("gap")).collect()
    };
    assert_eq!(said(down(&stand, "hallway").await), hallway, "a filter that few pass");
    assert_eq!(said(up(&stand, "hallway").await), hallway);

    let newest = asked(&stand, "").await;
    let answered = &newest["answered"][item("30", Body::default()).id().as_str()];
    assert_eq!(answered["name"], "Ada", "what is answered is told, however old it is: {answered}");
    assert_eq!(newest["counts"]["all"], 2_000);
    let page = stand.get(&format!("/{SLUG}?before=60")).await.text();
    assert!(page.contains(">reworded<") && page.contains("removed by its author"), "the mask holds");
    let around = item("40", Body::default()).id();
    let page = stand.get(&format!("/{SLUG}?around={around}")).await.text();
    assert!(
        page.contains(&format!("id=\"i-{around}\""))
            && page.contains("\"newer\":")
            && page.contains("?after=")
    );
    assert_eq!(stand.get(&format!("/{SLUG}?around=000000000000")).await.status, StatusCode::NOT_FOUND);
}
