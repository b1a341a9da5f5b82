//! What a reader missed, over real stores: places near and far, budgets, what is taken back, gaps. And pages as they were at a moment.

use super::{
    entries::{NOON, edit, gone, item, post, post_of},
    stand::Stand,
};
use http::StatusCode;
use model::{
    Body, Entry, FilingState, Gap, Kind, Micros, Run, ScheduleEntry, StageEntry, Talk, TalkId,
    schedule::Change,
};
use std::collections::BTreeSet;

/// All texts between two marks.
fn between<'a>(text: &'a str, from: &str, to: &str) -> Vec<&'a str> {
    text.split(from).skip(1).filter_map(|rest| rest.split_once(to).map(|(found, _)| found)).collect()
}

async fn page(stand: &Stand, path: &str) -> String {
    let answer = stand.get(path).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
    answer.text()
}

/// The place up to which a page tells.
fn place(text: &str) -> String {
    between(text, "data-position=\"", "\"")[0].to_owned()
}

fn epoch(text: &str) -> String {
    place(text).rsplit_once('.').expect("a position").0.to_owned()
}

/// A post of one of a few people, said at another time than it arrived.
fn said(seq: u64, native: &str, minutes: i64) -> Entry {
    let mut made = item(native, Body(vec![Run::text(format!("These are the words of {native}"))]));
    made.author.id = format!("p{}", seq % 7);
    made.when = NOON.plus(minutes * Micros::MINUTE);
    let mut entry = post_of(seq, made);
    if let Kind::Post(post) = &mut entry.kind
        && seq.is_multiple_of(3)
    {
        post.filing.state = FilingState::Unsorted;
        post.filing.talk = None;
    }
    entry
}

/// The posts that a page counts, and the ids of those that it names.
fn counted(text: &str) -> (usize, Vec<String>) {
    let lede = between(text, "class=\"lede\">", "<")[0];
    let posts = lede.split(' ').zip(lede.split(' ').skip(1)).find(|(_, what)| what.starts_with("post"));
    let n = posts.map_or(0, |(n, _)| n.replace(',', "").parse().expect("a number"));
    let told = between(text, "id=\"told\"", "id=\"until\"")[0];
    let mut ids: Vec<String> = between(told, "data-id=\"", "\"").into_iter().map(str::to_owned).collect();
    if ids.is_empty() {
        ids = between(told, "<a href=\"/rustfest/posts/", "\"").into_iter().map(str::to_owned).collect();
    }
    (n, ids)
}

#[tokio::test]
async fn going_on_from_a_place_neither_skips_nor_repeats_whatever_is_read() {
    let stand = Stand::new().await;
    let mut next = 5;
    let mut more = async |n: u64, minutes: i64| {
        let entries =
            (next..next + n).map(|seq| said(seq, &seq.to_string(), minutes - (seq as i64 * 37) % 90));
        next += n;
        stand.commit(entries.collect()).await;
        stand.archive_all().await;
    };
    more(430, 0).await;
    let epoch = epoch(&page(&stand, "/rustfest/catch-up").await);
    let mut dice: u64 = 99;
    for start in [4, 4, 5, 17, 200, 333, 434] {
        let mut at = format!("{epoch}.{start}");
        let (mut posts, mut ids) = (0, Vec::new());
        let total = 434 - start;
        for _visit in 0..20 {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let read = ["2", "10", "all", "all", "all"][(dice >> 33) as usize % 5];
            let text = page(&stand, &format!("/rustfest/catch-up?after={at}&read={read}")).await;
            let (n, told) = counted(&text);
            posts += n;
            assert!(read != "all" || told.len() == n, "all of them are shown: {} of {n}", told.len());
            ids.extend(told);
            at = place(&text);
            assert!(
                text.contains(&format!("after={at}&#38;read={read}"))
                    || text.contains(&format!("after={at}&read={read}")),
                "the way on"
            );
            if text.contains("You are up to date") {
                break;
            }
        }
        assert_eq!(posts, total, "from {start}");
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "nothing twice, from {start}");
    }
    // News that comes while a reader is away: what arrives late and was said before the reader's place still comes behind it.
    let here = place(&page(&stand, &format!("/rustfest/catch-up?after={epoch}.400&read=10")).await);
    more(12, -600).await;
    let (n, told) = counted(&page(&stand, &format!("/rustfest/catch-up?after={here}&read=all")).await);
    assert_eq!((n, told.len()), (12, 12));
}

