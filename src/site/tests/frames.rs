//! What others take in: frames, oEmbed, exports; and that a post that goes, goes from all of them and from the feeds.

use super::{
    entries::{edit, gone, item, post, post_of},
    feeds::FEEDS,
    pages::hostile_posts,
    stand::{Answer, Stand},
    tree::parse,
};
use http::StatusCode;
use model::{Body as Words, ItemId, Uid};
use std::time::{Duration, Instant};

const SITE: &str = "http://127.0.0.1:8080";
/// What a removal may take until nobody can read it any more.
const PROMISE: Duration = Duration::from_secs(5);

fn id(native: &str) -> ItemId {
    Uid::new("mastodon", native).id()
}

fn oembed(path: &str) -> String {
    let url: String = url::form_urlencoded::byte_serialize(format!("{SITE}{path}").as_bytes()).collect();
    format!("/oembed?url={url}")
}

async fn json(stand: &Stand, path: &str) -> (StatusCode, serde_json::Value) {
    let answer = stand.get(path).await;
    assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
    (answer.status, serde_json::from_slice(&answer.body).unwrap_or_default())
}

fn is_a_frame(answer: &Answer, path: &str) {
    let policy = answer.header("content-security-policy");
    assert!(
        policy.contains("frame-ancestors *") && policy.contains("form-action 'none'"),
        "{path}: {policy}"
    );
    for kept in
        ["default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "base-uri 'none'"]
    {
        assert!(policy.contains(kept), "{path}: {policy}");
    }
    assert!(!policy.contains("unsafe") && !answer.headers.contains_key("set-cookie"), "{path}");
    assert!(!answer.header("vary").to_lowercase().contains("cookie"), "{path}");
    assert_eq!(
        answer.header("cache-control"),
        "public, max-age=2, stale-while-revalidate=1, stale-if-error=0"
    );
    assert_eq!(answer.header("x-robots-tag"), "noindex", "{path}");
    let text = answer.text();
    assert!(text.contains("<base target=\"_blank\">") && !text.contains(" style="), "{path}");
    let scripts = text.matches("<script").count();
    let allowed = text.matches("<script type=\"module\" src=\"/static/").count()
        + text.matches("<script type=\"application/json\"").count();
    assert_eq!(scripts, allowed, "{path}");
}

#[tokio::test]
async fn frames_may_stand_on_anybodys_page_and_loosen_nothing_else() {
    let stand = Stand::new().await;
    let mut all = vec![post(5, "a", "Sockets under the seats, row F.")];
    all.extend(hostile_posts(6));
    stand.commit(all).await;
    stand.archive_all().await;
    let post = format!("/rustfest/posts/{}/embed", id("a"));
    for path in [
        "/rustfest/embed",
        "/rustfest/embed?show=room.main-hall&theme=dark",
        "/rustfest/talks/t1/embed",
        &post,
    ] {
        let answer = stand.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
        is_a_frame(&answer, path);
        let text = answer.text();
        assert!(text.contains("Sockets under the seats, row F."), "{path}");
        for never in
            ["<script>", "<img src=x", "<b onclick", "<svg/onload", "javascript:", "lang=\"en\" onload"]
        {
            assert!(!text.contains(never), "{path} holds {never}");
        }
    }
    let dark = stand.get("/rustfest/embed?theme=dark").await.text();
    assert!(dark.contains("data-theme=\"dark\"") && dark.contains("\"seq\":13,"));
    assert!(!stand.get("/rustfest/embed?theme=%22x").await.text().contains("data-theme"));
    let page = stand.get("/rustfest").await;
    assert!(
        page.header("content-security-policy").contains("frame-ancestors 'none'"),
        "pages stay as they were"
    );
    for (path, status) in [
        ("/rustfest/talks/t99/embed", StatusCode::NOT_FOUND),
        ("/rustfest/posts/k3f9q2m7xw4d/embed", StatusCode::NOT_FOUND),
        ("/rustfest/posts/short/embed", StatusCode::NOT_FOUND),
        ("/rustfest/embed?show=room.cellar", StatusCode::NOT_FOUND),
    ] {
        let answer = stand.get(path).await;
        assert_eq!(answer.status, status, "{path}");
        is_a_frame(&answer, path);
    }
}

#[tokio::test]
async fn oembed_tells_the_frame_of_each_page_within_the_size_that_is_asked_for() {
    let stand = Stand::new().await;
    let mut author = item("a", Words::plain("words of a post"));
    author.author.name = "Ada \"<b>\"".into();
    stand.commit(vec![post_of(5, author)]).await;
    let post = format!("/rustfest/posts/{}", id("a"));
    for (page, frame, title) in [
        ("/rustfest", "/rustfest/embed", "RustFest"),
        ("/rustfest/", "/rustfest/embed", "RustFest"),
        ("/rustfest?show=photos#i-x", "/rustfest/embed", "RustFest"),
        ("/rustfest/rooms/main-hall", "/rustfest/embed?show=room.main-hall", "Main hall, RustFest"),
        ("/rustfest/talks/t1", "/rustfest/talks/t1/embed", "Forms that forgive"),
        (post.as_str(), &format!("{post}/embed"), "A post at RustFest"),
    ] {
        let (status, told) = json(&stand, &format!("{}&maxwidth=400&maxheight=300", oembed(page))).await;
        assert_eq!(status, StatusCode::OK, "{page}");
        assert_eq!((&told["version"], &told["type"]), (&"1.0".into(), &"rich".into()));
        assert_eq!(told["title"], title);
        assert_eq!((&told["width"], &told["provider_name"]), (&400.into(), &"RustFest".into()));
        assert!(told["height"].as_u64().is_some_and(|height| height <= 300));
        let html = told["html"].as_str().expect("an element");
        assert!(html.starts_with(&format!("<iframe src=\"{SITE}{frame}\" title=\"")), "{html}");
        // Others keep what they are told here for as long as they like: nobody's words, and nobody's name.
        assert!(!told.to_string().contains("Ada") && !told.to_string().contains("words of a post"), "{told}");
        let shown = stand.get(frame).await;
        assert_eq!(shown.status, StatusCode::OK, "{frame}");
    }
    let xml = stand.get(&format!("{}&format=xml", oembed(&post))).await;
    assert_eq!(xml.header("content-type"), "text/xml; charset=utf-8");
    let tree = parse(&xml.text());
    assert_eq!((tree.name.as_str(), tree.words("type"), tree.words("width")), ("oembed", "rich", "640"));
    assert!(tree.words("html").starts_with("<iframe ") && !xml.text().contains("Ada"));
    for (path, status) in [
        (oembed("/rustfest/talks/t99"), StatusCode::NOT_FOUND),
        (oembed("/nowhere"), StatusCode::NOT_FOUND),
        (oembed("/rustfest/about"), StatusCode::NOT_FOUND),
        (oembed("/admin/rustfest/stage"), StatusCode::UNAUTHORIZED),
        ("/oembed?url=https%3A%2F%2Fevil.example%2Frustfest".to_owned(), StatusCode::NOT_FOUND),
        ("/oembed?url=nonsense".to_owned(), StatusCode::NOT_FOUND),
        ("/oembed".to_owned(), StatusCode::BAD_REQUEST),
        (format!("{}&maxwidth=wide", oembed("/rustfest")), StatusCode::BAD_REQUEST),
        (format!("{}&format=yaml", oembed("/rustfest")), StatusCode::NOT_IMPLEMENTED),
    ] {
        assert_eq!(json(&stand, &path).await.0, status, "{path}");
    }
    let live = stand.get("/rustfest").await.text();
    let named = live.split("application/json+oembed").nth(1).and_then(|rest| rest.split("href=\"").nth(1));
    let address = named.and_then(|rest| rest.split('"').next()).expect("the live page names it");
    let address = address.replace("&#38;", "&").replace(SITE, "");
    assert_eq!(json(&stand, &address).await.1["title"], "RustFest");
}

#[tokio::test]
async fn the_table_holds_each_shown_item_once_and_is_known_again_until_something_changes() {
    let stand = Stand::new().await;
    let mut early = item("early", Words::plain("=HYPERLINK(\"https://evil.example\")\nsaid, first"));
    early.when = early.when.plus(-60_000_000);
    let mut elsewhere = post(8, "elsewhere", "about nothing");
    if let model::Kind::Post(entry) = &mut elsewhere.kind {
        entry.filing = model::Filing::unsorted("Nobody knows.");
    }
    stand
        .commit(vec![
            post(5, "b", "two"),
            post_of(6, early),
            post(7, "c", "gone"),
            elsewhere,
            gone(9, 7, "c", false),
        ])
        .await;
    stand.archive_all().await;
    let table = stand.get("/rustfest/export.csv").await;
    assert_eq!(table.header("content-type"), "text/csv; charset=utf-8; header=present");
    assert_eq!(table.header("content-disposition"), "attachment; filename=\"rustfest.csv\"");
    let text = table.text();
    assert!(text.starts_with("id,seq,when,page,url,") && text.ends_with("\r\n"));
    assert_eq!(text.matches("\r\n").count(), 4, "a head and three posts: {text}");
    assert!(text.contains("\"'=HYPERLINK(\"\"https://evil.example\"\")\nsaid, first\""), "{text}");
    assert!(text.find("said, first").expect("there") < text.find(",two,").expect("there"));
    assert!(text.contains(&format!(",{SITE}/rustfest/posts/{},", id("b"))));
    let of_talk = stand.get("/rustfest/talks/t1/export.csv").await.text();
    assert!(of_talk.matches("\r\n").count() == 3 && !of_talk.contains("about nothing"));
    let lines = stand.get("/rustfest/talks/t1/export.ndjson").await;
    assert_eq!(
        (lines.text().lines().count(), lines.header("content-disposition")),
        (2, "attachment; filename=\"rustfest-t1.ndjson\"")
    );
    assert_eq!(stand.get("/rustfest/talks/t99/export.csv").await.status, StatusCode::NOT_FOUND);
    let again = |path: &str, tag: &str| {
        let request = http::Request::get(path).header("if-none-match", tag);
        stand.ask(request.body(axum::body::Body::empty()).expect("a request"))
    };
    for path in ["/rustfest/export.csv", "/rustfest/export.ndjson", "/rustfest/talks/t1/export.csv"] {
        let tag = stand.get(path).await.header("etag").to_owned();
        let known = again(path, &tag).await;
        assert_eq!((known.status, known.body.len()), (StatusCode::NOT_MODIFIED, 0), "{path}");
    }
    let tag = table.header("etag").to_owned();
    stand.commit(vec![edit(10, 5, "b", "two, better")]).await;
    let lagging = stand.get("/rustfest/export.csv").await;
    assert!(
        lagging.text().contains("two, better") && lagging.header("etag").is_empty(),
        "nobody knows what else changed"
    );
    stand.archive_all().await;
    let after = again("/rustfest/export.csv", &tag).await;
    assert!(after.status == StatusCode::OK && after.header("etag") != tag);
}

#[tokio::test]
async fn what_goes_goes_from_every_feed_frame_and_export_within_the_promised_time() {
    let stand = Stand::new().await;
    let posts =
        vec![post(5, "hidden", "word-one"), post(6, "removed", "word-two"), post(7, "stays", "word-stays")];
    stand.commit(posts).await;
    stand.archive_all().await;
    let mut paths: Vec<String> = ["atom", "rss", "json"]
        .iter()
        .flat_map(|format| FEEDS.iter().map(move |path| format!("{path}{format}")))
        .collect();
    for format in ["atom", "rss", "json"] {
        paths.push(format!("/rustfest/search/feed.{format}?q=Ada"));
    }
    for path in [
        "export.csv",
        "export.ndjson",
        "talks/t1/export.csv",
        "talks/t1/export.ndjson",
        "embed",
        "talks/t1/embed",
        "embed?show=room.main-hall",
    ] {
        paths.push(format!("/rustfest/{path}"));
    }
    for path in &paths {
        let text = stand.get(path).await.text();
        assert!(
            ["word-one", "word-two", "word-stays"].iter().all(|word| text.contains(word)),
            "{path}: {text}"
        );
    }
    let began = Instant::now();
    stand.commit(vec![gone(8, 5, "hidden", false), gone(9, 6, "removed", true)]).await;
    for path in &paths {
        let answer = stand.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        let text = answer.text();
        assert!(!text.contains("word-one") && !text.contains("word-two"), "{path}");
        assert!(text.contains("word-stays"), "{path}");
    }
    for native in ["hidden", "removed"] {
        let post = format!("/rustfest/posts/{}", id(native));
        let frame = stand.get(&format!("{post}/embed")).await;
        assert_eq!(frame.status, StatusCode::GONE, "{native}");
        is_a_frame(&frame, native);
        let text = frame.text();
        assert!(
            text.contains("<p class=\"item removed\">This post was ") && !text.contains("word-"),
            "{text}"
        );
        assert_eq!(json(&stand, &oembed(&post)).await.0, StatusCode::NOT_FOUND, "{native}");
    }
    assert!(began.elapsed() < PROMISE, "{:?}", began.elapsed());
}

#[tokio::test]
async fn the_page_that_says_how_names_what_is_there() {
    let stand = Stand::new().await;
    let page = stand.get("/rustfest/feeds").await;
    assert_eq!(page.status, StatusCode::OK);
    let text = page.text();
    assert!(text.contains("&#60;iframe src=&#34;http://127.0.0.1:8080/rustfest/embed&#34;"), "{text}");
    for way in [
        "feed.atom",
        "feed.rss",
        "feed.json",
        "export.csv",
        "export.ndjson",
        "embed",
        "schedule/changes.atom",
        "schedule.ics",
    ] {
        let path = format!("/rustfest/{way}");
        assert!(text.contains(&format!("href=\"{path}\"")), "{way}");
        let answer = stand.get(&path).await;
        assert!(answer.status == StatusCode::OK || way.starts_with("export"), "{path}: {}", answer.status);
    }
    assert!(stand.get("/rustfest").await.text().contains("href=\"/rustfest/feeds\""), "the foot leads here");
}
