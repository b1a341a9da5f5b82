//! Pages that are kept, through the whole site: what costs no query, what is gone at once, what is nobody else's, and that a crowd costs
//! one drawing.

use super::{
    entries::{NOON, edit, gone, post},
    stand::{Answer, OWNER_KEY, SLUG, Stand},
};
use axum::body::Body;
use futures_util::future::join_all;
use http::{Request, StatusCode};
use model::{Entry, Kind, Seq};
use sqlx::Connection as _;
use std::io::Read as _;

const TALK: &str = "/rustfest/talks/t1";

/// The event's settings with a box for words: each drawing prints another key, so whoever has the same key has the same drawing.
fn with_box(seq: Seq) -> Entry {
    let event = serde_json::json!({
        "slug": SLUG, "title": "RustFest", "timezone": "Europe/Berlin", "onsite": "open", "hashtags": ["rustfest"],
        "rooms": [{"slug": "main-hall", "name": "Main hall"}, {"slug": "side", "name": "Side room"}],
    });
    let event = Box::new(serde_json::from_value(event).unwrap());
    Entry { seq, at: NOON, kind: Kind::Event { event } }
}

async fn stand() -> Stand {
    let stand = Stand::new().await;
    stand.commit(vec![with_box(5), post(6, "a", "Words that stay."), post(7, "b", "Words that go.")]).await;
    stand.archive_all().await;
    stand
}

async fn ask(stand: &Stand, path: &str, headers: &[(&str, &str)]) -> Answer {
    let request =
        headers.iter().fold(Request::get(path), |request, (name, value)| request.header(*name, *value));
    stand.ask(request.body(Body::empty()).unwrap()).await
}

fn unpacked(answer: &Answer) -> String {
    let mut plain = Vec::new();
    match answer.header("content-encoding") {
        "br" => brotli::BrotliDecompress(&mut &answer.body[..], &mut plain).unwrap(),
        "gzip" => drop(flate2::read::GzDecoder::new(&answer.body[..]).read_to_end(&mut plain).unwrap()),
        _ => plain.clone_from(&answer.body),
    }
    String::from_utf8(plain).unwrap()
}

#[tokio::test]
async fn a_page_that_nobodys_post_has_changed_costs_no_query() {
    let stand = stand().await;
    let paths = [TALK, "/rustfest/programme", "/rustfest/rooms/main-hall", "/rustfest/days/2026-06-01"];
    let mut drawn = Vec::new();
    for path in paths {
        drawn.push(stand.get(path).await.text());
    }
    break_archive(&stand).await;
    assert!(!stand.get("/rustfest/talks/t1?view=unfiled").await.status.is_success(), "the archive is broken");
    for (path, drawn) in paths.iter().zip(&drawn) {
        assert!(drawn.contains("Forms that forgive") && drawn.len() > 1000, "{path}");
        for accept in ["identity", "gzip", "gzip, deflate, br"] {
            let kept = ask(&stand, path, &[("accept-encoding", accept)]).await;
            assert_eq!((kept.status, &unpacked(&kept)), (StatusCode::OK, drawn), "{path} {accept}");
            assert_eq!((kept.header("vary"), kept.header("cache-control")), ("accept-encoding", "no-cache"));
            assert!(!kept.header("content-security-policy").is_empty());
        }
        // What strangers hang on to an address makes no other page.
        assert_eq!(stand.get(&format!("{path}?fbclid=1&utm_source=x")).await.text(), *drawn);
    }
    let head = stand.ask(Request::head(TALK).body(Body::empty()).unwrap()).await;
    assert_eq!((head.status, head.body.len()), (StatusCode::OK, 0));
    assert_eq!(head.header("content-length"), drawn[0].len().to_string());
    stand.commit(vec![post(8, "c", "Something new.")]).await;
    let status = stand.get(TALK).await.status;
    assert!(!status.is_success(), "the log has moved on, so the page has to be drawn: {status}");
}

/// Takes the archive's tables away behind its back: every query fails from now on.
async fn break_archive(stand: &Stand) {
    let options =
        sqlx::sqlite::SqliteConnectOptions::new().filename(stand.dir().join(archive::EMBEDDED_FILE));
    let mut connection = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
    for table in ["log_cursor", "item"] {
        sqlx::query(sqlx::AssertSqlSafe(format!("ALTER TABLE {table} RENAME TO gone_{table}")))
            .execute(&mut connection)
            .await
            .unwrap();
    }
    connection.close().await.unwrap();
}

