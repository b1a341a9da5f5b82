//! A feed's address: what moves it, what does not, and what is shown to whom.

use chassis::Secret;
use networks::raw::{Raw, answer};

use super::*;
use crate::feed::place::Place;
use crate::source::Cursor;

fn moved(cursor: Option<&Cursor>, address: &str) -> Option<String> {
    Place::parse(cursor, &Url::parse(address).unwrap()).moved.map(String::from)
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_lasting_redirect_to_a_feed_moves_it() {
    let server = blog(posts(3), Faults::default()).await;
    for (path, want) in [
        ("moved-301/feed.xml", Some("feed.xml")),
        ("moved-308/moved-301/feed.xml", Some("feed.xml")),
        ("moved-301/moved-302/feed.xml", Some("moved-302/feed.xml")),
        ("moved-302/moved-301/feed.xml", None),
        ("moved-302/feed.xml", None),
        ("moved-303/feed.xml", None),
        ("moved-307/feed.xml", None),
        ("says-moved/feed.xml", Some("feed.xml")),
        ("moved-301/says-moved/feed.xml", Some("says-moved/feed.xml")),
        ("says-moved/login/feed.xml", None),
    ] {
        let address = format!("{}/{path}", server.url());
        let heard =
            listen(source(&address).as_ref(), &FROM_START, |h| h.posts.len() == 3 && h.cursor.is_some())
                .await;
        let want = want.map(|want| format!("{}/{want}", server.url()));
        assert_eq!(moved(heard.cursor.as_ref(), &address), want, "{path}");
        assert_eq!(heard.uids(), originals(&server, &address), "{path}: a feed that moves keeps its items");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_that_has_moved_is_asked_there_after_a_restart() {
    let raw = Raw::serve(|asked| match (asked.path.as_str(), asked.before) {
        ("/old", 0) => answer(301, &[("location", "/new")], b""),
        ("/new", _) => {
            answer(200, &[], b"<rss><channel><item><title>a</title><guid>1</guid></item></channel></rss>")
        }
        _ => answer(410, &[], b""),
    })
    .await
    .unwrap();
    let address = format!("{}/old", raw.url());
    let heard = listen(source(&address).as_ref(), &FROM_START, |h| h.cursor.is_some()).await;
    let since = Since { cursor: heard.cursor, ..FROM_START };
    let again = listen(source(&address).as_ref(), &since, |h| h.alive > 1 && !h.backfills.is_empty()).await;
    assert_eq!((again.ends.len(), raw.times("/old")), (0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_to_a_page_or_an_error_moves_nothing() {
    let raw = Raw::serve(|asked| match (asked.path.as_str(), asked.before) {
        ("/feed", 0) => answer(301, &[("location", "/login")], b""),
        ("/feed", 1) => answer(308, &[("location", "/nowhere")], b""),
        ("/feed", _) => {
            answer(200, &[], b"<rss><channel><item><title>a</title><guid>1</guid></item></channel></rss>")
        }
        ("/login", _) => answer(200, &[], b"<html><form>Log in</form></html>"),
        _ => answer(404, &[], b""),
    })
    .await
    .unwrap();
    let address = format!("{}/feed", raw.url());
    let heard = listen(source(&address).as_ref(), &FROM_START, |h| h.cursor.is_some()).await;
    assert_eq!((heard.ends.len(), moved(heard.cursor.as_ref(), &address)), (2, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_are_shown_to_the_configured_server_alone() {
    let feed = b"<rss><channel><item><title>a</title><guid>1</guid></item></channel></rss>";
    let other = Raw::serve(move |_| answer(200, &[], feed)).await.unwrap();
    let there = other.url();
    let raw = Raw::serve(move |_| answer(302, &[("location", &there)], b"")).await.unwrap();
    let token = Some(Secret::new("s3cret".to_owned()));
    let settings = SourceSettings { token, ..of(&raw.url()) };
    listen(source_with(&settings, Arc::new(Forgetful)).as_ref(), &FROM_START, |h| h.posts.len() == 1).await;
    assert_eq!(raw.asked()[0].header("authorization"), Some("Bearer s3cret"));
    assert_eq!(other.asked()[0].header("authorization"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn validators_are_sent_back_verbatim_and_only_after_the_document_was_read() {
    let feed = "<rss><channel><item><title>a</title><guid>1</guid></item></channel></rss>";
    let raw = Raw::serve(move |asked| {
        let validators = [("etag", "W/\"a,  b\""), ("last-modified", "some time ago")];
        match asked.before {
            0 => answer(200, &validators, b"<html>not yet</html>"),
            1 => answer(200, &validators, feed),
            _ => answer(304, &[], b""),
        }
    })
    .await
    .unwrap();
    let heard =
        listen(source(&raw.url()).as_ref(), &FROM_START, |h| h.alive > 1 && !h.backfills.is_empty()).await;
    assert_eq!((heard.deliveries, heard.ends.len()), (1, 1));
    let asked = raw.asked();
    assert_eq!(asked[1].header("if-none-match"), None, "the page's validators are nobody's");
    assert_eq!(asked[2].header("if-none-match"), Some("W/\"a,  b\""));
    assert_eq!(asked[2].header("if-modified-since"), Some("some time ago"));
}
