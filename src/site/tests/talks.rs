//! Programme, talk, room and versions: what is really on, what was changed, what is only guessed. And the same as data.

use super::{
    entries::{NOON, item, post, post_of},
    stand::{SLUG, Stand},
};
use http::{Request, StatusCode};
use model::{Body as Words, Entry, FilingState, ItemEntry, Kind, Micros, StageEntry, TalkId};
use serde_json::{Value, json};

/// What the entries of a test change: the talk of [`super::stand`]'s beginning with other fields.
fn talk(seq: u64, id: &str, change: Value) -> Entry {
    let mut talk = json!({
        "id": id, "title": "Forms that forgive", "room": "main-hall", "day": "2026-06-01",
        "start": NOON.0 - 20 * Micros::MINUTE, "end": NOON.0 + 20 * Micros::MINUTE,
    });
    for (key, value) in change.as_object().expect("fields") {
        talk[key] = value.clone();
    }
    let talk = Box::new(serde_json::from_value(talk).expect("a talk"));
    Entry { seq, at: NOON, kind: Kind::Talk { talk } }
}

fn press(seq: u64, room: &str, talk: &str, minutes: i64) -> Entry {
    let since = NOON.plus(minutes * Micros::MINUTE);
    let said = StageEntry { room: room.into(), talk: Some(TalkId(talk.into())), since, undone: false };
    Entry { seq, at: NOON, kind: Kind::Stage(said) }
}

/// A post that is not filed: a guess for a talk, or nothing at all.
fn unfiled(seq: u64, native: &str, guess: Option<&str>) -> Entry {
    let mut entry = post(seq, native, native);
    if let Kind::Post(post) = &mut entry.kind {
        let ItemEntry { filing, .. } = post.as_mut();
        filing.state = if guess.is_some() { FilingState::Suggested } else { FilingState::Unsorted };
        filing.talk = guess.map(|talk| TalkId(talk.into()));
        filing.reasons = vec!["It has a word of the title.".into()];
    }
    entry
}

async fn page(stand: &Stand, path: &str) -> String {
    let answer = stand.get(path).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}");
    answer.text()
}