#[tokio::test]
async fn what_is_taken_back_is_not_told_any_more_and_gaps_are_named() {
    let stand = Stand::new().await;
    let gap = |id: &str, from: i64, to: i64, closed| Kind::Gap {
        gap: Gap {
            id: id.into(),
            source: "fosstodon".into(),
            from: NOON.plus(from * Micros::MINUTE),
            to: Some(NOON.plus(to * Micros::MINUTE)),
            reason: "The stream broke off.".into(),
            count: None,
            closed,
        },
    };
    let mut covered = item("covered", Body::plain("Words under a cover"));
    covered.cover = Some("spiders".into());
    stand
        .commit(vec![
            said(5, "stays", -30),
            said(6, "goes", -29),
            post_of(7, covered),
            Entry { seq: 8, at: NOON, kind: gap("g1", -20, -10, false) },
            Entry { seq: 9, at: NOON, kind: gap("g2", -9, -8, true) },
            Entry { seq: 10, at: NOON, kind: gap("g3", -600, -500, false) },
        ])
        .await;
    stand.archive_all().await;
    let since = "/rustfest/catch-up?after=2026-06-01T13:00&read=2";
    let text = page(&stand, since).await;
    assert!(text.contains("Since 13:00: 3 posts by 3 people, 1 talk."), "{text}");
    assert!(
        text.contains("words of stays")
            && text.contains("words of goes")
            && text.contains("Forms that forgive")
    );
    assert!(text.contains("Beside the talks, 13:00 to 14:00"), "what is filed to no talk has its hour");
    assert!(!text.contains("Words under a cover") && text.contains("1 post under a content warning"));
    assert!(text.contains("Between 13:40 and 13:50, posts from fosstodon may be missing."), "{text}");
    assert!(
        !text.contains("13:51") && !text.contains("04:00"),
        "closed and far gaps are no business of this time"
    );
    // The archive is not told; the mask is.
    stand.commit(vec![gone(11, 6, "goes", true)]).await;
    for read in ["2", "10", "all"] {
        let epoch = epoch(&text);
        for after in ["2026-06-01T13:00".to_owned(), format!("{epoch}.4"), format!("{epoch}.5")] {
            let text = page(&stand, &format!("/rustfest/catch-up?after={after}&read={read}")).await;
            assert!(!text.contains("words of goes"), "{after} {read}");
        }
    }
    let quiet = page(&stand, &format!("/rustfest/catch-up?after={}", place(&text))).await;
    assert!(quiet.contains("Nothing was said since") && quiet.contains("A quiet time."), "{quiet}");
}

#[tokio::test]
async fn a_place_that_cannot_be_is_told_so() {
    let stand = Stand::new().await;
    for bad in ["after=nowhere", "after=0.ffffffffffffffff.5", "read=7", "after=1.2", "after=%00", "read="] {
        let answer = stand.get(&format!("/rustfest/catch-up?{bad}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{bad}");
    }
    for bad in ["noon", "2026-06-01T99:00", "2031-01-01T00:00", "1"] {
        for path in ["/rustfest", "/rustfest/talks/t1", "/rustfest/rooms/main-hall", "/rustfest/programme"] {
            let answer = stand.get(&format!("{path}?at={bad}")).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path} {bad}");
        }
    }
}

