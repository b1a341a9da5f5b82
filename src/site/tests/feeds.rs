//! Feeds as readers get them: what each format must have whatever people write, edits, removals, conditional requests, pages.

use super::{
    entries::{edit, gone, item, post, post_of},
    feed_rules::{check, check_atom},
    pages::hostile_posts,
    stand::{Answer, SLUG, Stand},
    tree::{Element, parse},
};
use axum::body::Body;
use http::{Request, StatusCode};
use model::{Body as Words, Entry, Item, ItemId, Media, MediaKind, Micros, Run, Uid};
use std::collections::BTreeSet;

/// Where feeds are, without the name of the form.
pub(super) const FEEDS: [&str; 3] =
    ["/rustfest/feed.", "/rustfest/talks/t1/feed.", "/rustfest/rooms/main-hall/feed."];
const FORMATS: [&str; 3] = ["atom", "rss", "json"];

fn id(native: &str) -> ItemId {
    Uid::new("mastodon", native).id()
}

fn photo(alt: &str) -> Media {
    Media {
        kind: MediaKind::Photo,
        url: "https://pictures.example/a.png".into(),
        width: Some(1600),
        height: Some(1067),
        alt: Some(alt.into()),
        licence: Some("CC BY 4.0".into()),
    }
}

fn said(native: &str, change: impl FnOnce(&mut Item)) -> Item {
    let mut item = item(native, Words::plain("words"));
    change(&mut item);
    item
}

/// Posts of every kind, from entry 5 on.
fn all_kinds() -> Vec<Entry> {
    let link = Run::Link { link: "https://example.org/a?b=1&c=2".into(), text: "the slides".into() };
    let mention = Run::Mention { mention: "@bob".into(), url: Some("https://social.example/@bob".into()) };
    let runs = vec![
        Run::text("Two\nlines by "),
        mention,
        Run::text(" with "),
        link,
        Run::Tag { tag: "rust".into() },
    ];
    let items = vec![
        item("runs", Words(runs)),
        said("controls", |i| {
            i.body = Words::plain(
                "a\u{0}b\u{1}c\u{b}d\u{7f}e\u{85}f\u{fffe}g\u{ffff}h\u{1ffff}i\r\nj ]]> &amp; &#0;",
            );
        }),
        said("long", |i| i.body = Words::plain("long words ".repeat(10_000))),
        said("rtl", |i| {
            i.body = Words::plain("שלום עולם \u{202e}olleh\u{202c} مرحبا");
            i.author.name = "\u{202e}אבא".into();
            i.lang = Some("he".into());
        }),
        said("pictures", |i| i.media = vec![photo("A \"full\" hall <b>"), photo("")]),
        said("covered", |i| {
            i.cover = Some("Spoilers <b>".into());
            i.body = Words::plain("covered-words");
            i.media = vec![photo("covered-alt")];
            i.title = Some("covered-title".into());
        }),
        said("sensitive", |i| {
            i.cover = Some(String::new());
            i.media = vec![photo("sensitive-alt")];
        }),
        said("article", |i| i.title = Some("Why <caches> & co.".into())),
        said("answer", |i| i.reply_to = Some(id("runs"))),
        said("orphan", |i| i.reply_to = Some(id("nobody-knows"))),
        said("live-only", |i| {
            i.retain = model::Retain::Live;
            i.body = Words::plain("live-only-words");
        }),
        said("nameless", |i| {
            i.author.name = String::new();
            i.author.handle = String::new();
            i.body = Words::default();
        }),
    ];
    let mut all: Vec<Entry> =
        items.into_iter().enumerate().map(|(n, item)| post_of(5 + n as u64, item)).collect();
    all.extend(hostile_posts(5 + all.len() as u64));
    all
}

async fn full() -> Stand {
    let stand = Stand::new().await;
    stand.commit(all_kinds()).await;
    stand.archive_all().await;
    stand
}

async fn feed(stand: &Stand, path: &str) -> Answer {
    let answer = stand.get(path).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
    answer
}

