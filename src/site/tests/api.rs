//! The API against its document: every answer of a running site is one that the document tells of, in the shape it tells; what fails
//! has one shape; and a fuzzer from outside that has read nothing but the document finds no answer that it does not tell of.

use super::{
    browser::{aftermath, showcase},
    entries::{item, post},
    pages::hostile_posts,
    stand::{Answer, INTAKE_TOKEN, Stand},
    writing::Desk,
};
use axum::body::Body;
use http::{Method, Request, StatusCode};
use model::{Body as Words, Entry, Gap, Kind, Micros, Seq, Tally, TallyCounts};
use serde_json::{Value, json};
use std::{
    fs,
    sync::{Arc, atomic::AtomicU32},
};
use testkit::judges;

const BASE: &str = "/api/v1/events/rustfest";

/// All checks but two. Whether a talk that is looked for is there, how long before the first talk somebody may press, and which rooms
/// have a wall hangs on the event and not on the document. And the fuzzer asks for a method that an address does not take with the body
/// of the one that it takes, which is refused before any route is looked at; a test above asks without.
const SCHEMATHESIS: &str = r#"
[checks]
unsupported_method.enabled = false

[[operations]]
include-operation-id = ["search", "press", "setWall"]
checks.positive_data_acceptance.enabled = false
"#;

fn json_of(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or_else(|error| panic!("{error}: {}", answer.text()))
}

/// One of everything, what strangers write, a gap and some minutes, in log and archive.
async fn stand() -> Stand {
    let stand = Stand::new().await;
    let mut entries = showcase(5);
    let next = |all: &Vec<Entry>| 5 + all.len() as Seq;
    entries.extend(aftermath(next(&entries), 5));
    entries.extend(hostile_posts(next(&entries)));
    let minute = |n: i64| Tally {
        source: "fosstodon".into(),
        minute: super::entries::NOON.plus(n * Micros::MINUTE),
        counts: TallyCounts {
            received: 7,
            new: 5,
            rejected: [("json".into(), 2)].into(),
            ..TallyCounts::default()
        },
    };
    let gap = Gap {
        id: "g2".into(),
        source: "fosstodon".into(),
        from: super::entries::NOON,
        to: None,
        reason: "The stream broke off.".into(),
        count: Some(3),
        closed: false,
    };
    let kinds = [Kind::Tally { tally: minute(0) }, Kind::Tally { tally: minute(3) }, Kind::Gap { gap }];
    for kind in kinds {
        entries.push(Entry { seq: next(&entries), at: super::entries::NOON, kind });
    }
    let answer = post(next(&entries), "answer two", "And another one.");
    entries.push(match answer.kind {
        Kind::Post(mut told) => {
            told.item.reply_to = Some(item("words", Words::default()).id());
            Entry { kind: Kind::Post(told), ..answer }
        }
        kind => Entry { kind, ..answer },
    });
    stand.commit(entries).await;
    stand.archive_all().await;
    stand
}

/// A request by its method and address, with the token where it is asked for.
async fn ask(stand: &Stand, method: &Method, path: &str, has_token: bool) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    if has_token {
        request = request.header("authorization", format!("Bearer {INTAKE_TOKEN}"));
    }
    stand.ask(request.body(Body::empty()).expect("a request")).await
}

