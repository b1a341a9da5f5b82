//! The dashboard of a site on stores of its own: what it says while nobody else runs, what it says of records that others wrote, and that
//! nothing of a stranger's line is markup.

use super::stand::{INTAKE_TOKEN, SLUG, Stand};
use axum::body::Body;
use http::{Request, StatusCode};
use live::Store as _;
use serde_json::{Value, json};

async fn get(stand: &Stand, path: &str) -> (StatusCode, String) {
    let request = Request::get(path).header("authorization", format!("Bearer {INTAKE_TOKEN}"));
    let answer = stand.ask(request.body(Body::empty()).expect("a request")).await;
    (answer.status, answer.text())
}

/// What a nozzle would write of the stand's event.
fn nozzle(missing: u64, sample: &str) -> Value {
    let source = json!({
        "name": "fosstodon", "kind": "mastodon", "how": "streaming", "state": "misconfigured", "since": 1, "until": null,
        "why": "the server knows no such hashtag", "cure": "change the source in event.toml and apply it", "warning": null, "heard": null,
        "last_item": null, "received": 9, "new": 5, "duplicate": 0, "held": 0, "rejected": {"json": 2}, "ends": 0,
        "samples": [{"reason": "json", "line": sample}],
    });
    let figures = json!({
        "top": 4, "posts": 5, "archived": 5, "people": 3, "viewers": 2, "peak": {"viewers": 7, "at": 1}, "busiest": [60_000_000, 4],
        "minutes": [0, 3, 2], "gaps": {"open": 0, "unfillable": 0, "filled": 1, "known_lost": 0, "newest": []},
        "sources": [{"name": "fosstodon", "posts": 5, "received": 9, "new": 5, "duplicate": 0, "held": 0, "changed": 2, "rejected": 2, "missing": missing}],
    });
    json!({
        "events": [{"slug": SLUG, "top": 4, "owner": true, "tail_behind": 0, "sources": [source], "watched": [], "figures": figures,
            "file_bytes": 40_960}],
        "disk": {"state": "low", "free_bytes": 1 << 29, "total_bytes": 1_u64 << 34},
    })
}

async fn tell(stand: &Stand, role: &str, details: Value) {
    let now = chassis::clock::Clock::real().now();
    let mut record = json!({
        "role": role, "instance": format!("host-{role}"), "pid": 7, "version": "1", "started": now - 7_300_000_000_i64, "at": now,
        "ready": true, "memory": 43_000_000, "cpu_seconds": 1.5,
    });
    record.as_object_mut().expect("an object").extend(details.as_object().cloned().unwrap_or_default());
    stand
        .store()
        .put_status(&format!("status:{role}:host-{role}"), &record.to_string())
        .await
        .expect("in memory");
}

async fn everybody(stand: &Stand, missing: u64, sample: &str) {
    tell(stand, "nozzle", nozzle(missing, sample)).await;
    let delay = json!({"30": 50, "40": 50});
    let halley = json!({"events": {SLUG: {"head": {"top": 4}, "viewers": {"ws": 3, "sse": 1, "poll": 2},
        "source_to_screen": delay, "commit_to_screen": {"5": 100}}}});
    tell(stand, "halley", halley).await;
    tell(stand, "strainer", json!({"events": {SLUG: {"seq": 4, "waiting_seconds": 0.0, "trouble": null}}}))
        .await;
}

#[tokio::test]
async fn while_nobody_tells_anything_nothing_is_called_lost_or_safe() {
    let stand = Stand::new().await;
    let (status, page) = get(&stand, "/admin/ops").await;
    assert_eq!(status, StatusCode::OK);
    assert!(
        page.contains("not known now") && page.contains("No nozzle tells what it has taken in."),
        "{page}"
    );
    assert!(page.contains("perihelion supervise"), "it says how to get buttons");
    assert!(!page.contains("<button class=\"btn\" name=\"act\""), "and shows none");
    let anybody = stand.get("/admin/ops/state.json").await;
    assert_eq!(anybody.status, StatusCode::UNAUTHORIZED, "{}", anybody.text());
}

