//! The walls: what is drawn without a script, what operators may press, and what screens may tell.

mod browser;
mod control;
mod fits;
mod panic;

use super::{
    entries::{NOON, gone, item, post, post_of},
    stand::{SLUG, Stand},
};
use http::StatusCode;
use model::{
    Body, Entry, Filing, FilingState, Item, Kind, Mark, Media, MediaKind, Micros, Run,
    event::{DuringTalks, WallSettings},
};

/// An entry that was committed, and an item that was said, so many seconds before noon, at which the clock of a stand stands.
pub(super) fn ago(mut entry: Entry, seconds: i64) -> Entry {
    entry.at = NOON.plus(-seconds * Micros::SECOND);
    if let Kind::Post(e) | Kind::Edit(e) = &mut entry.kind {
        e.item.when = entry.at;
    }
    entry
}

/// A post of this room, or of no room.
pub(super) fn of_room(mut entry: Entry, room: Option<&str>) -> Entry {
    if let Kind::Post(e) = &mut entry.kind {
        let state = if room.is_some() { FilingState::Filed } else { FilingState::Unsorted };
        e.filing = Filing { talk: None, room: room.map(str::to_owned), state, ..e.filing.clone() };
    }
    entry
}

pub(super) fn item_with(native: &str, words: &str, change: impl Fn(&mut Item)) -> Item {
    let mut made = item(native, Body(vec![Run::text(words)]));
    change(&mut made);
    made
}

/// The event's settings anew, with this said of the walls.
async fn say(stand: &Stand, seq: u64, wall: WallSettings) {
    let mut event = serde_json::json!({
        "slug": SLUG, "title": "RustFest", "timezone": "Europe/Berlin", "place": "Berlin", "hashtags": ["rustfest"],
        "rooms": [{"slug": "main-hall", "name": "Main hall"}, {"slug": "side", "name": "Side room"}],
    });
    event["wall"] = serde_json::to_value(wall).expect("JSON");
    let event = Box::new(serde_json::from_value(event).expect("settings"));
    stand.commit(vec![Entry { seq, at: NOON, kind: Kind::Event { event } }]).await;
}