#[tokio::test]
async fn every_form_has_what_it_must_have_whatever_people_write() {
    let stand = full().await;
    let mut names: BTreeSet<Vec<String>> = BTreeSet::new();
    for path in FEEDS {
        for format in FORMATS {
            let path = format!("{path}{format}");
            let answer = feed(&stand, &path).await;
            let kind = match format {
                "json" => "application/feed+json; charset=utf-8".to_owned(),
                xml => format!("application/{xml}+xml; charset=utf-8"),
            };
            assert_eq!(answer.header("content-type"), kind);
            let text = answer.text();
            for never in [
                "covered-words",
                "covered-alt",
                "covered-title",
                "sensitive-alt",
                "live-only-words",
                "javascript:",
            ] {
                assert!(!text.contains(never), "{path} holds {never}");
            }
            for never in ['\u{0}', '\u{b}', '\u{fffe}', '\u{ffff}', '\u{1ffff}'] {
                assert!(!text.contains(never), "{path} holds {never:?}");
            }
            names.insert(check(format, &text));
        }
    }
    assert_eq!(names.len(), 1, "a post has one name in all feeds of its event");
    assert_eq!(names.first().map(Vec::len), Some(all_kinds().len() - 1), "all but what is shown live only");
}

#[tokio::test]
async fn an_entry_says_who_where_what_it_answers_and_what_is_to_be_seen() {
    let stand = full().await;
    let text = feed(&stand, "/rustfest/feed.atom").await.text();
    let atom = parse(&text);
    let find = |native: &str| {
        let page = format!("http://127.0.0.1:8080/rustfest/posts/{}", id(native));
        let is_it = |entry: &&Element| entry.all("link").any(|link| link.attribute("href") == Some(&page));
        atom.all("entry").find(is_it).unwrap_or_else(|| panic!("{native} is not in the feed"))
    };
    let runs = find("runs");
    assert_eq!(runs.words("title"), "Ada: Two lines by @bob with the slides (example.org)#rust");
    let html = runs.words("content");
    assert!(html.contains("Two<br>lines by <a href=\"https://social.example/@bob\" rel=\"nofollow ugc noopener\"><bdi>@bob</bdi></a>"), "{html}");
    assert!(html.contains("href=\"https://example.org/a?b=1&#38;c=2\""), "{html}");
    let terms: Vec<_> = runs.all("category").filter_map(|category| category.attribute("label")).collect();
    assert_eq!(terms, ["Forms that forgive", "Main hall"]);
    let pictures = find("pictures");
    let enclosures: Vec<_> =
        pictures.all("link").filter(|link| link.attribute("rel") == Some("enclosure")).collect();
    assert_eq!(enclosures.len(), 2);
    assert_eq!(enclosures[0].attribute("title"), Some("A \"full\" hall <b>"));
    assert_eq!(enclosures[0].attribute("type"), Some("image/png"));
    assert!(
        enclosures[0]
            .attribute("href")
            .is_some_and(|href| href.starts_with("http://127.0.0.1:8080/media/rustfest."))
    );
    assert!(pictures.words("content").contains("alt=\"A &#34;full&#34; hall &#60;b&#62;\" width=\"1600\""));
    let covered = find("covered");
    assert_eq!(covered.words("title"), "Ada: Content warning: Spoilers <b>");
    assert!(covered.words("content").contains("Show it on its page"));
    assert!(find("sensitive").all("link").all(|link| link.attribute("rel") != Some("enclosure")));
    assert_eq!(find("article").words("title"), "Ada: Why <caches> & co.");
    assert_eq!(find("nameless").words("title"), "Somebody: a post");
    assert!(
        !find("rtl").words("title").contains('\u{202e}') && find("rtl").attribute("xml:lang") == Some("he")
    );
    let reply = |native: &str| find(native).all("thr:in-reply-to").next().expect("it answers").clone();
    assert_eq!(reply("answer").attribute("ref"), Some(runs.words("id")));
    assert!(reply("answer").attribute("href").is_some() && reply("orphan").attribute("href").is_none());
    let long = find("long").words("content").len();
    assert!(long > 100_000, "a long post is whole: {long}");
    assert!(find("long").words("title").ends_with('…'));
}