#[tokio::test]
async fn it_says_what_the_daemons_say_and_the_script_is_told_the_same() {
    let stand = Stand::new().await;
    everybody(&stand, 0, "{\"a\": <script>alert(1)</script>").await;
    let (_, page) = get(&stand, "/admin/ops").await;
    for part in [
        "9 messages taken in, all accounted for; 4 entries committed, all archived.",
        "3 WebSocket, 1 event stream, 2 long poll; 7 at most so far",
        "Misconfigured",
        "The server knows no such hashtag. Change the source in event.toml and apply it.",
        "2 (json)",
        "Nearly full",
        "512 MiB free of 16 GiB",
        "2 h 1 min",
        "41 MiB",
        "/api/v1/events/rustfest/integrity",
        "&#60;script&#62;alert(1)",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(!page.contains("<script>alert"), "a stranger's line is text");
    let (status, told) = get(&stand, "/admin/ops/state.json").await;
    let told: Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!((status, told["cells"]["lost.figure"][0].as_str()), (StatusCode::OK, Some("0")));
    assert_eq!(told["cells"]["lost.figure"][1], "plain");
    assert!(page.contains(&format!("data-shape=\"{}\"", told["shape"].as_str().expect("a shape"))));
    for (key, _) in told["cells"].as_object().expect("cells") {
        assert!(page.contains(&format!("data-k=\"{key}\"")), "{key} has no place on the page");
    }
    assert_eq!(page.matches("data-k=").count(), told["cells"].as_object().expect("cells").len());
}

#[tokio::test]
async fn what_is_missing_is_told_as_lost_and_a_process_that_falls_silent_as_gone() {
    let stand = Stand::new().await;
    everybody(&stand, 2, "x").await;
    let (_, told) = get(&stand, "/admin/ops/state.json").await;
    let told: Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!(told["cells"]["lost.figure"], json!(["2", "bad", null]));
    let began = std::time::Instant::now();
    loop {
        let (_, told) = get(&stand, "/admin/ops/state.json").await;
        let told: Value = serde_json::from_str(&told).expect("JSON");
        if told["cells"]["r.halley.host-halley.state"][1] == "bad" {
            break;
        }
        // With the two seconds of a browser this stays within five.
        assert!(began.elapsed().as_secs_f64() < 4.0, "{told}");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    everybody(&stand, 0, "x").await;
    let (_, told) = get(&stand, "/admin/ops/state.json").await;
    let told: Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!(
        told["cells"]["r.halley.host-halley.state"],
        json!(["Running", "ok", null]),
        "it has come back"
    );
}

#[tokio::test]
async fn buttons_without_a_supervisor_are_refused_with_the_cure_and_odd_ones_at_all() {
    let stand = Stand::new().await;
    let press = |body: &'static str| {
        Request::post("/admin/ops")
            .header("authorization", format!("Bearer {INTAKE_TOKEN}"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(body))
            .expect("a request")
    };
    let answer = stand.ask(press("process=halley&act=restart")).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.text().contains("No supervisor runs here"));
    assert_eq!(stand.ask(press("process=halley&act=explode")).await.status, StatusCode::BAD_REQUEST);
    let (_, page) = get(&stand, "/admin/ops?did=restart&process=%3Cb%3E").await;
    assert!(!page.contains("Asked the supervisor"), "an address says nothing that was not asked");
    let (status, page) = get(&stand, "/admin/ops/log/halley").await;
    assert!(status == StatusCode::NOT_FOUND && page.contains("No supervisor runs here"), "{page}");
}

#[tokio::test]
async fn the_public_page_tells_an_event_in_figures_once_there_are_any() {
    let stand = Stand::new().await;
    let about = format!("/{SLUG}/about");
    let eid = model::EventId::from_random(42);
    let figures = nozzle(0, "x")["events"][0]["figures"].to_string();
    stand.store().put_figures(eid, &figures).await.expect("in memory");
    let page = stand.get(&about).await.text();
    for part in [
        "In figures",
        "<dd>5</dd>",
        "<dd>3</dd>",
        "<dd>2</dd>",
        "7 on 1 January, 01:00",
        "4 posts on 1 January, 01:01",
        "fosstodon",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
}
