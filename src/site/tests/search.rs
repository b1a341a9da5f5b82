//! Search, photos and links: what is in the address, what is marked, what is covered, and what is gone.

use super::{
    entries::{NOON, edit, gone, item, post, post_of},
    stand::{SLUG, Stand},
};
use http::StatusCode;
use model::{Author, Body as Words, Card, Item, Kind, Media, MediaKind, Micros, Run};

async fn page(stand: &Stand, path: &str) -> String {
    let answer = stand.get(path).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
    answer.text()
}

async fn with(entries: Vec<model::Entry>) -> Stand {
    let stand = Stand::new().await;
    stand.commit(entries).await;
    stand.archive_all().await;
    stand
}

fn said(native: &str, minutes: i64, words: &str) -> Item {
    let when = NOON.plus(minutes * Micros::MINUTE);
    Item { when, ..item(native, Words(vec![Run::text(words)])) }
}

fn by(who: &str, item: Item) -> Item {
    let author = Author {
        id: who.into(),
        name: who.into(),
        handle: format!("@{who}@social.example"),
        ..Author::default()
    };
    Item { author, ..item }
}

fn photo(alt: Option<&str>, licence: Option<&str>) -> Media {
    Media {
        kind: MediaKind::Photo,
        url: "https://social.example/1.jpg".into(),
        width: Some(1600),
        height: Some(900),
        alt: alt.map(str::to_owned),
        licence: licence.map(str::to_owned),
    }
}

fn link(native: &str, minutes: i64, url: &str) -> Item {
    let mut item = said(native, minutes, "see ");
    item.body.push(Run::Link { link: url.into(), text: String::new() });
    item
}

