//! Setting up in a browser, without a script: every form against a real nozzle, and networks that speak their wire formats.

mod browser;

use super::{
    moderate::owner,
    stand::{Answer, SLUG, form_token},
    writing::Desk,
};
use http::{Request, StatusCode};
use model::{Micros, event::EventFile};
use networks::{Happening, Options, Post, Protocol, Script, Server, snowflake_at};
use nozzle::Intake;
use tokio_util::sync::CancellationToken;

/// A Mastodon server on which this was said a moment ago.
pub(super) async fn mastodon(words: &[&str]) -> Server {
    let now = jiff::Timestamp::now().as_microsecond() - 60 * Micros::SECOND;
    let post = |(n, words): (usize, &&str)| {
        let at = now + n as i64 * Micros::SECOND;
        Happening::Post(Post::new(&snowflake_at(at, 0), at, "ada", words))
    };
    let script = Script::as_read(words.iter().enumerate().map(post).collect());
    let server = networks::serve(Options::new(Protocol::Mastodon, script), CancellationToken::new())
        .await
        .expect("a port");
    server.play(words.len() as u64);
    server
}

async fn page(desk: &Desk, path: &str) -> String {
    let answer = desk.send(owner(Request::get(path)), "").await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
    assert_eq!(answer.header("cache-control"), "no-store", "{path}");
    answer.text()
}

/// Sends the form of a page as a browser without a script does: what stands in it, with some fields written anew.
async fn send(desk: &Desk, path: &str, drawn: &str, fields: &[(&str, &str)]) -> Answer {
    let mut all: Vec<(String, String)> = Vec::new();
    for (name, value) in standing(drawn) {
        if !fields.iter().any(|(written, _)| *written == name) {
            all.push((name, value));
        }
    }
    all.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    if !all.iter().any(|(name, _)| name == "form_token") {
        all.push(("form_token".to_owned(), form_token()));
    }
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(all).finish();
    let request = owner(Request::post(path)).header("content-type", "application/x-www-form-urlencoded");
    desk.send(request, body).await
}

/// What stands in the fields of the first form of a page.
fn standing(drawn: &str) -> Vec<(String, String)> {
    let form = drawn.split("<form").nth(1).unwrap_or_default().split("</form>").next().unwrap_or_default();
    let of = |tag: &str, name: &str| {
        let value = tag.split(&format!("{name}=\"")).nth(1)?.split('"').next()?;
        Some(
            value
                .replace("&#34;", "\"")
                .replace("&quot;", "\"")
                .replace("&#38;", "&")
                .replace("&amp;", "&")
                .replace("&#39;", "'"),
        )
    };
    let mut fields = Vec::new();
    for tag in form.split("<input").skip(1) {
        let tag = tag.split('>').next().unwrap_or_default();
        let is_choice = tag.contains("type=\"radio\"") || tag.contains("type=\"checkbox\"");
        if let (Some(name), false) = (of(tag, "name"), is_choice && !tag.contains(" checked")) {
            fields.push((name, of(tag, "value").unwrap_or_default()));
        }
    }
    for area in form.split("<textarea").skip(1) {
        let (tag, rest) = area.split_once('>').unwrap_or((area, ""));
        let words = rest.split("</textarea>").next().unwrap_or_default().trim_start_matches('\n');
        fields.extend(of(tag, "name").map(|name| (name, words.to_owned())));
    }
    fields
}