async fn page(stand: &Stand, query: &str) -> String {
    let answer = stand.get(&format!("/{SLUG}/wall{query}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{query}");
    assert_eq!(answer.header("cache-control"), "no-store");
    answer.text()
}

/// The words of the posts that are drawn, newest first.
fn drawn(page: &str) -> Vec<&str> {
    let says = page.split("<p class=\"say\"").skip(1);
    says.filter_map(|rest| rest.split_once('>')?.1.split_once("</p>")).map(|(words, _)| words).collect()
}

#[tokio::test]
async fn without_a_script_a_wall_shows_the_newest_cleared_posts_of_its_room_and_what_is_on_there() {
    let stand = Stand::new().await;
    let photo = Media {
        kind: MediaKind::Photo,
        url: "https://pictures.example/1.png".into(),
        width: None,
        height: None,
        alt: Some("A stage".into()),
        licence: None,
    };
    let pictured = item_with("photo", "Look at this", |item| item.media = vec![photo.clone()]);
    let warned = item_with("warned", "canary warned", |item| item.cover = Some("Spiders".into()));
    let sensitive = item_with("sensitive", "canary sensitive", |item| {
        item.cover = Some(String::new());
        item.media = vec![photo.clone()];
    });
    let late = item_with("late", "canary late", |item| item.late = true);
    stand
        .commit(vec![
            ago(of_room(post(5, "side", "Said next door"), Some("side")), 50),
            ago(post_of(6, pictured), 40),
            ago(post_of(7, warned), 30),
            ago(post_of(8, sensitive), 30),
            ago(post_of(9, late), 30),
            ago(post(10, "gone", "canary gone"), 30),
            gone(11, 10, "gone", true),
            ago(post(12, "long", &"long ".repeat(29)), 20),
            ago(of_room(post(13, "hall", "Said in the hallway"), None), 20),
            ago(post(14, "rtl", "أعجبتني الفكرة <b>"), 10),
            ago(of_room(post(15, "old", "canary old"), Some("main-hall")), 3 * 3600),
        ])
        .await;
    let main = page(&stand, "?room=main-hall").await;
    assert_eq!(
        drawn(&main),
        ["أعجبتني الفكرة &#60;b&#62;", "Look at this"],
        "a talk is on: only what is about it"
    );
    assert_eq!(drawn(&page(&stand, "?room=side").await), ["Said next door"]);
    let all = drawn(&page(&stand, "").await).join("|");
    assert_eq!(all, "أعجبتني الفكرة &#60;b&#62;|Said in the hallway|Look at this", "the whole event");
    assert!(!main.contains("canary"), "not in the page's data either");
    for part in [
        "<h1 dir=\"auto\">Forms that forgive</h1>",
        "<p class=\"who\" dir=\"auto\">Sunniva Darr</p>",
        "<span dir=\"auto\">Main hall</span><span class=\"until\">until 14:20</span>",
        "<noscript><meta http-equiv=\"refresh\" content=\"30\"></noscript>",
        "aria-label=\"QR code to http://127.0.0.1:8080/rustfest?show=room.main-hall\"",
        "alt=\"A stage\"",
        "<span>#rustfest</span>",
        "data-post=\"2.75\"",
    ] {
        assert!(main.contains(part), "{part}\n{main}");
    }
    assert!(
        page(&stand, "?room=side&distance=30&width=3&paper=1")
            .await
            .contains("data-post=\"5.25\" data-paper>")
    );
    let attic = stand.get(&format!("/{SLUG}/wall?room=attic")).await;
    assert_eq!(
        (attic.status, attic.header("refresh")),
        (StatusCode::NOT_FOUND, "10"),
        "it is tried again by itself"
    );
    assert_eq!(stand.get("/nothing/wall").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn without_a_script_too_a_wall_waits_shows_questions_only_and_goes_blank() {
    let stand = Stand::new().await;
    let asked = item_with("asked", "Will it be recorded?", |item| item.marks = vec![Mark::Question]);
    stand
        .commit(vec![
            ago(post(5, "said", "Well said"), 60),
            ago(post_of(6, asked), 50),
            ago(post(7, "fresh", "Said a moment ago"), 3),
        ])
        .await;
    let main = "?room=main-hall";
    assert_eq!(drawn(&page(&stand, main).await).len(), 3);
    let mut wall = WallSettings { delay_s: 10, ..WallSettings::default() };
    say(&stand, 8, wall.clone()).await;
    let waits = page(&stand, main).await;
    assert_eq!(drawn(&waits), ["Will it be recorded?", "Well said"]);
    assert!(waits.contains("\"wall_seq\":8,") && waits.contains("\"delay_s\":10"));
    wall.during_talks = DuringTalks::Questions;
    say(&stand, 9, wall.clone()).await;
    assert_eq!(drawn(&page(&stand, main).await), ["Will it be recorded?"]);
    wall.during_talks = DuringTalks::Off;
    say(&stand, 10, wall.clone()).await;
    let off = page(&stand, main).await;
    assert!(drawn(&off).is_empty() && off.contains("wall-plan") && off.contains("Forms that forgive"));
    assert_eq!(drawn(&page(&stand, "").await).len(), 2, "nobody speaks in the foyer");
    wall.blank.rooms.insert("main-hall".into());
    say(&stand, 11, wall.clone()).await;
    let blank = page(&stand, main).await;
    assert!(blank.contains(" data-blank>") && drawn(&blank).is_empty() && !blank.contains("wall-plan\""));
    assert!(blank.contains("content=\"5\""), "it is looked at again soon");
    assert!(!page(&stand, "?room=side").await.contains(" data-blank>"));
}