#[tokio::test]
async fn what_was_searched_for_is_marked_as_text_and_the_address_holds_the_search() {
    let mut two = said("2", 1, "<b>Café</b> & a cafe\u{301} in the ");
    two.body.push(Run::Tag { tag: "CAFE".into() });
    two.title = Some("Cafés".into());
    let stand = with(vec![post(5, "1", "nothing of the kind"), post_of(6, two)]).await;
    let text = page(&stand, &format!("/{SLUG}/search?q=cafe&by=ada&room=main-hall&from=2026-06-01")).await;
    assert!(
        text.contains("1 post with “cafe”, by ada, in Main hall, from 1 June on, newest first."),
        "{text}"
    );
    assert!(
        text.contains("&#60;b&#62;<mark>Café</mark>&#60;/b&#62; &#38; a <mark>cafe\u{301}</mark> in the "),
        "{text}"
    );
    assert!(text.contains("#<mark>CAFE</mark></span>") && text.contains(">Cafés<"), "{text}");
    assert!(!text.contains("nothing of the kind"));
    assert!(text.contains("<h2>Monday 1 June</h2>"), "{text}");
    assert!(text.contains("Forms that forgive, Main hall</a>"), "where it was said: {text}");
    assert!(text.contains("value=\"main-hall\" selected") && text.contains("value=\"2026-06-01\""), "{text}");
    assert!(text.contains(r#"name="robots" content="noindex""#));
    assert!(!page(&stand, &format!("/{SLUG}")).await.contains("<mark>"), "nothing is marked elsewhere");
    let text = page(&stand, &format!("/{SLUG}/search?q=%22%3E%3Cscript%3E")).await;
    assert!(!text.contains("\"><script>"), "what was typed is printed escaped");
}

#[tokio::test]
async fn pages_of_a_search_follow_each_other_and_nothing_found_says_what_to_try() {
    let posts = (0..120).map(|n| post_of(5 + n, said(&n.to_string(), n as i64 / 7, "rust again")));
    let stand = with(posts.collect()).await;
    let mut path = format!("/{SLUG}/search?q=rust&source=mastodon");
    let mut seen = Vec::new();
    loop {
        let text = page(&stand, &path).await;
        assert!(text.contains("120 posts with “rust”, from Mastodon, newest first."), "{text}");
        let ids =
            text.split("data-id=\"").skip(1).map(|rest| rest.split('"').next().unwrap_or("").to_owned());
        seen.extend(ids);
        let Some(more) = text.split("<p class=\"more\"><a class=\"btn\" href=\"").nth(1) else { break };
        path = more.split('"').next().unwrap_or_default().replace("&#38;", "&");
    }
    let distinct: std::collections::BTreeSet<&String> = seen.iter().collect();
    assert_eq!((seen.len(), distinct.len()), (120, 120));
    let text = page(&stand, &format!("/{SLUG}/search?q=rust+zanzibar&talk=t2")).await;
    assert!(text.contains("No post with “rust zanzibar”, in “Who else reads your cache?”."), "{text}");
    for way in ["q=rust+zanzibar*&#38;talk=t2", "?q=rust+zanzibar\"", "?q=rust&#38;talk=t2"] {
        assert!(text.contains(way), "{way}: {text}");
    }
}

#[tokio::test]
async fn what_cannot_be_searched_for_is_refused_with_the_cure() {
    let stand = with(vec![post(5, "1", "one")]).await;
    let ask = format!("/{SLUG}/search?");
    for (query, cure) in [
        ("from=yesterday", "2026-06-01T15:42"),
        ("q=x&from=2026-06-02&to=2026-06-01", "earlier time first"),
        ("q=x&talk=t99", "programme"),
        ("q=x&room=attic", "programme"),
        ("has=cake", "photos, questions and links"),
        ("q=x&after=nowhere", "anew"),
        ("q=...", "no letter or digit"),
        (&format!("q={}", "x".repeat(300)), "200 characters"),
    ] {
        let answer = stand.get(&format!("{ask}{query}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}");
        assert!(answer.text().contains(cure), "{query}: {}", answer.text());
    }
    let text = page(&stand, &format!("{ask}q=&by=&talk=&has=")).await;
    assert!(
        text.contains("stand side by side") && !text.contains("data-id="),
        "a blank form only explains itself"
    );
    for query in ["q=%FFx%00", "q=x&q=y&has=photo&has=link", "%", "&&&"] {
        assert_eq!(stand.get(&format!("{ask}{query}")).await.status, StatusCode::OK, "{query}");
    }
}

#[tokio::test]
async fn a_word_that_was_taken_away_is_not_found_even_before_the_archive_knows() {
    let stand = with(vec![
        post(5, "1", "zanzibar one"),
        post(6, "2", "zanzibar two"),
        post(7, "3", "zanzibar three"),
    ])
    .await;
    let ask = format!("/{SLUG}/search?q=zanzibar");
    assert!(page(&stand, &ask).await.contains("3 posts with “zanzibar”"));
    stand.commit(vec![gone(8, 5, "1", true), edit(9, 6, "2", "quite harmless")]).await;
    let text = page(&stand, &ask).await;
    assert!(!text.contains("one</p>") && !text.contains("harmless") && text.contains("three"), "{text}");
    stand.archive_all().await;
    let text = page(&stand, &ask).await;
    assert!(text.contains("1 post with “zanzibar”") && !text.contains("harmless"), "{text}");
}

#[tokio::test]
async fn photos_come_newest_first_and_what_is_covered_stays_covered() {
    let mut one = said("1", 0, "the hall");
    one.media = vec![photo(Some("The hall at noon"), None), photo(None, Some("CC BY 2.0"))];
    let mut two = said("2", 1, "careful");
    two.cover = Some("blood".into());
    two.media = vec![photo(Some("not to be told"), None)];
    let mut three = said("3", 30 * 60, "next day");
    three.media = vec![photo(Some("Breakfast"), None)];
    let mut other = post_of(8, three);
    if let Kind::Post(entry) = &mut other.kind {
        entry.filing.state = model::FilingState::Unsorted;
    }
    let stand = with(vec![post_of(5, one), post_of(6, two), post(7, "4", "only words"), other]).await;
    let text = page(&stand, &format!("/{SLUG}/photos")).await;
    let at = |what: &str| text.find(what).unwrap_or_else(|| panic!("{what}: {text}"));
    assert!(at("Breakfast") < at("blood") && at("blood") < at("The hall at noon"), "the newest first");
    assert!(text.contains("alt=\"Photo by Ada, without a description\""), "{text}");
    assert!(text.contains("width=\"1600\" height=\"900\"") && text.contains("CC BY 2.0"), "{text}");
    assert_eq!(text.matches("<img ").count(), 3, "the covered one is not fetched");
    assert!(!text.contains("not to be told") && text.contains("Open the post"), "{text}");
    let day = page(&stand, &format!("/{SLUG}/photos?day=2026-06-01")).await;
    assert!(!day.contains("Breakfast") && day.contains("The hall at noon"), "{day}");
    let talk = page(&stand, &format!("/{SLUG}/photos?talk=t1")).await;
    assert!(
        !talk.contains("Breakfast") && talk.contains("Photos of <a href=\"/rustfest/talks/t1\">"),
        "{talk}"
    );
    for (bad, status) in [
        ("photos?day=June", StatusCode::BAD_REQUEST),
        ("photos?talk=t99", StatusCode::NOT_FOUND),
        ("photos?after=x", StatusCode::BAD_REQUEST),
        ("links?talk=t99", StatusCode::NOT_FOUND),
        ("links?after=x", StatusCode::BAD_REQUEST),
    ] {
        assert_eq!(stand.get(&format!("/{SLUG}/{bad}")).await.status, status, "{bad}");
    }
    stand.commit(vec![gone(9, 5, "1", false)]).await;
    assert!(!page(&stand, &format!("/{SLUG}/photos")).await.contains("The hall at noon"), "gone at once");
}

#[tokio::test]
async fn links_are_ranked_by_people_and_shown_without_what_follows_them() {
    let mut carded = by("cy", link("4", 3, "http://a.example/Talk/Slides/?utm_campaign=z"));
    carded.card =
        Some(Card { url: "https://a.example/Talk/Slides".into(), title: "The <slides>".into(), text: None });
    let stand = with(vec![
        post_of(5, by("ada", link("1", 0, "https://www.a.example/Talk/Slides?utm_source=x&fbclid=1"))),
        post_of(6, by("bo", link("2", 1, "https://a.example/Talk/Slides/#end"))),
        post_of(7, by("bo", link("3", 2, "https://b.example/"))),
        post_of(8, carded),
        post_of(9, by("bo", link("5", 4, "https://b.example"))),
        post_of(10, by("eve", link("6", 5, "javascript:alert(1)"))),
    ])
    .await;
    let text = page(&stand, &format!("/{SLUG}/links")).await;
    let (a, b) = (text.find("a.example").expect("a"), text.find("b.example").expect("b"));
    assert!(
        a < b
            && text.contains("<b>3</b> <span>people</span>")
            && text.contains("<b>1</b> <span>person</span>"),
        "{text}"
    );
    assert!(text.contains("The &#60;slides&#62;") && text.contains("ada, bo and cy"), "{text}");
    assert!(text.contains("<span class=\"host\">a.example</span>/Talk/Slides</p>"), "{text}");
    assert!(!text.contains("utm_") && !text.contains("fbclid") && !text.contains("javascript:"), "{text}");
    assert!(
        text.contains("First shared <a href=\"/rustfest/posts/") && text.contains("Monday 14:00"),
        "{text}"
    );
    assert!(text.contains("<a href=\"/rustfest/talks/t1\" dir=\"auto\">Forms that forgive</a>"), "{text}");
    let talk = page(&stand, &format!("/{SLUG}/links?talk=t2")).await;
    assert!(talk.contains("No links here yet."), "{talk}");
    // Whoever shared it first took it back: the archive does not know yet, and nobody is named any more.
    stand.commit(vec![gone(11, 5, "1", true), gone(12, 7, "3", true), gone(13, 9, "5", true)]).await;
    let text = page(&stand, &format!("/{SLUG}/links")).await;
    assert!(!text.contains("ada") && !text.contains("b.example"), "{text}");
    assert!(text.contains("https://a.example/Talk/Slides/#end"), "{text}");
}
