//! The page that says where posts come from and how to be left out.

use super::stand::{SLUG, Stand};
use http::StatusCode;
use model::event::EventFile;
use model::{Entry, Kind, Micros};

const EVENT: &str = r#"slug = "rustfest"
title = "RustFest <b>"
hashtags = ["rustfest", "rustfest26"]
onsite = "hold"
[[source]]
name = "fosstodon"
kind = "mastodon"
url = "https://secret.example"
token_env = "FOSSTODON_TOKEN"
[[source]]
name = "sky"
kind = "bluesky"
consent = "drop"
moderation = "hold"
tags = ["rf26"]
[[source]]
name = "blog"
kind = "feed"
url = "https://blog.example/feed"
"#;

async fn stand() -> Stand {
    let stand = Stand::new().await;
    let event = Box::new(EventFile::parse(EVENT).unwrap().entry());
    let seq = 5;
    stand.commit(vec![Entry { seq, at: Micros(1_795_189_320_000_000), kind: Kind::Event { event } }]).await;
    stand
}

#[tokio::test]
async fn it_says_of_each_source_what_it_takes_and_what_is_done_with_wishes() {
    let page = stand().await.get(&format!("/{SLUG}/about")).await;
    assert_eq!(page.status, StatusCode::OK);
    let text = page.text();
    for part in [
        "fosstodon",
        "Mastodon",
        "Posts with #rustfest #rustfest26",
        "Shown while the event runs, never archived",
        "Bluesky",
        "Posts with #rf26",
        "Not taken at all",
        "Shown once a moderator has read it",
        "Every article",
        "What you write on this page is shown once a moderator has read it.",
        "#nobot",
    ] {
        assert!(text.contains(part), "{part}");
    }
    assert!(!text.contains("secret.example") && !text.contains("FOSSTODON_TOKEN"));
    assert!(!text.contains("RustFest <b>"), "the title is text");
    assert_eq!(
        text.matches("<script").count(),
        1,
        "the reader's own time is the only script, and it reads without"
    );
}

#[tokio::test]
async fn headings_come_in_order_and_every_page_of_the_event_leads_there() {
    let stand = stand().await;
    let page = stand.get(&format!("/{SLUG}/about")).await;
    let text = page.text();
    let h1 = text.matches("<h1").count();
    assert_eq!((h1, text.matches("<h2").count(), text.matches("<h3").count()), (1, 5, 3));
    assert!(text.contains("<main") && text.contains("href=\"#about\""));
    for path in [format!("/{SLUG}"), format!("/{SLUG}/programme")] {
        assert!(stand.get(&path).await.text().contains(&format!("href=\"/{SLUG}/about\"")), "{path}");
    }
    assert_eq!(stand.get("/nothing-here/about").await.status, StatusCode::NOT_FOUND);
}
