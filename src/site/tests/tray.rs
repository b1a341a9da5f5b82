//! The tray of posts to sort: behind the door, by API, by forms without a script, and in Chromium by keys.

mod browser;
mod drawn;
mod forms;

use super::{
    stand::{INTAKE_TOKEN, OWNER_KEY, SLUG},
    writing::Desk,
};
use http::{Request, StatusCode};
use nozzle::intake::{Ask, Say};
use serde_json::{Value, json};

pub(super) const UNSORTED: &str = "/api/v1/events/rustfest/unsorted";
const FILE: &str = "/api/v1/events/rustfest/file";

/// An event in which two talks are on now, so that words which name neither are nobody's, and a third that is long over.
pub(super) async fn desk() -> Desk {
    let desk = Desk::new("open", "").await;
    desk.ask(Ask::Schedule(programme())).await;
    while !desk.get(&format!("/{SLUG}")).await.text().contains("Who else reads your cache?") {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    desk
}

fn programme() -> Vec<u8> {
    let now = jiff::Timestamp::now();
    let talk = |title: &str, who: &str, from: i64| {
        let start = now + jiff::SignedDuration::from_mins(from);
        let persons = json!([{"public_name": who}]);
        json!({"guid": title, "title": title, "date": start.to_string(), "duration": "01:00", "persons": persons})
    };
    let rooms = json!({
        "Main hall": [talk("Forms that forgive", "Sunniva Darr", -10)],
        "Side": [talk("Over by now", "Nobody Else", -180), talk("Who else reads your cache?", "Teo Quill", -12)],
    });
    let days = json!([{"index": 1, "date": "2026-01-01", "rooms": rooms}]);
    json!({"schedule": {"version": "2", "conference": {"title": "x", "days": days}}}).to_string().into_bytes()
}

/// Somebody writes these words on the page; the post's id.
pub(super) async fn say(desk: &Desk, words: &str) -> String {
    let say = Say { text: words.into(), name: "Ana".into(), reply_to: None, talk: None, room: None };
    // Each by somebody else: where one has just been is a sign for what they say next.
    let who: String = words.bytes().map(|byte| format!("{byte:02x}")).collect();
    desk.ask_as("person", &who, Ask::Say(say)).await.id.expect("a post has an id")
}

/// The owner, as a browser that has opened the owner's link.
pub(super) fn owner(request: http::request::Builder) -> http::request::Builder {
    request.header("cookie", format!("owner={OWNER_KEY}")).header("origin", "http://127.0.0.1:8080")
}

/// What waits, as the API tells it.
pub(super) async fn unsorted(desk: &Desk, query: &str) -> Value {
    let answer = desk.send(owner(Request::get(format!("{UNSORTED}{query}"))), "").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    serde_json::from_slice(&answer.body).expect("JSON")
}

/// Ids of what waits, once there are so many.
pub(super) async fn waiting(desk: &Desk, many: usize) -> Vec<String> {
    for _ in 0..500 {
        let told = unsorted(desk, "").await;
        let ids: Vec<String> = told["items"]
            .as_array()
            .expect("items")
            .iter()
            .map(|item| item["id"].as_str().expect("an id").to_owned())
            .collect();
        if ids.len() == many {
            return ids;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("not {many}: {}", unsorted(desk, "").await);
}

async fn file(desk: &Desk, key: &str, body: &Value) -> (StatusCode, Value) {
    let request = owner(Request::post(FILE)).header("content-type", "application/json");
    let answer = desk.send(request.header("idempotency-key", key), body.to_string()).await;
    (answer.status, serde_json::from_slice(&answer.body).expect("JSON"))
}

async fn talk(desk: &Desk, title: &str) -> String {
    let told = unsorted(desk, "").await;
    let on = told["items"][0]["on"].as_array().expect("what was on").clone();
    let found = on.iter().find(|choice| choice["title"] == title).unwrap_or_else(|| panic!("{told}"));
    found["talk"].as_str().expect("an id").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tray_is_behind_the_door_and_other_sites_cannot_use_the_owners_browser() {
    let desk = desk().await;
    for path in ["/admin", "/admin/rustfest", "/admin/rustfest/file", UNSORTED] {
        assert_eq!(desk.get(path).await.status, StatusCode::UNAUTHORIZED, "{path}");
        let answer = desk.send(owner(Request::get(path)), "").await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
    }
    let locked = desk.send(Request::post(FILE), "{}").await;
    assert_eq!(locked.status, StatusCode::UNAUTHORIZED);
    assert!(locked.text().contains("\"error\":\"locked\""), "programs are told in JSON: {}", locked.text());
    for path in [FILE, "/admin/rustfest/file"] {
        let request = Request::post(path)
            .header("cookie", format!("owner={OWNER_KEY}"))
            .header("origin", "https://evil.example");
        assert_eq!(desk.send(request, "{}").await.status, StatusCode::FORBIDDEN, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_is_filed_by_a_program_and_given_back_to_the_rules() {
    let desk = desk().await;
    let (a, b, c) = (say(&desk, "Mm.").await, say(&desk, "Hm.").await, say(&desk, "Well.").await);
    assert_eq!(waiting(&desk, 3).await, [a.clone(), b.clone(), c.clone()]);
    let forms = talk(&desk, "Forms that forgive").await;
    let told = unsorted(&desk, "").await;
    let on: Vec<&str> = told["items"][0]["on"]
        .as_array()
        .expect("choices")
        .iter()
        .map(|choice| choice["note"].as_str().expect("a note"))
        .collect();
    assert_eq!(on, ["Main hall, on for 10 min", "Side, on for 12 min"]);
    assert!(told["items"][0]["item"].get("uid").is_none(), "an item goes out in its public form");

    let order = json!({"ids": [a], "talk": forms});
    let (status, first) = file(&desk, "one", &order).await;
    assert_eq!((status, &first["moved"]), (StatusCode::OK, &json!(1)), "{first}");
    assert_eq!(
        first["before"],
        json!([{"ids": [a], "talk": null, "event": false, "rule": true}]),
        "what takes it back"
    );
    let (_, again) = file(&desk, "one", &order).await;
    assert_eq!(again["seq"], first["seq"], "asked twice, done once");
    file(&desk, "two", &json!({"ids": [b], "talk": null, "event": true})).await;
    file(&desk, "three", &json!({"ids": [c], "talk": null})).await;
    waiting(&desk, 0).await;
    let page = desk.send(owner(Request::get("/admin/rustfest/file")), "").await.text();
    assert!(page.contains("Nothing to sort.") && page.contains("1 post is filed by talk."), "{page}");
    let post = desk.get(&format!("/{SLUG}/posts/{a}")).await.text();
    assert!(post.contains("Forms that forgive") && post.contains("Filed by hand (owner)."), "{post}");

    let (status, undone) = file(&desk, "four", &first["before"][0]).await;
    assert_eq!((status, &undone["moved"]), (StatusCode::OK, &json!(1)), "{undone}");
    assert_eq!(undone["before"][0]["talk"], json!(forms));
    assert_eq!(waiting(&desk, 1).await, [a]);
    let since = undone["seq"].as_u64().expect("a seq");
    assert_eq!(
        unsorted(&desk, &format!("?after={}", since - 1)).await["items"].as_array().map(Vec::len),
        Some(1)
    );
    assert_eq!(
        unsorted(&desk, &format!("?after={since}")).await["items"],
        json!([]),
        "only what changed since"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_names_its_steward_and_is_told_what_is_wrong() {
    let desk = desk().await;
    let id = say(&desk, "Mm.").await;
    waiting(&desk, 1).await;
    let forms = talk(&desk, "Forms that forgive").await;
    for (body, status) in [
        (json!({"ids": [id], "talk": "t99"}), StatusCode::NOT_FOUND),
        (json!({"ids": [], "talk": forms}), StatusCode::BAD_REQUEST),
        (json!({"ids": [id], "talk": forms, "event": true}), StatusCode::BAD_REQUEST),
        (json!({"ids": ["nonsense"], "talk": forms}), StatusCode::BAD_REQUEST),
        (json!({"ids": ["000000000000"], "talk": forms}), StatusCode::NOT_FOUND),
        (json!("file it"), StatusCode::BAD_REQUEST),
    ] {
        let (told, answer) =
            file(&desk, &format!("{body}").replace(|c: char| !c.is_ascii_alphanumeric(), ""), &body).await;
        assert_eq!(told, status, "{body}: {answer}");
        assert!(answer["detail"].as_str().is_some_and(|words| words.ends_with('.')), "{answer}");
    }
    let request = Request::post(FILE)
        .header("authorization", format!("Bearer {INTAKE_TOKEN}"))
        .header("x-actor", "steward:ada");
    let answer = desk.send(request, json!({"ids": [id], "talk": forms}).to_string()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let post = desk.get(&format!("/{SLUG}/posts/{id}")).await.text();
    assert!(
        post.contains("Filed by hand (steward).") && !post.contains("ada"),
        "the role is told, the name is not"
    );
}
