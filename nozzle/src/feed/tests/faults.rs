//! What each fault of a server leads to.

use networks::Faults;
use networks::raw::{Raw, Step, answer, endless};

use super::*;
use crate::source::{Outlet, SourceEnd, Upstream};

async fn end_of(address: &str) -> SourceEnd {
    let (out, mut live) = Outlet::new(64);
    let source = source(address);
    tokio::select! {
        end = source.stream(&out) => end,
        () = async { while !matches!(live.recv().await, Some(Upstream::Opened)) {} } => panic!("{address} is read"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_says_what_it_means() {
    let server = blog(posts(3), Faults { reset_seconds: 7, ..Faults::default() }).await;
    for (fault, want) in [
        (
            "gone",
            "misconfigured: the feed is gone for good (HTTP 410); remove this source, or write the feed's new address",
        ),
        ("missing", "refused by the network: HTTP 404"),
        ("broken", "refused by the network: HTTP 500"),
        ("forbidden", "needs credentials: HTTP 403"),
        ("many", "told to wait for 7 s"),
        ("busy", "told to wait for 7 s"),
        ("loop", "refused by the network: more than 5 redirects in a row"),
        (
            "login",
            "misconfigured: this address gives a web page, not a feed; write the address of the site's RSS",
        ),
        ("moved-302/login", "misconfigured: this address gives a web page"),
        ("huge", "refused by the network: a document beyond 8388608 bytes"),
        ("bomb", "refused by the network: a document beyond 8388608 bytes"),
        ("torn", "connection lost"),
        ("garbage", "refused by the network: this address gives something that is no RSS"),
    ] {
        let end = end_of(&format!("{}/{fault}/feed.xml", server.url())).await.to_string();
        assert!(end.starts_with(want), "{fault}: {end}");
    }
    let page = end_of(&format!("{}/page/feed.xml", server.url())).await.to_string();
    let cure = format!("write url = \"{}/feed.xml\", which the page names as its feed", server.url());
    assert!(page.contains(&cure), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_speaks_badly_is_still_read() {
    for fault in ["latin", "plain", "drip", "no-validators", "new-etag"] {
        let server = blog(posts(3), Faults::default()).await;
        let address = format!("{}/{fault}/feed.xml", server.url());
        let heard =
            listen(source(&address).as_ref(), &FROM_START, |h| h.posts.len() == 3 && h.alive > 2).await;
        assert_eq!((heard.deliveries, heard.ends.len()), (3, 0), "{fault}");
        assert!(heard.posts.values().all(|d| d.title.is_some()), "{fault}");
        let words = format!("{:?}", heard.posts[&uid(&address, &id(1))].words);
        assert!(words.contains("Grüße 1"), "{fault}: {words}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_document_gives_its_whole_entries_and_no_validators() {
    let server = blog(posts(10), Faults::default()).await;
    let address = format!("{}/cut/feed.xml", server.url());
    let heard =
        listen(source(&address).as_ref(), &FROM_START, |h| h.posts.len() > 2 && h.cursor.is_some()).await;
    assert!(heard.posts.len() < 10 && heard.malformed.contains_key("cut_short"), "{:?}", heard.malformed);
    let cursor = heard.cursor.unwrap().0;
    assert!(!cursor.contains("etag") && !cursor.contains("modified"), "{cursor}");
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_and_broken_connections_end_as_lost() {
    for steps in [
        vec![Step::Reset],
        vec![endless("text/xml"), Step::Say(b"<rss><channel><item>".to_vec()), Step::Reset],
        vec![Step::Say(b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n<rss".to_vec()), Step::HalfClose],
    ] {
        let raw = Raw::serve(move |_| steps.clone()).await.unwrap();
        assert!(matches!(end_of(&raw.url()).await, SourceEnd::Cut(_)));
    }
    let end = end_of("http://127.0.0.1:9/feed").await;
    assert!(matches!(end, SourceEnd::Cut(_)), "{end}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_of_any_form_is_kept_to() {
    for (value, least, most) in
        [("90", 90, 90), ("Fri, 31 Dec 1999 23:59:59 GMT", 0, 0), ("999999999", 900, 900)]
    {
        let raw = Raw::serve(move |_| answer(503, &[("retry-after", value)], b"")).await.unwrap();
        let SourceEnd::WaitFor(wait) = end_of(&raw.url()).await else { panic!("{value}") };
        assert!((least..=most).contains(&wait.as_secs()), "{value}: {wait:?}");
    }
    let raw = Raw::serve(|_| answer(503, &[("retry-after", "soon")], b"")).await.unwrap();
    assert!(matches!(end_of(&raw.url()).await, SourceEnd::Refused(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_web_page_in_the_place_of_a_feed_that_worked_passes() {
    let feed = "<rss version='2.0'><channel><item><title>a</title><guid>1</guid></item></channel></rss>";
    let raw = Raw::serve(move |asked| match asked.before {
        1 => answer(200, &[("content-type", "text/html")], b"<html>Down for maintenance</html>"),
        _ => answer(200, &[], feed),
    })
    .await
    .unwrap();
    let heard =
        listen(source(&raw.url()).as_ref(), &FROM_START, |h| !h.ends.is_empty() && h.opened == 2).await;
    assert!(
        matches!(&heard.ends[0], SourceEnd::Refused(why) if why.contains("web page")),
        "{:?}",
        heard.ends
    );
    assert_eq!(heard.malformed.get("web_page"), Some(&1));
}