#[tokio::test]
async fn pages_of_the_past_show_what_had_arrived_and_nothing_that_was_taken_back() {
    let stand = Stand::new().await;
    let at = |mut entry: Entry, minutes: i64| {
        entry.at = NOON.plus(minutes * Micros::MINUTE);
        if let Kind::Post(post) | Kind::Edit(post) = &mut entry.kind {
            post.item.when = if entry.seq == 10 { NOON.plus(-70 * Micros::MINUTE) } else { entry.at };
        }
        entry
    };
    let press = |seq, talk: &str, minutes: i64| {
        let since = NOON.plus(minutes * Micros::MINUTE);
        let said =
            StageEntry { room: "main-hall".into(), talk: Some(TalkId(talk.into())), since, undone: false };
        Entry { seq, at: since, kind: Kind::Stage(said) }
    };
    stand
        .commit(vec![
            at(post(5, "early", "Said at ten to one"), -70),
            at(post(6, "removed", "Taken back later"), -65),
            press(7, "t1", -61),
            at(post(8, "late", "Said at five to two"), -5),
            at(gone(9, 6, "removed", true), -4),
            at(edit(10, 5, "early", "Said better"), -3),
        ])
        .await;
    stand.archive_all().await;
    for path in ["/rustfest", "/rustfest/talks/t1", "/rustfest/rooms/main-hall"] {
        let text = page(&stand, &format!("{path}?at=2026-06-01T13:10")).await;
        assert!(text.contains("The page as it was on Monday 1 June, 13:10."), "{path}: {text}");
        assert!(
            text.contains("Said better") && text.contains("edited since"),
            "{path}: it stands as it is now, and says so"
        );
        assert!(!text.contains("Taken back later") && !text.contains("Said at five"), "{path}");
        assert!(
            text.contains(&format!("{path}?at=2026-06-01T12:10"))
                && text.contains(&format!("href=\"{path}\"")),
            "{path}"
        );
        let later = page(&stand, &format!("{path}?at=2026-06-01T11:58:00Z")).await;
        assert!(later.contains("Said at five"), "{path}");
    }
    let on = page(&stand, "/rustfest?at=2026-06-01T13:10").await;
    assert!(on.contains("data-talk=\"t1\""), "what had been pressed by then is on: {on}");
    let before = page(&stand, "/rustfest?at=2026-06-01T12:52").await;
    assert!(
        !before.contains("data-talk=\"t1\"") && before.contains("Said better"),
        "and nothing before it was pressed"
    );
    let nothing = page(&stand, "/rustfest?at=2026-06-01T11:00").await;
    assert!(nothing.contains("Nothing had been said yet."));
    let programme = page(&stand, "/rustfest/programme?at=2026-06-01T13:10").await;
    assert!(programme.contains("The page as it was") && programme.contains("On now"), "{programme}");
}

#[tokio::test]
async fn pages_of_the_past_show_the_programme_that_was_in_force() {
    let stand = Stand::new().await;
    let talk = |id: &str, room: &str, title: &str, minutes: i64| -> Talk {
        let start = NOON.0 + minutes * Micros::MINUTE;
        serde_json::from_value(serde_json::json!({
            "id": id, "title": title, "room": room, "day": "2026-06-01", "speakers": [{"name": "Sunniva Darr"}],
            "start": start, "end": start + 40 * Micros::MINUTE,
        }))
        .expect("a talk")
    };
    let (was, is) =
        (talk("t1", "main-hall", "Forms that forgive", -20), talk("t1", "side", "Forms that bite", 90));
    let new = talk("t9", "main-hall", "Came in later", -20);
    let version = ScheduleEntry {
        version: "2".into(),
        changed: vec![is.id.clone(), new.id.clone()],
        changes: vec![Change::between(Some(&was), &is), Change::between(None, &new)],
        ..ScheduleEntry::default()
    };
    let at = NOON.plus(-10 * Micros::MINUTE);
    let kinds =
        [Kind::Talk { talk: Box::new(is) }, Kind::Talk { talk: Box::new(new) }, Kind::Schedule(version)];
    let entries = kinds.into_iter().enumerate().map(|(n, kind)| Entry { seq: n as u64 + 5, at, kind });
    stand.commit(entries.collect()).await;
    stand.archive_all().await;
    for path in ["/rustfest", "/rustfest/programme", "/rustfest/talks/t1", "/rustfest/rooms/main-hall"] {
        let then = page(&stand, &format!("{path}?at=2026-06-01T13:45")).await;
        assert!(then.contains("The programme is that of then, version 1 of 2."), "{path}: {then}");
        assert!(
            then.contains("Forms that forgive")
                && !then.contains("Came in later")
                && !then.contains("Forms that bite"),
            "{path}: {then}"
        );
        let later = page(&stand, &format!("{path}?at=2026-06-01T13:55")).await;
        assert!(
            later.contains("The page as it was") && !later.contains("The programme is that of then"),
            "{path}"
        );
        assert!(!later.contains("Forms that forgive"), "{path}");
    }
}
