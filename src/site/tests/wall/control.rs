//! What operators press, by form and by API, and what screens tell of themselves.

use super::super::{
    stand::{Answer, INTAKE_TOKEN, OWNER_KEY, SLUG, form_token},
    writing::Desk,
};
use http::{Request, StatusCode};
use serde_json::{Value, json};

const OURS: &str = "http://127.0.0.1:8080";

async fn press(desk: &Desk, key: &str, body: &Value) -> (StatusCode, Value) {
    let request = Request::post(format!("/api/v1/events/{SLUG}/wall"))
        .header("authorization", format!("Bearer {INTAKE_TOKEN}"))
        .header("idempotency-key", key);
    let answer = desk.send(request, body.to_string()).await;
    (answer.status, serde_json::from_slice(&answer.body).expect("JSON"))
}

async fn told(desk: &Desk) -> Value {
    let request =
        Request::get(format!("/api/v1/events/{SLUG}/wall")).header("cookie", format!("owner={OWNER_KEY}"));
    serde_json::from_slice(&desk.send(request, "").await.body).expect("JSON")
}

async fn page(desk: &Desk) -> String {
    let request = Request::get(format!("/admin/{SLUG}/wall")).header("cookie", format!("owner={OWNER_KEY}"));
    desk.send(request, "").await.text()
}

async fn form(desk: &Desk, origin: &str, fields: &[(&str, &str)]) -> Answer {
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .append_pair("form_token", &form_token())
        .finish();
    let request = Request::post(format!("/admin/{SLUG}/wall"))
        .header("content-type", "application/x-www-form-urlencoded")
        .header("origin", origin)
        .header("cookie", format!("owner={OWNER_KEY}"));
    desk.send(request, body).await
}

async fn seen(desk: &Desk, origin: &str, body: &Value) -> (StatusCode, Value) {
    let request = Request::post(format!("/{SLUG}/wall/seen")).header("origin", origin);
    let answer = desk.send(request, body.to_string()).await;
    (answer.status, serde_json::from_slice(&answer.body).expect("JSON"))
}

