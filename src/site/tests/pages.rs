//! Pages, headers and the API at handler level.

use super::{
    entries::{edit, gone, item, post, post_of},
    stand::{INTAKE_TOKEN, OWNER_KEY, SLUG, Stand},
};
use axum::body::Body;
use http::{Request, StatusCode};
use model::{Body as Words, Run};

/// What a stranger may write, and what must be read of it.
pub(super) fn hostile() -> Vec<(&'static str, Words)> {
    vec![
        ("script", Words::plain("<script>document.title='owned'</script>")),
        ("handler", Words::plain("<img src=x onerror=\"document.title='owned'\"><b onclick=alert(1)>")),
        ("template", Words::plain("</script><!--<script>\u{2028}{{7*7}}<svg/onload=alert(1)>")),
        (
            "link",
            Words(vec![Run::Link {
                link: "javascript:document.title='owned'".into(),
                text: "click me".into(),
            }]),
        ),
        (
            "person",
            Words(vec![Run::Mention {
                mention: "@x\" onmouseover=\"alert(1)".into(),
                url: Some("javascript:1".into()),
            }]),
        ),
        ("tag", Words(vec![Run::Tag { tag: "x\"><script>alert(1)</script>".into() }])),
        ("bidi", Words::plain("safe \u{202e}gnihtemos neddih\u{202e} end")),
        ("tower", Words::plain(format!("a{}", "\u{0301}".repeat(10_000)))),
    ]
}

/// The hostile posts as entries from `seq` on.
pub(super) fn hostile_posts(seq: u64) -> Vec<model::Entry> {
    let mut all = Vec::new();
    for (n, (native, body)) in hostile().into_iter().enumerate() {
        let mut item = item(native, body);
        item.author.name = "</b><script>name</script>".into();
        item.lang = Some("en\" onload=\"alert(1)".into());
        item.url = Some("javascript:alert('original')".into());
        all.push(post_of(seq + n as u64, item));
    }
    all
}