async fn file(desk: &Desk) -> EventFile {
    let text = desk.nozzle().settings(desk.eid).await.expect("settings").text;
    EventFile::parse(&text).expect("they can be read")
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_changed_by_a_form_and_what_cannot_be_is_told_beside_its_field() {
    let desk = Desk::new(
        "open",
        "# by hand\n[[source]]\nname = \"blog\"\nkind = \"feed\"\nurl = \"https://blog.example/f\" # ours\n",
    )
    .await;
    let path = format!("/admin/{SLUG}/settings");
    let drawn = page(&desk, &path).await;
    let same = send(&desk, &path, &drawn, &[]).await;
    assert_eq!(
        (same.status, same.header("location")),
        (StatusCode::SEE_OTHER, "/admin/rustfest/settings?done=same")
    );
    let wrong = [
        ("title", " "),
        ("ends", "2026-05-01"),
        ("starts", "2026-06-01"),
        ("timezone", "Mars"),
        ("imprint", "<p>We</p>"),
    ];
    let refused = send(&desk, &path, &drawn, &wrong).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    let text = refused.text();
    for (field, _) in wrong.iter().filter(|(field, _)| *field != "starts") {
        assert!(text.contains(&format!("id=\"{field}-told\"")), "{field}: {text}");
    }
    assert!(
        text.contains("Europe/Berlin") && text.contains("value=\"Mars\""),
        "the cure, and what was typed"
    );
    let good = [
        ("title", "RustFest & friends"),
        ("onsite", "hold"),
        ("published", "1"),
        ("hashtags", "#rustfest, rf26"),
    ];
    let saved = send(&desk, &path, &drawn, &good).await;
    assert_eq!(saved.header("location"), "/admin/rustfest/settings?done=saved", "{}", saved.text());
    let after = file(&desk).await;
    assert_eq!(
        (after.title.as_str(), after.published, after.hashtags.len()),
        ("RustFest & friends", true, 2)
    );
    let text = desk.nozzle().settings(desk.eid).await.expect("settings").text;
    assert!(
        text.contains("# by hand") && text.contains("# ours"),
        "what somebody wrote by hand stays: {text}"
    );
    // The page from before is older than what stands there now.
    let late = send(&desk, &path, &drawn, &[("title", "Another")]).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert!(
        late.text().contains("Somebody else wrote") && late.text().contains("RustFest &#38; friends"),
        "{}",
        late.text()
    );
    assert_eq!(file(&desk).await.title, "RustFest & friends");
    let again = send(&desk, &path, &late.text(), &[]).await;
    assert_eq!(again.status, StatusCode::SEE_OTHER, "sent again, it is meant");
    assert_eq!(file(&desk).await.title, "Another");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_is_tried_added_paused_and_removed_and_keeps_what_it_brought() {
    let desk = Desk::new("off", "").await;
    let server = mastodon(&["Good morning #rustfest", "Where is the coffee? #rustfest"]).await;
    let (new, list) = (format!("/admin/{SLUG}/sources/new"), format!("/admin/{SLUG}/sources"));
    let form = page(&desk, &format!("{new}?kind=mastodon")).await;
    let tags = send(&desk, &new, &form, &[("url", &server.url()), ("do", "test")]).await;
    assert!(
        tags.status == StatusCode::BAD_REQUEST && tags.text().contains("tags-told"),
        "the event has no hashtags: {}",
        tags.text()
    );
    let fields = [("url", server.url()), ("tags", "rustfest".to_owned())];
    let [url, tag] = &fields;
    let tried = send(&desk, &new, &form, &[(url.0, &url.1), (tag.0, &tag.1), ("do", "test")]).await;
    let text = tried.text();
    assert!(
        tried.status == StatusCode::OK
            && text.contains("Connected.")
            && text.contains("Where is the coffee?"),
        "{text}"
    );
    assert!(
        text.contains("@ada@pixels.example") && file(&desk).await.sources.is_empty(),
        "a test stores nothing"
    );
    let added = send(&desk, &new, &text, &[("do", "save")]).await;
    assert_eq!(added.header("location"), "/admin/rustfest/sources?done=added", "{}", added.text());
    // The event names no first day, so what was said before it was there is not fetched.
    let at = jiff::Timestamp::now().as_microsecond();
    server.say(Happening::Post(Post::new(&snowflake_at(at, 0), at, "ada", "Found the coffee! #rustfest")));
    while !desk.get(&format!("/{SLUG}")).await.text().contains("Found the coffee!") {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let name = file(&desk).await.sources[0].name.clone();
    let shown = page(&desk, &list).await;
    assert!(shown.contains("Mastodon server") && shown.contains(&name), "{shown}");
    for (press, want) in [("pause", "paused"), ("resume", "resumed")] {
        let pressed =
            send(&desk, &list, &page(&desk, &list).await, &[("press", &format!("{press} {name}"))]).await;
        assert_eq!(pressed.header("location"), format!("/admin/rustfest/sources?done={want}"));
        assert_eq!(file(&desk).await.sources[0].paused, press == "pause");
    }
    let removed = send(&desk, &list, &shown, &[("press", &format!("remove {name}"))]).await;
    assert_eq!(removed.header("location"), "/admin/rustfest/sources?done=removed");
    assert!(file(&desk).await.sources.is_empty());
    assert!(desk.get(&format!("/{SLUG}")).await.text().contains("Found the coffee!"));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_programme_is_shown_before_it_is_imported_and_what_was_shown_is_what_comes() {
    let desk = Desk::new("off", "").await;
    let path = format!("/admin/{SLUG}/schedule");
    let drawn = page(&desk, &path).await;
    let empty = send(&desk, &path, &drawn, &[("do", "look")]).await;
    assert_eq!(empty.status, StatusCode::BAD_REQUEST);
    let bad = send(&desk, &path, &drawn, &[("do", "look"), ("text", "no programme at all")]).await;
    assert_eq!(bad.status, StatusCode::BAD_REQUEST);
    let start = (jiff::Timestamp::now() + jiff::SignedDuration::from_mins(-10)).to_string();
    let over = (jiff::Timestamp::now() + jiff::SignedDuration::from_mins(-180)).to_string();
    let talk = |title: &str, at: &str, guid: &str| serde_json::json!({"guid": guid, "title": title, "date": at, "duration": "01:00", "persons": []});
    let rooms = serde_json::json!({"Main hall": [talk("Forms that forgive more", &start, "Forms that forgive")], "Side": [talk("Over by now", &over, "Over by now"), talk("Brand new", &start, "new")]});
    let text = serde_json::json!({"schedule": {"version": "2", "conference": {"title": "x", "days": [{"index": 1, "date": "2026-01-01", "rooms": rooms}]}}}).to_string();
    let looked = send(&desk, &path, &drawn, &[("do", "look"), ("text", &text)]).await;
    let found = looked.text();
    assert!(
        looked.status == StatusCode::OK && found.contains("What would change") && found.contains("Brand new"),
        "{found}"
    );
    assert!(
        !desk.get(&format!("/{SLUG}/programme")).await.text().contains("Brand new"),
        "nothing has changed yet"
    );
    let applied = send(&desk, &path, &found, &[("do", "apply")]).await;
    assert_eq!(applied.header("location"), "/admin/rustfest/schedule?done=imported", "{}", applied.text());
    assert!(page(&desk, &path).await.contains("Version 2, 3 talks."));
    let torn = send(&desk, &path, &found, &[("do", "apply"), ("kept", "AAAA")]).await;
    assert_eq!(torn.status, StatusCode::BAD_REQUEST);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_is_made_changed_and_removed_by_forms() {
    let desk = Desk::new("open", "").await;
    let path = format!("/admin/{SLUG}/rules");
    let form = page(&desk, &format!("{path}?new=1")).await;
    let empty = send(&desk, &path, &form, &[("name", "casinos")]).await;
    assert!(
        empty.status == StatusCode::BAD_REQUEST && empty.text().contains("name-told"),
        "{}",
        empty.text()
    );
    let made = send(&desk, &path, &form, &[("name", "casinos"), ("words", "casino\nfree spins")]).await;
    assert_eq!(made.header("location"), "/admin/rustfest/rules?done=saved", "{}", made.text());
    assert_eq!(file(&desk).await.rules[0].words, ["casino", "free spins"]);
    let form = page(&desk, &format!("{path}?rule=casinos")).await;
    let changed = send(&desk, &path, &form, &[("action", "reject")]).await;
    assert_eq!(changed.header("location"), "/admin/rustfest/rules?done=saved", "{}", changed.text());
    let list = page(&desk, &path).await;
    assert!(
        list.contains("casinos") && list.contains("not shown") && list.contains("2 words and phrases"),
        "{list}"
    );
    let gone = send(&desk, &path, &list, &[("press", "remove casinos")]).await;
    assert_eq!(gone.header("location"), "/admin/rustfest/rules?done=removed");
    assert!(file(&desk).await.rules.is_empty());
}