/// Method, the document's path (below the event's, where it begins otherwise), and address of requests, each with the status that it
/// must have.
fn requests() -> Vec<(Method, &'static str, String, u16)> {
    let id = |native: &str| item(native, Words::default()).id();
    let (get, post) = (Method::GET, Method::POST);
    let of = |rest: &str| format!("{BASE}{rest}");
    let mut all = vec![
        (get.clone(), "/api/v1/openapi.json", "/api/v1/openapi.json".to_owned(), 200),
        (get.clone(), "/api/v1/events", "/api/v1/events".to_owned(), 200),
        (get.clone(), "", of(""), 200),
        (get.clone(), "", "/api/v1/events/nosuch".to_owned(), 404),
        (get.clone(), "", "/api/v1/events/%ff".to_owned(), 400),
        (get.clone(), "/now", of("/now"), 200),
        (get.clone(), "/rooms", of("/rooms"), 200),
        (get.clone(), "/talks", of("/talks"), 200),
        (get.clone(), "/talks/{talk}", of("/talks/t1"), 200),
        (get.clone(), "/talks/{talk}", of("/talks/t99"), 404),
        (get.clone(), "/items", of("/items"), 200),
        (get.clone(), "/items", of("/items?after=9"), 200),
        (get.clone(), "/items", of("/items?after=-1"), 400),
        (get.clone(), "/items/{id}/answers", of(&format!("/items/{}/answers", id("words"))), 200),
        (get.clone(), "/items/{id}/answers", of("/items/k3f9q2m7xw4d/answers"), 404),
        (get.clone(), "/talks/{talk}/items", of("/talks/t1/items?limit=3"), 200),
        (get.clone(), "/talks/{talk}/items", of("/talks/t99/items"), 404),
        (get.clone(), "/rooms/{room}/items", of("/rooms/main-hall/items?order=newest"), 200),
        (get.clone(), "/rooms/{room}/items", of("/rooms/cellar/items"), 404),
        (get.clone(), "/photos", of("/photos?limit=501"), 400),
        (get.clone(), "/photos", of("/photos?from=2026-01-01T00:00:00Z"), 200),
        (get.clone(), "/links", of("/links"), 200),
        (get.clone(), "/links", of("/links?talk=t1&limit=1"), 200),
        (get.clone(), "/links", of("/links?talk=t99"), 404),
        (get.clone(), "/links", of("/links?after=1.2"), 400),
        (get.clone(), "/search", of("/search?q=words"), 200),
        (get.clone(), "/search", of("/search?limit=2"), 200),
        (get.clone(), "/search", of("/search?q=x&talk=t99"), 400),
        (get.clone(), "/integrity", of("/integrity"), 200),
        (get.clone(), "/unsorted", of("/unsorted"), 200),
        (get.clone(), "/unsorted", of("/unsorted?after=x"), 400),
        (get.clone(), "/moderate", of("/moderate"), 404),
        (get.clone(), "/moderate", of("/moderate?tab=all"), 400),
        (post.clone(), "/moderate", of("/moderate"), 400),
        (get.clone(), "/receipts", of("/receipts"), 404),
        (get.clone(), "/receipts", of("/receipts?before=-1"), 400),
        (get.clone(), "/receipts/{id}", of("/receipts/k3f9q2m7xw4d"), 404),
        (get.clone(), "/stage", of("/stage"), 200),
        (get.clone(), "/wall", of("/wall"), 200),
        (post.clone(), "/wall", of("/wall"), 400),
        (post.clone(), "/stage", of("/stage"), 400),
        (post, "/file", of("/file"), 400),
    ];
    for native in [
        "words",
        "links",
        "photos",
        "video",
        "covered",
        "sensitive",
        "card",
        "onsite",
        "late1",
        "link",
        "tower",
    ] {
        all.push((get.clone(), "/items/{id}", of(&format!("/items/{}", id(native))), 200));
    }
    for (native, status) in [("arabic", 410), ("article", 410), ("never said", 404)] {
        all.push((get.clone(), "/items/{id}", of(&format!("/items/{}", id(native))), status));
    }
    all
}

#[tokio::test]
async fn every_answer_is_one_that_the_document_tells_of() {
    let stand = stand().await;
    let folder = tempfile::tempdir().expect("a folder");
    let document = json_of(&stand.get("/api/v1/openapi.json").await);
    let mut answers = Vec::new();
    for (method, below, path, status) in requests() {
        let template = if below.starts_with("/api/") {
            below.to_owned()
        } else {
            format!("/api/v1/events/{{event}}{below}")
        };
        let answer = ask(&stand, &method, &path, true).await;
        assert_eq!(answer.status.as_u16(), status, "{method} {path}: {}", answer.text());
        answers.push(json!({
            "path": template, "method": method.as_str().to_lowercase(), "status": status,
            "kind": answer.header("content-type").split(';').next(), "body": json_of(&answer), "of": path,
        }));
    }
    let asked: Vec<&Value> = answers.iter().map(|answer| &answer["path"]).collect();
    let paths = document["paths"].as_object().expect("paths");
    let missed: Vec<&String> =
        paths.keys().filter(|path| !asked.iter().any(|asked| *asked == path.as_str())).collect();
    assert!(missed.is_empty(), "nobody asked for {missed:?}");
    let file = folder.path().join("answers.json");
    fs::write(&file, json!({"document": document, "answers": answers}).to_string()).expect("written");
    let Some(wrong) = judges::documented(&file) else { return };
    assert!(wrong.as_ref().is_ok_and(Vec::is_empty), "{wrong:#?}");
}