#[tokio::test]
async fn the_programme_marks_what_is_on_late_moved_and_called_off() {
    let stand = Stand::new().await;
    let was = json!([{"version": "1", "room": "side", "times": [NOON.0 - 50 * Micros::MINUTE, NOON.0]}]);
    stand
        .commit(vec![
            talk(5, "t1", json!({"was": was})),
            talk(6, "t3", json!({"title": "Maps without tiles", "dropped": true})),
            press(7, "main-hall", "t1", -8),
        ])
        .await;
    stand.archive_all().await;
    let text = page(&stand, "/rustfest/programme").await;
    assert!(text.contains("On now, 12 min late"), "{text}");
    assert!(text.contains("Moved from Side room, 13:10"), "{text}");
    assert!(
        text.contains("Called off") && text.contains("href=\"/rustfest/talks/t3\""),
        "it still leads to what was said"
    );
    assert!(text.contains("id=\"now\"") && text.contains("href=\"#now\""), "the way to now");
    assert!(text.contains("href=\"/rustfest/rooms/main-hall\"") && text.contains("/rustfest/schedule.ics"));
    let off = page(&stand, "/rustfest/talks/t3").await;
    assert!(off.contains("Called off. It was planned for Monday 1 June, <time"), "{off}");
    assert!(off.contains(">13:40 to 14:20</time>"), "{off}");
    let day = page(&stand, "/rustfest/days/2026-06-01").await;
    assert!(day.contains("Forms that forgive") && day.contains("All days"));
    assert_eq!(stand.get("/rustfest/days/2026-06-09").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn talks_that_changed_places_say_when_they_are_on_and_are_not_late() {
    let stand = Stand::new().await;
    let later = json!({"title": "Maps without tiles", "start": NOON.0 + 30 * Micros::MINUTE, "end": NOON.0 + 60 * Micros::MINUTE});
    stand.commit(vec![talk(5, "t3", later), press(6, "main-hall", "t3", -15)]).await;
    stand.archive_all().await;
    let on = page(&stand, "/rustfest/talks/t3").await;
    assert!(on.contains("On now since 13:45.") && !on.contains("early"), "{on}");
    assert!(page(&stand, "/rustfest/programme").await.contains("On now"));
}

#[tokio::test]
async fn with_many_rooms_talks_stand_beside_each_other_and_name_theirs() {
    let stand = Stand::new().await;
    let talks = (0..6).map(|n| talk(5 + n, &format!("t{}", 10 + n), json!({"room": format!("room-{n}")})));
    stand.commit(talks.collect()).await;
    stand.archive_all().await;
    let text = page(&stand, "/rustfest/programme").await;
    assert!(text.contains("rooms-many") && text.contains("room-5"), "{text}");
}

#[tokio::test]
async fn a_talk_tells_its_course_and_sets_apart_what_counts_for_nothing() {
    let stand = Stand::new().await;
    let was = json!([{"version": "1", "title": "Forms that hurt", "speakers": ["Ines Tavarel"]}]);
    stand
        .commit(vec![
            talk(5, "t1", json!({"was": was})),
            press(6, "main-hall", "t1", -8),
            post(7, "filed", "a post of this talk"),
            unfiled(8, "a guess", Some("t1")),
            unfiled(9, "nobody knows", None),
        ])
        .await;
    stand.archive_all().await;
    let text = page(&stand, "/rustfest/talks/t1").await;
    for words in [
        "On now since 13:52, 12 min late.",
        "Formerly “Forms that hurt”.",
        "No longer with Ines Tavarel.",
        "Why here?",
        "Filed here automatically, 60 % sure",
        "It was the only talk on when this was said.",
        "Perhaps about this talk",
        "1 guess, not counted above.",
        "Said in these minutes, not filed (2)",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(text.contains("<dt>item</dt><dd>1</dd>"), "guesses are not counted: {text}");
    assert!(!text.contains("nobody knows"), "what is not filed has a page of its own");
    let unfiled = page(&stand, "/rustfest/talks/t1?view=unfiled").await;
    assert!(unfiled.contains("nobody knows") && unfiled.contains("a guess"));
    assert!(!unfiled.contains("a post of this talk"), "{unfiled}");
    assert!(unfiled.contains("2 posts from 13:52 to 14:32"), "{unfiled}");
}

#[tokio::test]
async fn a_room_has_its_now_its_talks_and_what_was_said_there() {
    let stand = Stand::new().await;
    let mut early = item("early", Words::plain("said at dawn"));
    early.when = NOON.plus(-24 * Micros::HOUR);
    stand.commit(vec![post(5, "here", "said in the hall"), post_of(6, early)]).await;
    stand.archive_all().await;
    let text = page(&stand, "/rustfest/rooms/main-hall").await;
    assert!(text.contains("Forms that forgive") && text.contains("said in the hall"), "{text}");
    assert!(!text.contains("said at dawn"), "another day");
    assert!(!text.contains("Who else reads your cache?"), "another room");
    let before = page(&stand, "/rustfest/rooms/main-hall?day=2026-05-31").await;
    assert!(before.contains("said at dawn") && before.contains("Said here on Sunday"), "{before}");
    assert!(page(&stand, "/rustfest/rooms/side").await.contains("Nothing filed here yet."));
    for path in ["/rustfest/rooms/attic", "/rustfest/rooms/side?day=June"] {
        assert_eq!(stand.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn versions_are_told_in_sentences_the_newest_first_and_as_a_feed() {
    let stand = Stand::new().await;
    let change = json!({
        "talk": "t1", "what": "changed", "title": "Forms that forgive", "room": "side",
        "times": [NOON.0, NOON.0 + Micros::HOUR], "room_from": "main-hall",
    });
    let version = json!({"version": "2 <b>&", "changed": ["t1"], "dropped": [], "changes": [change]});
    let kind = Kind::Schedule(serde_json::from_value(version).expect("a version"));
    stand.commit(vec![Entry { seq: 5, at: NOON, kind }]).await;
    stand.archive_all().await;
    let text = page(&stand, "/rustfest/schedule/changes").await;
    assert!(text.contains("2 versions so far.") && text.contains("1 talk has changed."), "{text}");
    assert!(text.contains("“Forms that forgive” moved from Main hall to Side room"), "{text}");
    assert!(text.find("id=\"v2\"").expect("two") < text.find("id=\"v1\"").expect("one"), "newest first");
    assert!(text.contains("2 &#60;b&#62;&#38;"), "a version's name is only words: {text}");
    let one = page(&stand, "/rustfest/schedule/v/2").await;
    assert!(one.contains("moved from Main hall") && !one.contains("id=\"v1\""), "{one}");
    for path in
        ["/rustfest/schedule/v/0", "/rustfest/schedule/v/3", "/rustfest/schedule/v/18446744073709551615"]
    {
        assert_eq!(stand.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let older = page(&stand, "/rustfest/schedule/changes?before=2").await;
    assert!(older.contains("id=\"v1\"") && !older.contains("id=\"v2\""));
    let feed = stand.get("/rustfest/schedule/changes.atom").await;
    assert_eq!(feed.header("content-type"), "application/atom+xml; charset=utf-8");
    let feed = feed.text();
    assert!(feed.contains("<entry>") && feed.contains("2 &lt;b&gt;&amp;: 1 talk has changed."), "{feed}");
}

#[tokio::test]
async fn the_programme_comes_out_again_as_it_really_is_and_only_when_it_changed() {
    let stand = Stand::new().await;
    for (path, kind, words) in [
        ("/rustfest/schedule.ics", "text/calendar; charset=utf-8", "BEGIN:VCALENDAR"),
        ("/rustfest/schedule.json", "application/json; charset=utf-8", "\"conference\""),
        ("/rustfest/schedule.xml", "application/xml; charset=utf-8", "<schedule"),
    ] {
        let answer = stand.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_eq!((answer.header("content-type"), answer.header("cache-control")), (kind, "no-cache"));
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
        assert!(answer.text().contains(words) && answer.text().contains("Forms that forgive"), "{path}");
        let again = Request::get(path).header("if-none-match", answer.header("etag"));
        let again = again.body(axum::body::Body::empty()).expect("a request");
        assert_eq!(stand.ask(again).await.status, StatusCode::NOT_MODIFIED, "{path}");
        let read = model::schedule::parse(&answer.body, &jiff::tz::TimeZone::UTC).expect("what we wrote");
        assert_eq!(read.talks.len(), 2, "{path}");
    }
    let before = stand.get("/rustfest/schedule.ics").await;
    stand.commit(vec![press(5, "main-hall", "t1", -8)]).await;
    let after = stand.get("/rustfest/schedule.ics").await;
    assert_ne!(before.header("etag"), after.header("etag"));
    assert!(after.text().contains("DTSTART:20260601T115200Z"), "{}", after.text());
    assert_eq!(stand.get("/nowhere/schedule.ics").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_api_tells_talks_as_they_really_are_with_what_is_filed() {
    let stand = Stand::new().await;
    stand
        .commit(vec![
            press(5, "main-hall", "t1", -8),
            post(6, "filed", "a post of this talk"),
            unfiled(7, "a guess", Some("t1")),
        ])
        .await;
    let json = |body: &[u8]| serde_json::from_slice::<Value>(body).expect("JSON");
    stand.archive_all().await;
    let all = stand.get(&format!("/api/v1/events/{SLUG}/talks")).await;
    assert_eq!(all.header("access-control-allow-origin"), "*");
    let all = json(&all.body);
    assert_eq!(all["talks"].as_array().map(Vec::len), Some(2));
    assert_eq!((&all["version"], &all["position"]["seq"]), (&json!("1"), &json!(7)));
    assert!(all["talks"][0].get("abstract").is_none(), "the list is short");
    let one = json(&stand.get("/api/v1/events/rustfest/talks/t1").await.body);
    assert_eq!((&one["state"], &one["real"]["late_by_seconds"]), (&json!("on"), &json!(720)));
    assert_eq!((&one["real"]["source"], &one["room"]["name"]), (&json!("steward"), &json!("Main hall")));
    assert_eq!((&one["filing"]["items"], &one["filing"]["suggested"]), (&json!(1), &json!(1)));
    assert_eq!(one["abstract"], "Kept from the public log.");
    assert_eq!(one["page"], "http://127.0.0.1:8080/rustfest/talks/t1");
    let none = stand.get("/api/v1/events/rustfest/talks/t99").await;
    assert_eq!((none.status, none.header("access-control-allow-origin")), (StatusCode::NOT_FOUND, "*"));
}

#[tokio::test]
async fn without_the_archive_talks_are_told_without_their_counts_and_calendars_go_on() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let stand = Stand::on(&format!("postgres://nobody@{}/none", silent.local_addr().expect("bound"))).await;
    let one: Value =
        serde_json::from_slice(&stand.get("/api/v1/events/rustfest/talks/t1").await.body).expect("JSON");
    assert_eq!((&one["title"], &one["filing"]), (&json!("Forms that forgive"), &Value::Null));
    assert_eq!(stand.get("/rustfest/schedule.ics").await.status, StatusCode::OK);
    assert_eq!(stand.get("/rustfest/rooms/side").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_post_says_in_sentences_where_it_is_filed_and_why() {
    let stand = Stand::new().await;
    stand.commit(vec![post(5, "a", "a post"), unfiled(6, "b", Some("t1")), unfiled(7, "c", None)]).await;
    let of = |native: &str| format!("/rustfest/posts/{}", model::Uid::new("mastodon", native).id());
    let filed = page(&stand, &of("a")).await;
    assert!(filed.contains("Forms that forgive</a>, Main hall, automatically, 60 % sure."), "{filed}");
    assert!(filed.contains("It was the only talk on when this was said."), "{filed}");
    let guess = page(&stand, &of("b")).await;
    assert!(guess.contains("Perhaps about <a") && guess.contains("it counts for no talk"), "{guess}");
    assert!(page(&stand, &of("c")).await.contains("Not filed: nobody knows which talk it is about."));
}