fn word(screen: &str, room: Option<&str>, seq: u64, shows: &str) -> Value {
    json!({"screen": format!("screen-{screen}"), "room": room, "seq": seq, "shows": shows, "posts": []})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_by_program_or_by_form_is_said_once_and_each_wall_acknowledges_it() {
    let desk = Desk::new("open", "").await;
    for (n, room) in [("1", Some("main-hall")), ("2", Some("side")), ("3", None)] {
        let (status, answer) = seen(&desk, OURS, &word(n, room, 0, "posts")).await;
        assert_eq!((status, &answer["seq"]), (StatusCode::OK, &json!(0)));
    }
    assert_eq!(told(&desk).await["summary"], "3 of 3 walls follow.");
    let (status, first) = press(&desk, "k1", &json!({"blank": true})).await;
    assert_eq!((status, &first["changed"]), (StatusCode::CREATED, &json!(true)), "{first}");
    let (status, again) = press(&desk, "k1", &json!({"blank": true})).await;
    assert_eq!((status, &again["seq"]), (StatusCode::OK, &first["seq"]));
    let (status, same) = press(&desk, "k2", &json!({"blank": true})).await;
    assert_eq!((status, &same["changed"]), (StatusCode::OK, &json!(false)));
    let seq = first["seq"].as_u64().expect("a seq");
    let summary = told(&desk).await["summary"].as_str().expect("words").to_owned();
    assert_eq!(summary, "0 of 3 walls are blank. Not yet: Whole event, Main hall, Side.");
    for (n, room) in [("1", Some("main-hall")), ("2", Some("side"))] {
        let (_, answer) = seen(&desk, OURS, &word(n, room, seq, "blank")).await;
        assert_eq!((&answer["seq"], &answer["wall"]["blank"]["all"]), (&json!(seq), &json!(true)));
    }
    // One that says that it has painted the order and shows posts all the same is not believed to be blank.
    seen(&desk, OURS, &word("3", None, seq, "posts")).await;
    let two = told(&desk).await;
    let summary = two["summary"].as_str().expect("words");
    assert!(
        summary.starts_with("2 of 3 walls are blank after 0.") && summary.ends_with("Not yet: Whole event."),
        "{two}"
    );
    let drawn = page(&desk).await;
    assert!(drawn.contains("All walls are blank") && drawn.contains("value=\"show\""), "{drawn}");
    // Another room is blanked by itself; all are shown again; that one stays blank.
    assert_eq!(
        form(&desk, OURS, &[("key", "a"), ("press", "blank side")]).await.status,
        StatusCode::SEE_OTHER
    );
    let answer = form(&desk, OURS, &[("key", "a"), ("press", "show")]).await;
    assert_eq!(answer.header("location"), format!("/admin/{SLUG}/wall?done=shown"));
    let wall = told(&desk).await["wall"].clone();
    assert_eq!(wall["blank"], json!({"all": false, "rooms": ["side"]}));
    let summary = told(&desk).await["summary"].as_str().expect("words").to_owned();
    assert_eq!(summary, "0 of 1 wall is blank. Not yet: Side.");
    assert!(page(&desk).await.contains("value=\"show side\""));
    let set = [("key", "b"), ("press", "set"), ("delay", "20"), ("during", "questions")];
    assert_eq!(form(&desk, OURS, &set).await.status, StatusCode::SEE_OTHER);
    let wall = told(&desk).await["wall"].clone();
    assert_eq!((&wall["delay_s"], &wall["during_talks"]), (&json!(20), &json!("questions")));
    assert!(page(&desk).await.contains("<option value=\"20\" selected>20 seconds</option>"));
    // A file that is applied again leaves all of this as it is.
    desk.apply("open", "[[room]]\nname = \"Third\"\n").await;
    assert_eq!(told(&desk).await["wall"], wall);
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_press_nothing_and_what_no_wall_says_is_refused() {
    let desk = Desk::new("open", "").await;
    let top = told(&desk).await["seq"].clone();
    assert_eq!(
        form(&desk, "https://evil.example", &[("press", "blank")]).await.status,
        StatusCode::FORBIDDEN
    );
    let request = Request::post(format!("/api/v1/events/{SLUG}/wall"));
    assert_eq!(desk.send(request, r#"{"blank":true}"#).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(desk.get(&format!("/admin/{SLUG}/wall")).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(form(&desk, OURS, &[("press", "burn")]).await.status, StatusCode::BAD_REQUEST);
    for (body, want) in [
        (json!({}), StatusCode::BAD_REQUEST),
        (json!({"blank": "yes"}), StatusCode::BAD_REQUEST),
        (json!({"delay_s": 121}), StatusCode::BAD_REQUEST),
        (json!({"room": "attic", "blank": true}), StatusCode::NOT_FOUND),
    ] {
        let (status, answer) = press(&desk, "x", &body).await;
        assert_eq!(status, want, "{answer}");
        assert!(
            answer["detail"].as_str().is_some_and(|why| why.ends_with("The walls are as they were.")),
            "{answer}"
        );
    }
    assert_eq!(told(&desk).await["seq"], top);
    let good = word("1", Some("side"), 3, "schedule");
    assert_eq!(seen(&desk, "https://evil.example", &good).await.0, StatusCode::FORBIDDEN);
    for (field, value) in [
        ("screen", json!("x")),
        ("screen", json!("<script>alert(1)")),
        ("shows", json!("nonsense")),
        ("posts", json!(["k3f9q2m7xw4d", "k3f9q2m7xw4e", "k3f9q2m7xw4f", "k3f9q2m7xw4g"])),
        ("more", json!(1)),
        ("screen", json!("x".repeat(2000))),
    ] {
        let mut bad = good.clone();
        bad[field] = value;
        assert_eq!(seen(&desk, OURS, &bad).await.0, StatusCode::BAD_REQUEST, "{field}");
    }
    assert_eq!(seen(&desk, OURS, &word("1", Some("attic"), 3, "posts")).await.0, StatusCode::NOT_FOUND);
    assert_eq!(told(&desk).await["screens"], json!([]));
    assert_eq!(seen(&desk, OURS, &good).await.0, StatusCode::OK);
    let screens = told(&desk).await["screens"].clone();
    assert_eq!((&screens[0]["room"], &screens[0]["is_here"]), (&json!("side"), &json!(true)));
}
