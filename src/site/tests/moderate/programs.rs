//! The queue for programs: what it tells, what it takes, and what it refuses.

use super::{super::stand::INTAKE_TOKEN, *};
use serde_json::json;

async fn decide(desk: &Desk, key: &str, body: &Value) -> (StatusCode, Value) {
    let request = Request::post(API)
        .header("authorization", format!("Bearer {INTAKE_TOKEN}"))
        .header("content-type", "application/json")
        .header("idempotency-key", key);
    let answer = desk.send(request, body.to_string()).await;
    (answer.status, serde_json::from_slice(&answer.body).expect("JSON"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_reads_the_queue_decides_and_takes_it_back() {
    let desk = desk("open").await;
    let (a, b) = (say(&desk, "x", "casino one").await, say(&desk, "y", "casino two").await);
    let told = bench(&desk, "").await;
    assert_eq!(ids(&told), [a.clone(), b.clone()], "the oldest first");
    assert_eq!(
        (&told["held"], &told["rules"][0]["name"], &told["rules"][0]["times"]),
        (&json!(2), &json!("casinos"), &json!(2))
    );
    let case = &told["cases"][0];
    assert_eq!((&case["reasons"]["rules"], &case["by"]), (&json!(["casinos"]), &json!("onsite:person:x")));
    assert_eq!((&case["history"], &case["standing"]), (&json!([0, 1, 0]), &json!("none")));
    assert!(
        case.get("uid").is_none() && !told.to_string().contains("onsite:test"),
        "no uid goes out: {told}"
    );

    let order = json!({"ids": [a, b], "decision": "show"});
    let (status, first) = decide(&desk, "one", &order).await;
    assert_eq!((status, &first["changed"]), (StatusCode::CREATED, &json!(true)), "{first}");
    assert_eq!(first["back"], json!([{"ids": [a, b], "decision": "hold"}]), "what takes it back");
    let (status, again) = decide(&desk, "one", &order).await;
    assert_eq!((status, &again["seq"]), (StatusCode::OK, &first["seq"]), "asked twice, done once");
    assert_eq!(desk.shown().await, 2);
    let (_, undone) = decide(&desk, "two", &first["back"][0]).await;
    assert_eq!((&undone["changed"], desk.shown().await), (&json!(true), 0));

    let (status, blocked) =
        decide(&desk, "three", &json!({"author": "onsite:person:x", "standing": "blocked"})).await;
    assert_eq!(status, StatusCode::CREATED, "{blocked}");
    assert_eq!(blocked["back"], json!([{"author": "onsite:person:x", "standing": "none"}]));
    let told = bench(&desk, "").await;
    assert_eq!(
        (&told["authors"][0]["author"], &told["authors"][0]["standing"]),
        (&json!("onsite:person:x"), &json!("blocked"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_is_told_what_is_wrong() {
    let desk = desk("open").await;
    let id = say(&desk, "x", "casino").await;
    for (n, (body, status)) in [
        (json!({"ids": [], "decision": "show"}), StatusCode::BAD_REQUEST),
        (json!({"ids": [id]}), StatusCode::BAD_REQUEST),
        (json!({"ids": [id], "decision": "burn"}), StatusCode::BAD_REQUEST),
        (json!({"ids": ["nonsense"], "decision": "show"}), StatusCode::BAD_REQUEST),
        (json!({"ids": ["000000000000"], "decision": "show"}), StatusCode::NOT_FOUND),
        (
            json!({"ids": [id], "decision": "show", "author": "x:1", "standing": "none"}),
            StatusCode::BAD_REQUEST,
        ),
        (json!({"author": "nobody", "standing": "blocked"}), StatusCode::BAD_REQUEST),
        (json!({"author": "x:1", "standing": "opted_out"}), StatusCode::BAD_REQUEST),
        (json!("show it"), StatusCode::BAD_REQUEST),
    ]
    .into_iter()
    .enumerate()
    {
        let (told, answer) = decide(&desk, &format!("bad {n}"), &body).await;
        assert_eq!(told, status, "{body}: {answer}");
        assert!(answer["detail"].as_str().is_some_and(|words| words.ends_with('.')), "{answer}");
    }
    assert_eq!(ids(&bench(&desk, "").await), [id], "nothing was done");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_queue_is_read_to_its_end_without_a_skip_or_a_repeat() {
    let desk = desk("open").await;
    let mut all = Vec::new();
    for n in 0..120 {
        all.push(say(&desk, &format!("g{n}"), &format!("casino {n}")).await);
    }
    let first = bench(&desk, "").await;
    let second = bench(&desk, &format!("?after={}", first["next"])).await;
    assert_eq!(second["next"], Value::Null);
    let read: Vec<String> = ids(&first).into_iter().chain(ids(&second)).collect();
    assert_eq!(read, all);
}