#[tokio::test]
async fn words_that_were_removed_are_in_no_page_from_then_on_and_nobody_is_told_to_keep_them() {
    let stand = stand().await;
    let posts = format!("/rustfest/posts/{}", model::Uid::new("mastodon", "a").id());
    let paths = [
        "/rustfest",
        "/rustfest?show=room%3Amain-hall",
        TALK,
        "/rustfest/rooms/main-hall",
        "/rustfest/feed.atom",
        "/rustfest/feed.rss",
        "/rustfest/feed.json",
        "/rustfest/talks/t1/feed.atom",
        &posts,
    ];
    let mut seq = 8;
    for is_archived in [true, false] {
        let native = if is_archived { "b" } else { "c" };
        if !is_archived {
            stand.commit(vec![post(seq, "c", "Words that go.")]).await;
            stand.archive_all().await;
            seq += 1;
        }
        let mut tags = Vec::new();
        for path in paths {
            let before = ask(&stand, path, &[("accept-encoding", "gzip")]).await;
            assert_eq!(before.status, StatusCode::OK, "{path}");
            assert!(path == posts || unpacked(&before).contains("Words that go."), "{path}");
            tags.push(before.header("etag").to_owned());
        }
        stand.commit(vec![gone(seq, seq - 1, native, true)]).await;
        seq += 1;
        if is_archived {
            stand.archive_all().await;
        }
        for (path, tag) in paths.iter().zip(&tags) {
            let after = ask(&stand, path, &[("accept-encoding", "gzip"), ("if-none-match", tag)]).await;
            assert!(!unpacked(&after).contains("Words that go."), "{path}");
            assert!(after.status == StatusCode::OK || *path == posts, "{path}: {}", after.status);
        }
    }
}

