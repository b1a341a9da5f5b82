//! The stage: what stewards press, by form and by API, and what everybody sees of it.

mod browser;

use super::{
    stand::{Answer, INTAKE_TOKEN, OWNER_KEY, SLUG, Stand, form_token},
    writing::Desk,
};
use http::{Request, StatusCode};
use jiff::{SignedDuration, Timestamp};
use nozzle::intake::Ask;
use serde_json::{Value, json};

/// Title, room, start and end in minutes from now.
type Slot = (&'static str, &'static str, i64, i64);

const SLOTS: [Slot; 5] = [
    ("Forms that forgive", "Main hall", -10, 30),
    ("Who else reads your cache?", "Main hall", 30, 70),
    ("Sourdough as a replicated log", "Main hall", 70, 110),
    ("Whispering to thermal printers", "Side", -10, 30),
    ("Maps without a north", "Side", 30, 70),
];

fn schedule(slots: &[Slot]) -> Ask {
    let now = Timestamp::now();
    let mut rooms = json!({});
    for (title, room, from, to) in slots {
        let talk = json!({
            "guid": title, "title": title, "date": (now + SignedDuration::from_mins(*from)).to_string(), "room": room,
            "duration": format!("{:02}:{:02}", (to - from) / 60, (to - from) % 60), "persons": [{"public_name": "Sunniva Darr"}],
        });
        let here = &mut rooms[*room];
        if here.is_null() {
            *here = json!([]);
        }
        here.as_array_mut().expect("a list").push(talk);
    }
    let day = json!({"index": 1, "date": now.strftime("%F").to_string(), "rooms": rooms});
    let file = json!({"schedule": {"version": "2", "conference": {"title": "x", "days": [day]}}});
    Ask::Schedule(file.to_string().into_bytes())
}

/// An event with two rooms in which two talks are on.
async fn desk() -> Desk {
    let desk = Desk::new("open", "").await;
    desk.ask(schedule(&SLOTS)).await;
    while !desk.get(&format!("/{SLUG}")).await.text().contains("Whispering to thermal printers") {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    desk
}

/// The talk's id.
async fn id(desk: &Desk, title: &str) -> String {
    let told = stage(desk).await;
    let spans = told["rooms"]
        .as_array()
        .expect("rooms")
        .iter()
        .flat_map(|room| room["spans"].as_array().expect("spans"));
    let found = spans.into_iter().find(|span| span["title"] == title).expect("it is on some time");
    found["talk"].as_str().expect("an id").to_owned()
}

async fn stage(desk: &Desk) -> Value {
    let request =
        Request::get(format!("/api/v1/events/{SLUG}/stage")).header("cookie", format!("owner={OWNER_KEY}"));
    serde_json::from_slice(&desk.send(request, "").await.body).expect("JSON")
}

fn room<'a>(told: &'a Value, slug: &str) -> &'a Value {
    told["rooms"].as_array().expect("rooms").iter().find(|room| room["slug"] == slug).expect("the room")
}

async fn press(desk: &Desk, key: &str, body: &Value) -> (StatusCode, Value) {
    let request = Request::post(format!("/api/v1/events/{SLUG}/stage"))
        .header("authorization", format!("Bearer {INTAKE_TOKEN}"))
        .header("idempotency-key", key);
    let answer = desk.send(request, body.to_string()).await;
    (answer.status, serde_json::from_slice(&answer.body).expect("JSON"))
}

/// A button of the page, as a browser without a script sends it.
async fn form(desk: &Desk, origin: &str, fields: &[(&str, &str)]) -> Answer {
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .append_pair("form_token", &form_token())
        .finish();
    let request = Request::post(format!("/admin/{SLUG}/stage"))
        .header("content-type", "application/x-www-form-urlencoded")
        .header("origin", origin)
        .header("cookie", format!("owner={OWNER_KEY}"));
    desk.send(request, body).await
}

const OURS: &str = "http://127.0.0.1:8080";

async fn page(desk: &Desk, query: &str) -> String {
    let request =
        Request::get(format!("/admin/{SLUG}/stage{query}")).header("cookie", format!("owner={OWNER_KEY}"));
    desk.send(request, "").await.text()
}