#[tokio::test]
async fn what_fails_has_one_shape_and_names_the_parameter() {
    let stand = stand().await;
    let of = |rest: &str| format!("{BASE}{rest}");
    for (path, name) in [
        (of("/items?after=1.5"), "after"),
        (of("/items?after=1&after=2"), "after"),
        (of("/talks/t1/items?after=1"), "after"),
        (of("/talks/t1/items?limit=0"), "limit"),
        (of("/rooms/side/items?order=up"), "order"),
        (of("/photos?from=yesterday"), "from"),
        (of("/links?after=1.1780315200000000.a%20b"), "after"),
        (of("/photos?until="), "until"),
        (of("/search?q=x&talk=t99"), "talk"),
        (of("/search?q=x&to=never"), "to"),
        (of("/search?has=cake"), "has"),
    ] {
        let answer = stand.get(&path).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (StatusCode::BAD_REQUEST, "application/problem+json")
        );
        let told = json_of(&answer);
        assert_eq!(
            (told["parameter"].as_str(), told["error"].as_str()),
            (Some(name), Some("bad_parameter")),
            "{path}"
        );
        assert!(
            told["detail"].as_str().is_some_and(|why| why.starts_with(name) && why.ends_with('.')),
            "{told}"
        );
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}: a page may read why");
    }
    for (method, path, status) in [
        (Method::GET, "/api/nothing".to_owned(), 404),
        (Method::GET, "/api/v1/nothing/at/all".to_owned(), 404),
        (Method::GET, of("/items/arabic"), 404),
    ] {
        let answer = ask(&stand, &method, &path, true).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("content-type")),
            (status, "application/problem+json"),
            "{method} {path}"
        );
        assert_eq!(json_of(&answer)["status"], status, "{path}");
    }
    let locked = stand.get(&of("/stage")).await;
    assert_eq!((locked.status.as_u16(), locked.header("content-type")), (401, "application/problem+json"));
    assert!(locked.header("www-authenticate").starts_with("Bearer") && json_of(&locked)["error"] == "locked");
    assert!(!locked.headers.contains_key("access-control-allow-origin"), "no other page has business there");
}

#[tokio::test]
async fn an_address_takes_the_methods_that_the_document_tells_of_and_no_other() {
    let stand = Stand::new().await;
    let document = json_of(&stand.get("/api/v1/openapi.json").await);
    for (path, operations) in document["paths"].as_object().expect("paths") {
        let path = path.replace("{event}", "rustfest").replace("{talk}", "t1").replace("{room}", "side");
        let path = path.replace("{id}", "k3f9q2m7xw4d");
        for method in [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            let is_told = operations.get(method.as_str().to_lowercase()).is_some();
            let answer = ask(&stand, &method, &path, true).await;
            let is_taken = answer.status != StatusCode::METHOD_NOT_ALLOWED;
            assert_eq!(is_taken, is_told, "{method} {path} answered {}", answer.status);
            if !is_taken {
                assert_eq!(json_of(&answer)["error"], "method_not_allowed", "{method} {path}");
                let allowed = answer.header("allow").split(',').any(|one| one.trim() == method.as_str());
                assert!(!answer.header("allow").is_empty() && !allowed, "{method} {path}");
            }
        }
    }
}

#[tokio::test]
async fn any_page_may_read_and_ask_whether_it_may_and_what_is_unchanged_costs_a_line() {
    let stand = stand().await;
    let talks = format!("{BASE}/talks/t1/items");
    let asked = Request::options(&talks)
        .header("origin", "https://elsewhere.example")
        .header("access-control-request-method", "GET");
    let may = stand.ask(asked.body(Body::empty()).expect("a request")).await;
    assert_eq!((may.status, may.header("access-control-allow-origin")), (StatusCode::NO_CONTENT, "*"));
    assert!(may.header("access-control-allow-headers").contains("if-none-match"));
    let first = stand.get(&talks).await;
    assert_eq!(first.header("access-control-allow-origin"), "*");
    let tag = first.header("etag").to_owned();
    for given in
        [tag.clone(), format!("\"other\", {tag}"), "*".to_owned(), tag.trim_start_matches("W/").to_owned()]
    {
        let again =
            Request::get(&talks).header("if-none-match", &given).body(Body::empty()).expect("a request");
        let again = stand.ask(again).await;
        assert_eq!(
            (again.status, again.body.len(), again.header("etag")),
            (StatusCode::NOT_MODIFIED, 0, tag.as_str()),
            "{given}"
        );
    }
    let head = ask(&stand, &Method::HEAD, &talks, false).await;
    assert_eq!((head.status, head.body.len(), head.header("etag")), (StatusCode::OK, 0, tag.as_str()));
}