#[tokio::test]
async fn feedparser_reads_every_feed_without_a_complaint() {
    let stand = full().await;
    let folder = tempfile::tempdir().expect("a directory");
    let mut files = Vec::new();
    for (n, path) in FEEDS.iter().chain([&"/rustfest/schedule/changes."]).enumerate() {
        for format in ["atom", "rss"] {
            if path.contains("changes") && format == "rss" {
                continue;
            }
            let file = folder.path().join(format!("{n}.{format}"));
            std::fs::write(&file, feed(&stand, &format!("{path}{format}")).await.body).expect("written");
            files.push(file);
        }
    }
    let Some(read) = testkit::judges::feedparser(&files) else { return };
    for (file, feed) in files.iter().zip(read.expect("feedparser runs")) {
        assert_eq!(feed["bozo"], false, "{}: {}", file.display(), feed["why"]);
        let entries = feed["entries"].as_array().expect("entries");
        let is_of_posts = !file.ends_with("3.atom");
        assert!(!is_of_posts || entries.len() == all_kinds().len() - 1, "{}", file.display());
        for entry in entries {
            for there in ["id", "title", "link", "author", "published", "updated"] {
                assert!(entry[there].as_str().is_some_and(|text| !text.is_empty()), "{there} of {entry}");
            }
        }
        let is_rss = file.extension().is_some_and(|end| end == "rss");
        assert_eq!(feed["version"], if is_rss { "rss20" } else { "atom10" });
        let pictured =
            entries.iter().filter(|entry| entry["enclosures"].as_array().is_some_and(|all| !all.is_empty()));
        assert_eq!(pictured.count(), usize::from(is_of_posts), "{}", file.display());
    }
}

#[tokio::test]
async fn an_edit_keeps_its_name_and_what_is_removed_is_named_once_more_without_words() {
    let stand = Stand::new().await;
    stand
        .commit(vec![post(5, "a", "first-wording"), post(6, "b", "secret-words"), post(7, "c", "stays")])
        .await;
    stand.archive_all().await;
    let before = parse(&feed(&stand, "/rustfest/feed.atom").await.text());
    let name = |feed: &Element, words: &str| {
        let entry =
            feed.all("entry").find(|entry| entry.words("title").contains(words)).expect("it is there");
        (entry.words("id").to_owned(), entry.words("updated").to_owned())
    };
    let (edited, removed) = (name(&before, "first-wording"), name(&before, "secret-words"));
    stand.commit(vec![edit(8, 5, "a", "second-wording"), gone(9, 6, "b", false)]).await;
    let text = feed(&stand, "/rustfest/feed.atom").await.text();
    assert!(!text.contains("first-wording") && !text.contains("secret-words"));
    let after = parse(&text);
    check_atom(&text);
    assert_eq!(name(&after, "second-wording").0, edited.0);
    assert!(name(&after, "second-wording").1 > edited.1, "an edit is newer");
    let deleted: Vec<_> = after.all("at:deleted-entry").collect();
    assert_eq!(deleted.len(), 1);
    assert_eq!(deleted[0].attribute("ref"), Some(removed.0.as_str()));
    assert!(after.words("updated") > before.words("updated"));
    let talk = feed(&stand, "/rustfest/talks/t1/feed.atom").await.text();
    assert!(!talk.contains("deleted-entry"), "nobody knows any more which talk it was filed to");
}

#[tokio::test]
async fn who_has_a_feed_is_told_so_and_keeps_it_no_longer_than_a_removal_may_take() {
    let stand = Stand::new().await;
    stand.commit(vec![post(5, "a", "words")]).await;
    for path in ["/rustfest/feed.atom", "/rustfest/talks/t1/feed.rss", "/rustfest/rooms/main-hall/feed.json"]
    {
        let first = feed(&stand, path).await;
        assert_eq!(
            first.header("cache-control"),
            "public, max-age=2, stale-while-revalidate=1, stale-if-error=0"
        );
        assert!(first.header("vary").contains("accept-encoding"), "{:?}", first.headers);
        assert_eq!(first.header("x-robots-tag"), "noindex", "the event is not published");
        assert!(first.header("last-modified").ends_with("GMT"));
        let ask = |method: &str, tag: &str| {
            let request = Request::builder().method(method).uri(path).header("if-none-match", tag);
            stand.ask(request.body(Body::empty()).expect("a request"))
        };
        let again = ask("GET", first.header("etag")).await;
        assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0));
        assert_eq!(again.header("etag"), first.header("etag"));
        assert!(!again.header("cache-control").is_empty());
        let head = ask("HEAD", "\"other\"").await;
        assert_eq!((head.status, head.body.len()), (StatusCode::OK, 0));
        assert_eq!(head.header("etag"), first.header("etag"));
        assert_eq!(ask("GET", "\"other\"").await.status, StatusCode::OK);
    }
    let before = feed(&stand, "/rustfest/talks/t1/feed.atom").await;
    stand.commit(vec![gone(6, 5, "a", true)]).await;
    let after = feed(&stand, "/rustfest/talks/t1/feed.atom").await;
    assert_ne!(before.header("etag"), after.header("etag"));
}