#[tokio::test]
async fn the_live_page_reads_without_script_and_prints_the_position_of_what_it_shows() {
    let stand = Stand::new().await;
    stand.commit(vec![post(5, "a", "Sockets under the seats, row F."), post(6, "b", "Packed.")]).await;
    let page = stand.get(&format!("/{SLUG}")).await;
    assert_eq!(page.status, StatusCode::OK);
    let text = page.text();
    assert!(text.contains("Sockets under the seats, row F.") && text.contains("Forms that forgive"));
    assert!(text.contains("14:00"), "the venue's time, not UTC");
    assert!(text.find("Packed.").unwrap() < text.find("Sockets").unwrap(), "newest first");
    assert!(text.contains("\"epoch\":\"0.") && text.contains("\"seq\":6,"));
    assert!(text.contains(r#"data-seq="5""#) && text.contains(r#"data-seq="6""#));
    assert!(!text.contains("Kept from the public log."), "abstracts are not the live page's");
    let again = Request::get(format!("/{SLUG}"))
        .header("if-none-match", page.header("etag"))
        .body(Body::empty())
        .unwrap();
    assert_eq!(stand.ask(again).await.status, StatusCode::NOT_MODIFIED);
}

#[tokio::test]
async fn every_page_carries_the_policy_and_sends_nothing_inline() {
    let stand = Stand::new().await;
    stand.commit(vec![post(5, "a", "Hello")]).await;
    stand.archive_all().await;
    let id = model::Uid::new("mastodon", "a").id();
    let paths =
        ["/", "/rustfest", "/rustfest/programme", "/rustfest/talks/t1", "/nothing/here", "/login", "/admin"];
    for path in paths.iter().map(ToString::to_string).chain([format!("/rustfest/posts/{id}")]) {
        let page = stand.get(&path).await;
        let policy = page.header("content-security-policy");
        assert!(
            policy.contains("default-src 'none'") && policy.contains("script-src 'self';"),
            "{path}: {policy}"
        );
        assert_eq!(page.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(page.header("cross-origin-opener-policy"), "same-origin", "{path}");
        assert!(!page.header("referrer-policy").is_empty(), "{path}");
        let text = page.text();
        assert!(
            !text.contains("<style") && !text.contains(" style=") && !text.contains(" onclick="),
            "{path}"
        );
        let scripts = text.matches("<script").count();
        let allowed = text.matches("<script type=\"module\" src=\"/static/").count()
            + text.matches("<script type=\"application/json\"").count();
        assert_eq!(scripts, allowed, "{path}");
        assert!(text.contains("class=\"skip\""), "{path}");
    }
}

#[tokio::test]
async fn what_strangers_write_is_only_ever_text() {
    let stand = Stand::new().await;
    stand.commit(hostile_posts(5)).await;
    stand.archive_all().await;
    let post = model::Uid::new("mastodon", "template").id();
    for path in ["/rustfest".to_owned(), "/rustfest/talks/t1".to_owned(), format!("/rustfest/posts/{post}")] {
        let page = stand.get(&path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        let text = page.text();
        for never in
            ["<script>", "<img src=x", "<b onclick", "<svg/onload", "javascript:", "lang=\"en\" onload"]
        {
            assert!(!text.contains(never), "{path} holds {never}");
        }
        assert!(text.contains("&#60;script&#62;"), "{path}: the words are still there, as words");
    }
}

#[tokio::test]
async fn an_edit_and_a_removal_leave_nothing_of_the_old_words_on_any_page_although_the_archive_lags() {
    let stand = Stand::new().await;
    stand
        .commit(vec![post(5, "a", "first-wording"), post(6, "b", "secret-words"), post(7, "c", "stays")])
        .await;
    stand.archive_all().await;
    stand.commit(vec![edit(8, 5, "a", "second-wording"), gone(9, 6, "b", true)]).await;
    let (edited, removed) = (model::Uid::new("mastodon", "a").id(), model::Uid::new("mastodon", "b").id());
    let paths = [
        "/rustfest",
        "/rustfest/talks/t1",
        "/rustfest/export.ndjson",
        "/api/v1/events/rustfest/items?after=0",
    ];
    for path in paths.iter().map(ToString::to_string).chain([format!("/rustfest/posts/{edited}")]) {
        let page = stand.get(&path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        let text = page.text();
        assert!(!text.contains("first-wording") && !text.contains("secret-words"), "{path}");
        assert!(text.contains("second-wording"), "{path}");
    }
    let gone = stand.get(&format!("/rustfest/posts/{removed}")).await;
    assert_eq!(gone.status, StatusCode::GONE);
    assert!(gone.text().contains("removed by its author at 14:00"), "{}", gone.text());
    assert!(gone.text().contains("href=\"/rustfest\""), "it leads back to its event");
    assert!(stand.get("/rustfest").await.text().contains("This post was removed by its author"));
}

#[tokio::test]
async fn an_archive_older_than_a_removal_is_not_shown() {
    let stand = Stand::new().await;
    // An archive that belongs to another day of another log: its rows are not ours to show.
    let eid = model::EventId::from_random(42);
    let to = archive::Cursor::new("0.ffff".parse().unwrap(), 9);
    let batch =
        archive::Batch { event: eid, from: None, entries: vec![post(9, "old", "old-words")].into(), to };
    stand.archive.write(batch).await.expect("written");
    for path in ["/rustfest/talks/t1", "/rustfest/programme", "/rustfest/rooms/main-hall"] {
        let page = stand.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert!(
            page.text().to_lowercase().contains("the archive does not answer")
                && !page.text().contains("old-words"),
            "{path}"
        );
    }
    for path in ["/rustfest/talks/t1?view=unfiled", "/rustfest/schedule/changes", "/rustfest/export.ndjson"] {
        let page = stand.get(path).await;
        assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert!(page.text().contains("being restored") && !page.text().contains("old-words"), "{path}");
        assert!(page.header("retry-after").parse::<u32>().is_ok(), "{path}");
    }
    assert_eq!(stand.get("/rustfest").await.status, StatusCode::OK);
}

#[tokio::test]
async fn without_the_archive_the_live_page_is_as_before_and_the_others_say_so_in_time() {
    // A listener that accepts and never answers is worse than one that refuses.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let stand = Stand::on(&format!("postgres://nobody@{}/none", silent.local_addr().expect("bound"))).await;
    stand.commit(vec![post(5, "a", "still here")]).await;
    let live = stand.get("/rustfest").await;
    assert!(live.status == StatusCode::OK && live.text().contains("still here"));
    let id = model::Uid::new("mastodon", "a").id();
    let began = std::time::Instant::now();
    assert_eq!(
        stand.get(&format!("/rustfest/posts/{id}")).await.status,
        StatusCode::OK,
        "what the fold has needs no archive"
    );
    let took = began.elapsed();
    assert!(
        took < std::time::Duration::from_secs(4),
        "its questions wait together, not one by one: {took:?}"
    );
    for path in [
        "/rustfest/programme",
        "/rustfest/days/2026-06-01",
        "/rustfest/talks/t1",
        "/rustfest/rooms/main-hall",
    ] {
        let began = std::time::Instant::now();
        let page = stand.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        let text = page.text().to_lowercase();
        assert!(
            text.contains("forms that forgive") && text.contains("the archive does not answer"),
            "{path}"
        );
        let is_conversation = path.contains("talks") || path.contains("rooms");
        assert_eq!(text.contains("still here"), is_conversation, "{path}: what the log holds is told");
        assert!(!text.contains("<dl class=\"sums"), "{path}: a number that is not known is not printed");
        assert!(began.elapsed() < std::time::Duration::from_secs(3), "{path} took {:?}", began.elapsed());
    }
    for path in ["/rustfest/schedule/changes", "/rustfest/talks/t1?view=unfiled", "/rustfest/export.ndjson"] {
        let began = std::time::Instant::now();
        let page = stand.get(path).await;
        assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert!(page.text().contains("the live page goes on as before"), "{path}");
        assert!(began.elapsed() < std::time::Duration::from_secs(3), "{path} took {:?}", began.elapsed());
    }
    let api = stand.get("/api/v1/events/rustfest/items?after=0").await;
    assert_eq!(api.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(api.text().contains("\"error\":\"archive_away\""));
}

#[tokio::test]
async fn the_export_has_every_shown_item_once_in_the_order_it_was_said_and_no_uid() {
    let stand = Stand::new().await;
    let mut early = item("early", Words::plain("said first"));
    early.when = early.when.plus(-60_000_000);
    stand
        .commit(vec![post(5, "b", "two"), post_of(6, early), post(7, "c", "gone"), gone(8, 7, "c", false)])
        .await;
    stand.archive_all().await;
    let export = stand.get("/rustfest/export.ndjson").await;
    assert_eq!(export.header("content-type"), "application/x-ndjson; charset=utf-8");
    let lines: Vec<serde_json::Value> =
        export.text().lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.iter().map(|line| line["seq"].as_u64().unwrap()).collect::<Vec<_>>(), [6, 5]);
    assert_eq!(lines[0]["filing"]["talk"], "t1");
    assert!(lines[0]["item"].get("uid").is_none());
}

#[tokio::test]
async fn the_api_answers_what_lies_between_and_refuses_what_is_no_seq() {
    let stand = Stand::new().await;
    stand.commit(vec![post(5, "a", "one"), post(6, "b", "two"), gone(7, 5, "a", true)]).await;
    stand.archive_all().await;
    let answer = stand.get("/api/v1/events/rustfest/items?after=5").await;
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    let json: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(json["next"], 7);
    let kinds: Vec<&str> =
        json["entries"].as_array().unwrap().iter().map(|e| e["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["post", "remove"]);
    let tagged =
        Request::get("/api/v1/events/rustfest/items?after=5").header("if-none-match", answer.header("etag"));
    assert_eq!(stand.ask(tagged.body(Body::empty()).unwrap()).await.status, StatusCode::NOT_MODIFIED);
    for bad in ["abc", "-1", "1e9", "1000000000000000000000000000000", ""] {
        let refused = stand.get(&format!("/api/v1/events/rustfest/items?after={bad}")).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{bad}");
        assert!(refused.text().contains("\"error\":\"bad_parameter\",\"parameter\":\"after\""), "{bad}");
    }
    assert_eq!(stand.get("/api/v1/events/nowhere/items").await.status, StatusCode::NOT_FOUND);
    let events: serde_json::Value = serde_json::from_slice(&stand.get("/api/v1/events").await.body).unwrap();
    assert_eq!(events["events"][0]["slug"], "rustfest");
    assert_eq!(events["events"][0]["position"]["seq"], 7);
}

#[tokio::test]
async fn who_asks_to_be_shown_live_only_is_in_nothing_that_outlasts_the_moment() {
    let live_only = |mut entry: model::Entry| {
        if let model::Kind::Post(e) | model::Kind::Edit(e) = &mut entry.kind {
            e.item.retain = model::Retain::Live;
        }
        entry
    };
    let stand = Stand::new().await;
    stand.commit(vec![post(5, "a", "ofthemoment"), post(6, "b", "forever")]).await;
    stand.archive_all().await;
    // The archive still has the words.
    stand.commit(vec![live_only(edit(7, 5, "a", "ofthemoment"))]).await;
    assert!(stand.get("/rustfest").await.text().contains("ofthemoment"));
    let kept = [
        "api/v1/events/rustfest/items?after=0",
        "rustfest/talks/t1",
        "rustfest/export.csv",
        "rustfest/feed.json",
    ];
    for path in kept {
        let text = stand.get(&format!("/{path}")).await.text();
        assert!(text.contains("forever") && !text.contains("ofthemoment"), "{path}");
    }
    let alone = Stand::on("postgres://nobody@127.0.0.1:9/none").await;
    alone.commit(vec![live_only(post(5, "a", "ofthemoment")), post(6, "b", "forever")]).await;
    for path in ["rustfest/talks/t1", "rustfest/rooms/main-hall", "rustfest/feed.json"] {
        let text = alone.get(&format!("/{path}")).await.text();
        assert!(text.contains("forever") && !text.contains("ofthemoment"), "{path} without the archive");
    }
}

#[tokio::test]
async fn filters_and_older_items_are_plain_links() {
    let stand = Stand::new().await;
    let posts = (0..105).map(|n| post(5 + n, &n.to_string(), &format!("number {n}."))).collect();
    stand.commit(posts).await;
    let first = stand.get("/rustfest").await.text();
    assert!(first.contains("number 104.") && !first.contains("number 4."));
    assert!(first.contains("href=\"/rustfest?before=10\""));
    let older = stand.get("/rustfest?before=10").await.text();
    assert!(older.contains("number 4.") && older.contains("number 0.") && !older.contains("number 5."));
    assert!(older.contains("back to now</a>"), "and the way back");
    assert!(stand.get("/rustfest?show=hallway").await.text().contains("Nothing here yet."));
    assert!(stand.get("/rustfest?show=room.main-hall").await.text().contains("number 104."));
}

#[tokio::test]
async fn what_is_not_public_asks_for_a_key() {
    let stand = Stand::new().await;
    for path in ["/admin", "/admin/rustfest/moderate", "/metrics", "/login", "/login?token=guess"] {
        let locked = stand.get(path).await;
        assert_eq!(locked.status, StatusCode::UNAUTHORIZED, "{path}");
        let words = if path == "/metrics" { "This door is locked" } else { "<h1>Sign in</h1>" };
        assert!(locked.text().contains(words), "{path}");
    }
    let link = stand.get(&format!("/login?token={}", OWNER_KEY.replace('\'', "%27"))).await;
    assert_eq!((link.status, link.header("location")), (StatusCode::SEE_OTHER, "/login"));
    let cookie = link.header("set-cookie");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    let pair = cookie.split(';').next().unwrap().to_owned();
    let with = |name: &str, value: &str, path: &str| {
        Request::get(path).header(name, value).body(Body::empty()).unwrap()
    };
    let page = stand.ask(with("cookie", &pair, "/login")).await;
    assert!(page.status == StatusCode::OK && page.text().contains("href=\"/admin\""), "the way in");
    assert!(!page.text().contains("not reached by https"), "nothing lies between browser and server");
    assert_eq!(stand.ask(with("cookie", &pair, "/metrics")).await.status, StatusCode::OK);
    assert_eq!(stand.ask(with("cookie", "owner=guess", "/metrics")).await.status, StatusCode::UNAUTHORIZED);
    let bearer = format!("Bearer {INTAKE_TOKEN}");
    assert_eq!(stand.ask(with("authorization", &bearer, "/metrics")).await.status, StatusCode::OK);
    assert_eq!(
        stand.ask(with("authorization", "Bearer guess", "/metrics")).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        stand.ask(with("cookie", &pair, "/admin/rustfest/nothing")).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(stand.ask(with("cookie", &pair, "/admin")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn failures_say_what_is_safe() {
    let stand = Stand::new().await;
    for path in
        ["/nowhere", "/rustfest/talks/t99", "/rustfest/posts/k3f9q2m7xw4d", "/rustfest/posts/short", "/x/y/z"]
    {
        let page = stand.get(path).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
        assert!(page.text().contains("There is no such page"), "{path}");
    }
    assert_eq!(stand.get("/rustfest/talks/t1?after=nonsense").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(stand.get("/static/none.js").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_proxy_on_this_machine_does_not_open_the_metrics_to_the_world() {
    let stand = Stand::new().await;
    let from_here = |forwarded: Option<&str>| {
        let mut request = Request::get("/metrics");
        if let Some(name) = forwarded {
            request = request.header(name, "203.0.113.9");
        }
        let ip = std::net::IpAddr::from([127, 0, 0, 1]);
        let client =
            chassis::http::Client { peer: (ip, 1).into(), ip, key: chassis::client_addr::AddrKey::of(ip) };
        request.extension(client).body(axum::body::Body::empty()).expect("a request")
    };
    assert_eq!(stand.ask(from_here(None)).await.status, StatusCode::OK, "this machine's own collector");
    for name in ["x-forwarded-for", "forwarded", "via"] {
        assert_eq!(stand.ask(from_here(Some(name))).await.status, StatusCode::UNAUTHORIZED, "{name}");
    }
}
