//! Everything around the pages: what search engines are told, the organiser's words, pages that fail, the way on from a post, times.

use super::{
    entries::{NOON, gone, item, post, post_of},
    stand::{Answer, OWNER_KEY, SLUG, Stand},
};
use axum::body::Body;
use http::{Method, Request, StatusCode};
use model::{Body as Words, Entry, Kind, Micros, Uid, event::EventFile};

/// Applies an event.toml with these lines on top of the stand's own.
async fn apply(stand: &Stand, seq: u64, lines: &str) {
    let text = format!(
        "slug = \"{SLUG}\"\ntitle = \"RustFest\"\ntimezone = \"Europe/Berlin\"\nstarts = 2026-06-01\nends = 2026-06-02\n\
         place = \"Berlin\"\n{lines}\n[[room]]\nname = \"Main hall\"\n"
    );
    let event = Box::new(EventFile::parse(&text).expect("an event.toml").entry());
    stand.commit(vec![Entry { seq, at: NOON, kind: Kind::Event { event } }]).await;
}

async fn as_owner(stand: &Stand, path: &str) -> Answer {
    let request = Request::get(path).header("cookie", format!("owner={OWNER_KEY}"));
    stand.ask(request.body(Body::empty()).expect("a request")).await
}

#[tokio::test]
async fn search_engines_hear_of_an_event_only_once_it_is_published() {
    let stand = Stand::new().await;
    stand.commit(vec![post(5, "a", "Hello")]).await;
    stand.archive_all().await;
    let post = format!("/{SLUG}/posts/{}", Uid::new("mastodon", "a").id());
    let lasting = ["/rustfest", "/rustfest/programme", "/rustfest/talks/t1", "/rustfest/about"];
    for path in
        lasting.into_iter().chain(["/rustfest/schedule.json", post.as_str(), "/rustfest/there-is-none"])
    {
        assert_eq!(stand.get(path).await.header("x-robots-tag"), "noindex", "{path}");
    }
    for path in ["/", "/rustfest", "/rustfest/about"] {
        assert!(stand.get(path).await.text().contains(r#"<meta name="robots" content="noindex">"#), "{path}");
    }
    assert!(!stand.get("/sitemap.xml").await.text().contains(SLUG));
    apply(&stand, 6, "published = true").await;
    for path in lasting.into_iter().chain(["/"]) {
        let page = stand.get(path).await;
        assert_eq!(page.header("x-robots-tag"), "", "{path}");
        assert!(!page.text().contains("noindex"), "{path}");
    }
    let never = ["/rustfest/export.ndjson", "/rustfest/search?q=x", "/admin", "/api/v1/events", "/login"];
    for path in never.into_iter().chain([post.as_str()]) {
        assert_eq!(stand.get(path).await.header("x-robots-tag"), "noindex", "{path}");
    }
    let map = stand.get("/sitemap.xml").await.text();
    for path in ["/</loc>", "/rustfest</loc>", "/rustfest/rooms/main-hall</loc>", "/rustfest/talks/t2</loc>"]
    {
        assert!(map.contains(&format!("<loc>http://127.0.0.1:8080{path}")), "{path} in {map}");
    }
    let robots = stand.get("/robots.txt").await;
    assert!(robots.header("content-type").starts_with("text/plain"));
    assert!(robots.text().contains("Disallow: /admin\n") && robots.text().contains("/sitemap.xml\n"));
    assert!(!robots.text().contains(SLUG), "no event is told of here");
}

#[tokio::test]
async fn an_organisers_words_are_text_and_what_is_missing_is_told_to_organisers_only() {
    let stand = Stand::new().await;
    let (privacy, imprint) = (format!("/{SLUG}/privacy"), format!("/{SLUG}/imprint"));
    assert_eq!(stand.get(&imprint).await.status, StatusCode::NOT_FOUND);
    let page = stand.get(&privacy).await.text();
    assert!(page.contains("When you only read") && !page.contains("Not filled in"));
    assert!(!page.contains(&format!("href=\"{imprint}\"")), "what is not there is not linked");
    for path in [&privacy, &imprint] {
        let page = as_owner(&stand, path).await;
        assert!(page.status == StatusCode::OK && page.text().contains("Not filled in"), "{path}");
        assert!(page.header("cache-control").contains("private"), "{path}");
    }
    let words = "imprint = \"# Who\\n\\nAda <b> & co\\nhttps://ada.example/x\"\nprivacy = \"https://ada.example/privacy\"";
    apply(&stand, 5, words).await;
    let page = stand.get(&imprint).await.text();
    assert!(page.contains("<h2>Who</h2>") && page.contains("Ada &#60;b&#62; &#38; co<br>"), "{page}");
    assert!(page.contains(r#"<a href="https://ada.example/x" rel="noopener">ada.example/x</a>"#), "{page}");
    assert!(page.contains(&format!("<a href=\"{imprint}\" aria-current=\"page\">Imprint</a>")));
    let page = stand.get(&privacy).await.text();
    assert!(page.contains(r#"<a href="https://ada.example/privacy" rel="noopener">ada.example</a>"#));
    assert!(page.contains("When you only read"), "what the program does is said in any case");
    apply(&stand, 6, "imprint = \"https://ada.example/imprint\"").await;
    let foot = stand.get(&format!("/{SLUG}")).await.text();
    assert!(
        foot.contains(r#"<a href="https://ada.example/imprint">Imprint</a>"#),
        "an address is linked at once"
    );
}

#[tokio::test]
async fn a_page_that_fails_keeps_the_way_to_what_works_and_a_program_gets_what_it_asked_for() {
    let stand = Stand::new().await;
    let page = stand.get("/rustfest/talks/there-is-none").await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(page.text().contains(r#"<a class="btn" href="/rustfest/programme">Programme</a>"#));
    assert!(page.text().contains(r#"<nav aria-label="Event">"#), "the event's bar is around it");
    let outside = stand.get("/there-is/no-such-event").await;
    assert!(
        !outside.text().contains("<nav")
            && outside.text().contains(r#"<a class="btn" href="/">All events</a>"#)
    );
    let wrong =
        Request::builder().method(Method::PUT).uri("/rustfest/programme").header("accept", "text/html");
    let wrong = stand.ask(wrong.body(Body::empty()).unwrap()).await;
    assert_eq!((wrong.status, wrong.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "GET,HEAD"));
    assert!(wrong.text().contains("This page can only be read"));
    let bad = stand.get("/rustfest/posts/k3f9q2m7xw4d?wrote=a&wrote=b").await;
    assert_eq!(bad.status, StatusCode::BAD_REQUEST);
    assert!(bad.text().contains("That cannot be answered") && !bad.text().contains("deserialize"));
    let program = Request::get("/rustfest/talks/there-is-none").header("accept", "application/json");
    let program = stand.ask(program.body(Body::empty()).unwrap()).await;
    assert_eq!(program.status, StatusCode::NOT_FOUND);
    assert!(stand.get("/static/nothing.js").await.body.is_empty(), "files and pictures have no page");
}

#[tokio::test]
async fn an_archive_that_is_away_is_waited_for_once() {
    let stand = Stand::on("postgres://nobody@127.0.0.1:9/none").await;
    let page = stand.get("/rustfest/rooms/main-hall?after=1780315200000000.k3f9q2m7xw4d").await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    let seconds = page.header("retry-after").to_owned();
    assert!(
        page.text().contains(&format!("data-again=\"{seconds}\"")) && page.text().contains("/static/again-")
    );
    assert!(page.text().contains("the live page goes on as before"));
}

#[tokio::test]
async fn a_posts_page_leads_on_through_its_talk_and_back_into_the_stream() {
    let stand = Stand::new().await;
    let said = |seq: u64, native: &str, minute: i64, words: &str| {
        let mut item = item(native, Words::plain(words));
        item.when = NOON.plus(minute * Micros::MINUTE);
        post_of(seq, item)
    };
    let posts = vec![
        said(5, "one", 1, "The first"),
        said(6, "two", 2, "Taken back"),
        said(7, "three", 3, "The third"),
    ];
    stand.commit(posts).await;
    let id = |native: &str| Uid::new("mastodon", native).id();
    for is_archived in [false, true] {
        if is_archived {
            stand.archive_all().await;
        }
        let page = stand.get(&format!("/{SLUG}/posts/{}", id("two"))).await.text();
        let before = format!("<a href=\"/{SLUG}/posts/{}\" rel=\"prev\">", id("one"));
        let after = format!("<a href=\"/{SLUG}/posts/{}\" rel=\"next\">", id("three"));
        assert!(page.contains(&before) && page.contains(&after), "archived: {is_archived}: {page}");
        assert!(page.contains(&format!("/{SLUG}?around={0}#i-{0}", id("two"))));
        assert!(page.contains(r#"<time datetime="2026-06-01T12:02:00.000Z">Monday 1 June, 14:02</time>"#));
        assert!(
            page.contains(r#"<meta property="og:description" content="Taken back">"#)
                && !page.contains("Edited")
        );
    }
    stand.commit(vec![gone(8, 6, "two", true)]).await;
    let page = stand.get(&format!("/{SLUG}/posts/{}", id("one"))).await.text();
    assert!(
        !page.contains("Taken back") && page.contains("The third"),
        "the archive lags, the mask does not"
    );
    let mut covered = item("covered", Words::plain("the ending"));
    (covered.cover, covered.rev) = (Some("spoilers".into()), 1);
    stand.commit(vec![post_of(9, covered)]).await;
    let page = stand.get(&format!("/{SLUG}/posts/{}", id("covered"))).await.text();
    assert!(
        page.contains(r#"content="Content warning. spoilers">"#),
        "what is covered is covered elsewhere, too"
    );
    assert!(page.contains("<span>Edited</span>"), "a network that tells no moment of the edit");
}

#[tokio::test]
async fn every_page_says_whose_time_it_tells_and_where_it_stands() {
    let stand = Stand::new().await;
    for path in ["/rustfest", "/rustfest/programme", "/rustfest/rooms/main-hall", "/rustfest/privacy"] {
        let page = stand.get(path).await.text();
        assert!(page.contains(r#"data-zone="Europe/Berlin""#), "{path}");
        assert!(page.contains("All times are those of Berlin <bdi>(Europe/Berlin)</bdi>"), "{path}");
    }
    let programme = stand.get("/rustfest/programme").await.text();
    assert!(programme.contains(r#"<time datetime="2026-06-01T11:40:00.000Z">13:40</time>"#), "{programme}");
    assert!(programme.contains(r#"<a href="/rustfest/programme" aria-current="page">Programme</a>"#));
    let room = stand.get("/rustfest/rooms/main-hall").await.text();
    assert!(room.contains(r#"<a href="/rustfest/programme" aria-current="true">Programme</a>"#), "below it");
    assert!(room.contains(r#"href="/rustfest/rooms/main-hall/feed.atom""#));
}

#[tokio::test]
async fn a_home_with_one_event_shows_it_large_whenever_it_is() {
    let stand = Stand::new().await;
    let home = async |seq: u64, days: &str| {
        let text = format!("slug = \"{SLUG}\"\ntitle = \"RustFest\"\n{days}\n");
        let event = Box::new(EventFile::parse(&text).unwrap().entry());
        stand.commit(vec![Entry { seq, at: NOON, kind: Kind::Event { event } }]).await;
        stand.get("/").await.text()
    };
    for (seq, days, head, way) in [
        (5, "starts = 2026-06-01\nends = 2026-06-02", "On now", "Open the live page"),
        (6, "starts = 2026-07-01\nends = 2026-07-02", "Next", "See the programme"),
        (7, "starts = 2026-05-01\nends = 2026-05-02", "Last", "Read it by talk"),
    ] {
        let page = home(seq, days).await;
        assert!(page.contains(&format!("<h2>{head}</h2>")) && page.contains(way), "{page}");
        assert_eq!(page.matches("RustFest</h3>").count(), 1, "once, and large");
        assert_eq!(page.contains("Forms that forgive"), head != "Last", "talks that are on or come first");
    }
}

#[tokio::test]
async fn a_phone_may_keep_the_page_on_its_home_screen() {
    let stand = Stand::new().await;
    let manifest = stand.get("/rustfest/app.webmanifest").await;
    assert_eq!(manifest.header("content-type"), "application/manifest+json");
    let told: serde_json::Value = serde_json::from_slice(&manifest.body).unwrap();
    assert_eq!((told["name"].as_str(), told["start_url"].as_str()), (Some("RustFest"), Some("/rustfest")));
    for icon in told["icons"].as_array().unwrap() {
        let file = stand.get(icon["src"].as_str().unwrap()).await;
        assert_eq!(file.header("content-type"), icon["type"].as_str().unwrap());
    }
    assert_eq!(&stand.get("/favicon.ico").await.body[..4], [0, 0, 1, 0]);
}

#[tokio::test]
async fn an_answer_that_was_taken_away_is_neither_shown_nor_counted_below_its_post() {
    let stand = Stand::new().await;
    let asked = item("asked", Words::plain("Is it recorded?"));
    let answer = |seq: u64, native: &str| {
        let mut answer = item(native, Words::plain(format!("Said {native}")));
        answer.reply_to = Some(asked.id());
        post_of(seq, answer)
    };
    let id = asked.id();
    stand
        .commit(vec![post_of(5, asked.clone()), answer(6, "hidden"), answer(7, "removed"), answer(8, "kept")])
        .await;
    for is_archived in [true, false] {
        if is_archived {
            stand.archive_all().await;
        } else {
            stand.commit(vec![gone(9, 6, "hidden", false), gone(10, 7, "removed", true)]).await;
        }
        let page = stand.get(&format!("/{SLUG}/posts/{id}")).await.text();
        let counted = if is_archived { "3 answers" } else { "1 answer" };
        assert!(page.contains(&format!(">{counted}<")) && page.contains("Said kept"), "{page}");
        assert_eq!(page.contains("Said hidden"), is_archived);
    }
}