#[tokio::test]
async fn what_is_unknown_is_not_found_and_a_talk_that_left_before_anybody_spoke_is_gone() {
    let stand = Stand::new().await;
    let mut dropped = stand_talk("t9");
    dropped.dropped = true;
    stand
        .commit(vec![Entry {
            seq: 5,
            at: super::entries::NOON,
            kind: model::Kind::Talk { talk: Box::new(dropped) },
        }])
        .await;
    for (path, status) in [
        ("/nowhere/feed.atom", StatusCode::NOT_FOUND),
        ("/rustfest/talks/t99/feed.rss", StatusCode::NOT_FOUND),
        ("/rustfest/rooms/cellar/feed.json", StatusCode::NOT_FOUND),
        ("/rustfest/talks/t9/feed.atom", StatusCode::GONE),
        ("/rustfest/talks/t2/feed.atom", StatusCode::OK),
        ("/rustfest/feed.atom?after=nonsense", StatusCode::BAD_REQUEST),
        ("/rustfest/feed.atom?after=1.k3f9q2m7xw4d", StatusCode::OK),
    ] {
        assert_eq!(stand.get(path).await.status, status, "{path}");
    }
}

fn stand_talk(id: &str) -> model::Talk {
    let at = super::entries::NOON.0;
    serde_json::from_value(serde_json::json!({
        "id": id, "title": "Called off", "room": "side", "day": "2026-06-01", "start": at, "end": at + Micros::HOUR,
    }))
    .expect("a talk")
}

#[tokio::test]
async fn pages_of_a_feed_lead_through_everything_once() {
    let stand = Stand::new().await;
    let posts = (0..250).map(|n| {
        let mut item = item(&n.to_string(), Words::plain(format!("number {n}.")));
        item.when = item.when.plus(i64::from(n) * Micros::SECOND);
        post_of(5 + n as u64, item)
    });
    stand.commit(posts.collect()).await;
    // What the archive has not yet belongs to the first page as well.
    stand.archive_all().await;
    stand.commit(vec![gone(255, 5 + 200, "200", true)]).await;
    for (path, format) in [(FEEDS[0], "atom"), (FEEDS[1], "rss"), (FEEDS[2], "json")] {
        let (mut all, mut next, mut pages) = (Vec::new(), Some(format!("{path}{format}")), 0);
        while let Some(path) = next {
            let text = feed(&stand, &path).await.text();
            all.extend(check(format, &text));
            pages += 1;
            next = next_page(format, &text);
        }
        assert_eq!((all.len(), pages), (249, 3), "{path}{format}");
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), 249, "nothing twice");
    }
}

fn next_page(format: &str, text: &str) -> Option<String> {
    let address = if format == "json" {
        let json: serde_json::Value = serde_json::from_str(text).expect("JSON");
        json["next_url"].as_str().map(str::to_owned)
    } else {
        let feed = parse(text);
        let (around, name) = match format {
            "rss" => (feed.all("channel").next().expect("a channel").clone(), "atom:link"),
            _ => (feed, "link"),
        };
        let found = around.all(name).find(|link| link.attribute("rel") == Some("next"));
        found.and_then(|link| link.attribute("href")).map(str::to_owned)
    };
    address.map(|address| address.trim_start_matches("http://127.0.0.1:8080").to_owned())
}

#[tokio::test]
async fn without_the_archive_a_feed_has_what_the_log_holds() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let stand = Stand::on(&format!("postgres://nobody@{}/none", silent.local_addr().expect("bound"))).await;
    stand.commit(vec![post(5, "a", "still here")]).await;
    assert!(feed(&stand, "/rustfest/talks/t1/feed.atom").await.text().contains("still here"));
    let older = stand.get(&format!("/{SLUG}/feed.atom?after=1.k3f9q2m7xw4d")).await;
    assert_eq!(older.status, StatusCode::SERVICE_UNAVAILABLE, "what only the archive knows");
}