#[tokio::test]
async fn a_page_is_not_kept_while_the_archive_is_behind_the_log() {
    let stand = stand().await;
    stand.commit(vec![post(8, "c", "The archive has not heard of this.")]).await;
    let key = |answer: &Answer| answer.text().split("name=\"key\" value=\"").nth(1).unwrap()[..32].to_owned();
    let (one, other) = (stand.get(TALK).await, stand.get(TALK).await);
    assert_ne!(key(&one), key(&other), "drawn anew");
    stand.archive_all().await;
    let (one, other) = (stand.get(TALK).await, stand.get(TALK).await);
    assert!(one.text().contains("The archive has not heard of this."));
    assert_eq!(key(&one), key(&other));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_that_reloads_after_a_new_post_costs_one_drawing() {
    let stand = stand().await;
    for round in 0..3 {
        stand.commit(vec![edit(8 + round, 6, "a", "Better words.")]).await;
        stand.archive_all().await;
        let crowd = (0..40).map(|n| {
            let router = stand.router.clone();
            let path = format!("{TALK}?utm_source={n}");
            tokio::spawn(async move {
                let request = Request::get(path).header("cookie", "writer=00112233445566778899aabbccddeeff");
                let answer =
                    tower::ServiceExt::oneshot(router, request.body(Body::empty()).unwrap()).await.unwrap();
                answer.headers()["etag"].clone()
            })
        });
        let tags: Vec<_> = join_all(crowd).await.into_iter().map(Result::unwrap).collect();
        assert!(tags.iter().all(|tag| *tag == tags[0]), "each drawing has a key of its own: {tags:?}");
    }
}

#[tokio::test]
async fn what_one_person_is_shown_is_drawn_for_them_and_kept_for_nobody() {
    let stand = stand().await;
    let post = format!("/rustfest/posts/{}", model::Uid::new("mastodon", "a").id());
    let cookie = format!("owner={OWNER_KEY}");
    for _ in 0..2 {
        let own = ask(&stand, &post, &[("cookie", &cookie)]).await;
        assert!(own.text().contains("/admin/") && own.header("cache-control") == "private, no-cache");
        let others = stand.get(&post).await;
        assert!(!others.text().contains("/admin/"));
        assert_eq!(
            (others.header("vary"), others.header("cache-control")),
            ("accept-encoding, cookie", "no-cache")
        );
        let token = format!("Bearer {}", super::stand::INTAKE_TOKEN);
        assert!(ask(&stand, &post, &[("authorization", &token)]).await.text().contains("/admin/"));
        // A page that is the same for everybody is drawn as if nobody in particular had asked, whoever did.
        let talk = ask(&stand, TALK, &[("cookie", &cookie)]).await;
        assert_eq!(talk.header("etag"), stand.get(TALK).await.header("etag"));
    }
    assert_eq!(
        ask(&stand, &post, &[("cookie", "_other=1")]).await.header("etag"),
        stand.get(&post).await.header("etag")
    );
}

#[tokio::test]
async fn nothing_is_packed_twice_and_what_fails_is_not_kept() {
    let stand = stand().await;
    let page = stand.get("/rustfest").await.text();
    let style = page.split('"').find(|value| value.starts_with("/static/site-")).unwrap();
    let styles = stand.get(style).await.text();
    let font = styles.split('"').find(|value| value.ends_with(".woff2")).unwrap();
    let packed = ask(&stand, font, &[("accept-encoding", "br, gzip")]).await;
    assert_eq!((packed.status, packed.header("content-encoding")), (StatusCode::OK, ""));
    assert!(packed.body.starts_with(b"wOF2") && packed.header("cache-control").contains("immutable"));
    let missing = ask(&stand, "/rustfest/talks/none", &[("accept-encoding", "gzip")]).await;
    assert_eq!((missing.status, missing.header("etag")), (StatusCode::NOT_FOUND, ""));
    assert!(unpacked(&missing).contains("no such page"));
    assert!(ask(&stand, "/rustfest/rooms/none", &[]).await.header("cache-control").contains("no-store"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_short_way_gives_what_the_long_way_gives_and_no_longer() {
    let stand = stand().await;
    let (base, stop) = stand.serve("127.0.0.1:0", &[]).await;
    let client = reqwest::Client::builder().timeout(std::time::Duration::from_secs(20)).build().unwrap();
    let post = format!("/rustfest/posts/{}", model::Uid::new("mastodon", "b").id());
    let get = async |path: &str, headers: &[(&str, &str)]| {
        let url = format!("{base}{path}");
        let request =
            headers.iter().fold(client.get(url), |request, (name, value)| request.header(*name, *value));
        let answer = request.send().await.unwrap();
        let tag =
            answer.headers().get("etag").map(|tag| tag.to_str().unwrap().to_owned()).unwrap_or_default();
        let mut named: Vec<String> = answer.headers().keys().map(|name| name.to_string()).collect();
        named.sort();
        (answer.status(), tag, named, answer.text().await.unwrap())
    };
    for path in [TALK, &post, "/rustfest/talks/t1?view=unfiled"] {
        let long = stand.get(path).await;
        let (status, tag, _, text) = get(path, &[]).await;
        assert_eq!(
            (status, tag.as_str(), &text),
            (StatusCode::OK, long.header("etag"), &long.text()),
            "{path}"
        );
        let (_, _, long_names, same) =
            get(&format!("{path}{}x=1", if path.contains('?') { '&' } else { '?' }), &[]).await;
        let (_, _, short_names, again) = get(path, &[]).await;
        assert_eq!((short_names, again), (long_names, same), "{path}: the same headers, too");
        let (status, .., nothing) = get(path, &[("if-none-match", long.header("etag"))]).await;
        assert_eq!((status, nothing.as_str()), (StatusCode::NOT_MODIFIED, ""), "{path}");
    }
    let cookie = format!("owner={OWNER_KEY}");
    assert!(get(&post, &[("cookie", &cookie)]).await.3.contains("/admin/"), "a steward's own page");
    assert!(!get(&post, &[]).await.3.contains("/admin/"));
    let tag = get(TALK, &[]).await.1;
    stand.commit(vec![gone(8, 7, "b", true)]).await;
    let (status, .., text) = get(TALK, &[("if-none-match", &tag)]).await;
    assert!(status == StatusCode::OK && !text.contains("Words that go."));
    assert_eq!(get(&post, &[]).await.0, StatusCode::GONE);
    stop.trigger();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_that_asks_for_what_cannot_be_drawn_costs_one_try_a_second() {
    let stand = Stand::on("postgres://nobody@127.0.0.1:9/none").await;
    let path = format!("{TALK}?view=unfiled");
    let crowd = (0..40).map(|n| {
        let router = stand.router.clone();
        let request = Request::get(format!("{path}&utm_source={n}")).header("accept", "text/html");
        let request = request.body(Body::empty()).unwrap();
        tokio::spawn(async move {
            let answer = tower::ServiceExt::oneshot(router, request).await.unwrap();
            assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
            (answer.headers()["retry-after"].clone(), answer.headers()["content-length"].clone())
        })
    });
    let told: Vec<_> = join_all(crowd).await.into_iter().map(Result::unwrap).collect();
    let tries: std::collections::BTreeSet<String> = told.iter().map(|told| format!("{told:?}")).collect();
    assert!(tries.len() == 1, "each try names another time to come again: {tries:?}");
    let began = std::time::Instant::now();
    let again = ask(&stand, &path, &[("accept", "text/html")]).await;
    assert_eq!((again.status, again.header("cache-control")), (StatusCode::SERVICE_UNAVAILABLE, "no-store"));
    assert!(again.text().contains("The archive is away for a moment"));
    assert!(began.elapsed() < std::time::Duration::from_millis(900), "the archive was not asked again");
    let program = ask(&stand, &path, &[("accept", "application/json")]).await;
    assert!(
        !program.text().contains("data-again"),
        "what one is told stands for who reads it in the same form"
    );
}