fn minutes_ago(minutes: i64) -> i64 {
    (Timestamp::now() - SignedDuration::from_mins(minutes)).as_microsecond()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_changes_what_everybody_sees_and_pressing_it_twice_changes_nothing() {
    let desk = desk().await;
    let next = id(&desk, "Who else reads your cache?").await;
    let told = stage(&desk).await;
    assert_eq!(room(&told, "main-hall")["on"]["title"], "Forms that forgive");
    assert_eq!(room(&told, "main-hall")["on"]["by"], "clock");
    let since = minutes_ago(4);
    let body = json!({"room": "main-hall", "talk": next, "since": since});
    let (status, first) = press(&desk, "k1", &body).await;
    assert_eq!((status, &first["changed"]), (StatusCode::CREATED, &json!(true)), "{first}");
    for key in ["k1", "k2"] {
        let (status, again) = press(&desk, key, &body).await;
        assert_eq!(
            (status, &again["seq"], &again["changed"]),
            (StatusCode::OK, &first["seq"], &json!(false))
        );
    }
    let other = json!({"room": "main-hall", "talk": null, "since": since});
    let (status, refused) = press(&desk, "k1", &other).await;
    assert_eq!((status, &refused["error"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("key_reused")));
    let told = stage(&desk).await;
    let main = room(&told, "main-hall");
    assert_eq!(
        (&main["on"]["talk"], &main["on"]["from"], &main["on"]["by"]),
        (&json!(next), &json!(since), &json!("steward"))
    );
    assert_eq!(main["presses"], json!([{"talk": next, "since": since}]));
    let answer = desk.get(&format!("/api/v1/events/{SLUG}/now")).await;
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    let public: Value = serde_json::from_slice(&answer.body).expect("JSON");
    assert_eq!(room(&public, "main-hall")["on"]["talk"], json!(next));
    assert!(room(&public, "main-hall").get("presses").is_none(), "what was pressed is the stewards'");
    let (status, back) = press(&desk, "k3", &json!({"room": "main-hall", "undo": true})).await;
    assert_eq!(status, StatusCode::CREATED, "{back}");
    assert_eq!(room(&stage(&desk).await, "main-hall")["on"]["title"], "Forms that forgive");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_that_runs_late_says_so_on_the_live_page() {
    let desk = desk().await;
    let first = id(&desk, "Forms that forgive").await;
    // Planned ten minutes ago, and begun only now.
    press(&desk, "k", &json!({"room": "main-hall", "talk": first})).await;
    let live = desk.get(&format!("/{SLUG}")).await.text();
    assert!(live.contains("<p class=\"delay\">Running 10 min late</p>"), "{live}");
    let told = stage(&desk).await;
    let main = room(&told, "main-hall");
    assert_eq!(
        (&main["late"]["minutes"], &main["next"]["late_start"]["text"]),
        (&json!(10), &json!("10 min late"))
    );
    let mut dry = Request::post(format!("/api/v1/events/{SLUG}/stage?dry_run=1"));
    dry = dry.header("authorization", format!("Bearer {INTAKE_TOKEN}"));
    let answer = desk.send(dry, json!({"room": "main-hall", "talk": null}).to_string()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!(room(&stage(&desk).await, "main-hall")["on"]["talk"], json!(first), "it was only asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_pressed_is_refused_in_a_sentence() {
    let desk = desk().await;
    let path = format!("/api/v1/events/{SLUG}/stage");
    let known = json!({"room": "main-hall", "talk": null}).to_string();
    let stranger = desk.send(Request::post(&path), known.clone()).await;
    assert_eq!(stranger.status, StatusCode::UNAUTHORIZED);
    assert_eq!(desk.get(&path).await.status, StatusCode::UNAUTHORIZED);
    let forged = Request::post(&path)
        .header("cookie", format!("owner={OWNER_KEY}"))
        .header("origin", "https://evil.example");
    assert_eq!(desk.send(forged, known.clone()).await.status, StatusCode::FORBIDDEN);
    let forged = form(&desk, "https://evil.example", &[("room", "main-hall"), ("press", "break")]).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    for (body, status, words) in [
        (json!({"room": "attic", "talk": null}), StatusCode::NOT_FOUND, "There is no room"),
        (json!({"room": "main-hall", "talk": "t99"}), StatusCode::NOT_FOUND, "There is no talk t99."),
        (
            json!({"room": "main-hall", "talk": null, "since": minutes_ago(-5)}),
            StatusCode::BAD_REQUEST,
            "in the future",
        ),
        (
            json!({"room": "main-hall", "talk": null, "since": minutes_ago(3000)}),
            StatusCode::BAD_REQUEST,
            "more than a day before",
        ),
        (
            json!({"room": "main-hall", "talk": null, "since": "noon"}),
            StatusCode::BAD_REQUEST,
            "a time such as",
        ),
        (json!({"room": "main-hall", "tallk": "t1"}), StatusCode::BAD_REQUEST, "unknown field"),
        (json!({"room": "main-hall", "undo": true}), StatusCode::NOT_FOUND, "there is nothing to undo"),
    ] {
        let (answered, told) =
            press(&desk, &body.to_string().replace(|c: char| !c.is_ascii_alphanumeric(), ""), &body).await;
        assert_eq!(answered, status, "{told}");
        assert!(told["detail"].as_str().is_some_and(|message| message.contains(words)), "{words}: {told}");
    }
    assert_eq!(stage(&desk).await["rooms"][0]["presses"], json!([]), "nothing was changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_works_by_its_form_alone() {
    let desk = desk().await;
    let next = id(&desk, "Maps without a north").await;
    let drawn = page(&desk, "?room=side").await;
    assert!(drawn.contains("name=\"room\" value=\"side\""), "{drawn}");
    assert!(drawn.contains(&format!("value=\"{next}\"")) && drawn.contains("By the schedule"));
    let answer =
        form(&desk, OURS, &[("key", "one"), ("room", "side"), ("since", "5"), ("press", &next)]).await;
    let back = format!("/admin/{SLUG}/stage?room=side&done=pressed");
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, back.as_str()));
    let drawn = page(&desk, "?room=side&done=pressed").await;
    assert!(drawn.contains("Done. Everybody sees it.") && drawn.contains("Said by a steward"), "{drawn}");
    let undo = drawn.split("value=\"undo ").nth(1).and_then(|rest| rest.split('"').next()).expect("a button");
    let answer =
        form(&desk, OURS, &[("key", "two"), ("room", "side"), ("press", &format!("undo {undo}"))]).await;
    assert!(answer.header("location").ends_with("done=undone"), "{}", answer.text());
    assert!(!page(&desk, "?room=side").await.contains("Said by a steward"));
    // As planned: since its start in the schedule, not since now.
    let first = id(&desk, "Forms that forgive").await;
    form(&desk, OURS, &[("key", "three"), ("room", "main-hall"), ("since", "schedule"), ("press", &first)])
        .await;
    let told = stage(&desk).await;
    assert_eq!(
        (&room(&told, "main-hall")["on"]["by"], &room(&told, "main-hall")["late"]),
        (&json!("steward"), &Value::Null)
    );
    let answer = form(&desk, OURS, &[("key", "four"), ("room", "attic"), ("press", "break")]).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert!(answer.text().contains("There is no room"), "{}", answer.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn posts_about_a_talk_that_is_over_make_the_page_ask_whether_it_is() {
    let desk = desk().await;
    let first = id(&desk, "Forms that forgive").await;
    // It was on for its forty minutes until ten minutes ago.
    press(&desk, "k", &json!({"room": "main-hall", "talk": first, "since": minutes_ago(50)})).await;
    assert!(!page(&desk, "?room=main-hall").await.contains("Is it still on?"));
    for n in 0..3 {
        let say = nozzle::intake::Say {
            text: format!("Still learning, {n}"),
            name: "Ana".into(),
            reply_to: None,
            talk: Some(model::TalkId(first.clone())),
            room: None,
        };
        desk.ask(Ask::Say(say)).await;
    }
    let words = "3 posts about “Forms that forgive” in the last 5 minutes. Is it still on?";
    for _ in 0..500 {
        if page(&desk, "?room=main-hall").await.contains(words) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let drawn = page(&desk, "?room=main-hall").await;
    assert!(drawn.contains(words) && drawn.contains("should have ended at"), "{drawn}");
    form(&desk, OURS, &[("key", "yes"), ("room", "main-hall"), ("press", &format!("still {first}"))]).await;
    let told = stage(&desk).await;
    assert_eq!(
        (&room(&told, "main-hall")["still_on"], &room(&told, "main-hall")["on"]["talk"]),
        (&Value::Null, &json!(first))
    );
}

#[tokio::test]
async fn whoever_is_not_signed_in_is_asked_for_the_key_and_led_back() {
    let stand = Stand::new().await;
    let wanted = format!("/admin/{SLUG}/stage?room=side");
    let locked = stand.get(&wanted).await;
    assert_eq!(locked.status, StatusCode::UNAUTHORIZED);
    assert!(locked.text().contains(&format!("name=\"next\" value=\"{wanted}\"")), "{}", locked.text());
    let unlock = async |key: &str, next: &str, origin: &str| {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("key", key)
            .append_pair("next", next)
            .finish();
        let request = Request::post("/login").header("origin", origin).body(axum::body::Body::from(body));
        stand.ask(request.expect("a request")).await
    };
    let link = format!("{OURS}/login?token={OWNER_KEY}");
    let open = unlock(&link, &wanted, OURS).await;
    assert_eq!((open.status, open.header("location")), (StatusCode::SEE_OTHER, wanted.as_str()));
    assert!(open.header("set-cookie").starts_with("owner="));
    assert_eq!(unlock(OWNER_KEY, "https://evil.example/", OURS).await.header("location"), "/login");
    assert_eq!(unlock("guess", &wanted, OURS).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(unlock(OWNER_KEY, &wanted, "https://evil.example").await.status, StatusCode::FORBIDDEN);
}