#[tokio::test]
async fn a_list_is_read_to_its_end_without_a_skip_or_a_repeat_while_posts_come_and_go() {
    let stand = Stand::new().await;
    let said = |n: Seq, minutes: i64| {
        let mut entry = post(n, &format!("p{n}"), "one of many");
        if let Kind::Post(told) = &mut entry.kind {
            told.item.when = super::entries::NOON.plus(minutes * Micros::MINUTE);
        }
        entry
    };
    // Several of each minute, so that a page ends between posts of one moment.
    stand.commit((5..45).map(|n| said(n, (n / 8) as i64)).collect()).await;
    stand.archive_all().await;
    for order in ["oldest", "newest"] {
        let (mut seen, mut after, mut pages) = (Vec::new(), String::new(), 0);
        loop {
            let told =
                json_of(&stand.get(&format!("{BASE}/talks/t1/items?limit=7&order={order}{after}")).await);
            seen.extend(
                told["items"]
                    .as_array()
                    .expect("items")
                    .iter()
                    .map(|item| item["seq"].as_u64().expect("a seq")),
            );
            let Some(next) = told["next"].as_str() else { break };
            after = format!("&after={next}");
            pages += 1;
            assert!(pages < 20, "it ends");
        }
        let mut once = seen.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!((once.len(), seen.len()), (40, 40), "{order}");
    }
}

/// The id of a post, once the archive has it.
async fn archived(desk: &Desk) -> String {
    for _ in 0..500 {
        let told = json_of(&desk.get(&format!("{BASE}/talks/t1/items")).await);
        if let Some(id) = told["items"][0]["id"].as_str() {
            return id.to_owned();
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("no post is filed to the talk: {}", desk.get(&format!("{BASE}/items")).await.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fuzzer_that_has_read_only_the_document_finds_nothing_that_it_does_not_tell() {
    let desk = Desk::new("open", "").await;
    for words in ["Sockets under the seats?", "Packed. https://example.org/x", "The slides are up."] {
        desk.form(&[("text", words), ("name", "Ada")], "").await;
    }
    let base = desk.serve(Arc::new(AtomicU32::new(0))).await;
    let folder = tempfile::tempdir().expect("a folder");
    let first = archived(&desk).await;
    let talk =
        json_of(&desk.get(&format!("{BASE}/talks")).await)["talks"][0]["id"].as_str().map(str::to_owned);
    let mut document = json_of(&desk.get("/api/v1/openapi.json").await);
    // Another request under a key that was used is refused: each request of the fuzzer shall be one of its own.
    for operation in document["paths"].as_object_mut().expect("paths").values_mut() {
        if let Some(parameters) = operation.pointer_mut("/post/parameters").and_then(Value::as_array_mut) {
            parameters.retain(|parameter| parameter["$ref"] != "#/components/parameters/idempotencyKey");
        }
    }
    let document = document.to_string();
    let document = document.replace("k3f9q2m7xw4d", &first);
    let document = talk.iter().fold(document, |text, id| {
        text.replace("\"t7\"", &format!("\"{id}\"")).replace("\"t1\"", &format!("\"{id}\""))
    });
    fs::write(folder.path().join("openapi.json"), document).expect("written");
    fs::write(folder.path().join("schemathesis.toml"), SCHEMATHESIS).expect("written");
    let token = format!("Authorization: Bearer {INTAKE_TOKEN}");
    let ran = judges::schemathesis(
        folder.path(),
        &[
            "run",
            "openapi.json",
            "--url",
            &base,
            "-H",
            &token,
            "--max-examples",
            "15",
            "--seed",
            "1",
            "--no-shrink",
            "--phases",
            "examples,coverage,fuzzing",
        ],
    );
    let Some(ran) = ran else { return };
    let (is_clean, said) = ran.expect("schemathesis runs");
    assert!(is_clean, "{said}");
}
