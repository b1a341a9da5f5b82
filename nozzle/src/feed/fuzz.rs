//! Documents as no blog should send them: each is read or refused, and what is read passes admit within its bounds.

use std::time::{Duration, Instant};

use testkit::fuzz::{config, near, proptest};
use url::Url;

use super::{article, document};
use crate::admit::fuzz::hold_message;
use crate::source::{CURSOR_BYTES_MAX, Upstream};

const FEEDS: [&str; 5] = [
    r#"<?xml version="1.0" encoding="utf-8"?><rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"
    xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>A &amp; B</title><link>https://a.example/</link><ttl>60</ttl>
    <skipHours><hour>3</hour></skipHours><item><title>One &#8217; &lt;b&gt;</title><link>https://a.example/1?utm_source=x</link><guid isPermaLink="false">1</guid>
    <pubDate>Mon, 01 Jun 26 10:00 EST</pubDate><author>a@a.example (A)</author><description><![CDATA[<p>Words <a href="/2">here</a></p>]]></description>
    <enclosure url="https://a.example/1.mp3" type="audio/mpeg" length="1"/><media:content url="b.jpg" width="9"><media:title>alt</media:title></media:content>
    <itunes:duration>99999999999999999999:00:00</itunes:duration><category>x y</category></item><item><guid>2</guid></item></channel></rss>"#,
    r#"<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://a.example/" xml:lang="en" xmlns:at="http://purl.org/atompub/tombstones/1.0"><title type="xhtml"><div
    xmlns="http://www.w3.org/1999/xhtml">T <b>u</b></div></title><entry xml:base="b/"><id>urn:1</id><link href="c?d&amp;e"/><updated>2026-06-01T10:00:00+02:00</updated>
    <author><name>Zoë —</name><email>z@a.example</email></author><content type="html">&lt;p&gt;x&lt;/p&gt;</content></entry><at:deleted-entry ref="urn:2" when="x"/></feed>"#,
    r#"<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="x">
    <title>R</title></channel><item rdf:about="https://a.example/r"><title>t</title><dc:date>2026-06</dc:date><dc:creator>c</dc:creator></item></rdf:RDF>"#,
    r#"{"version":"https://jsonfeed.org/version/1.1","title":"J","home_page_url":"https://a.example/","items":[{"id":1,"url":"/1","content_html":"<p>x</p>",
    "date_published":"2026-06-01T10:00:00Z","authors":[{"name":"a"}],"tags":["x",1],"attachments":[{"url":"a.mp3","mime_type":"audio/mpeg"}]},{"id":"2","content_text":"y"}]}"#,
    "<!DOCTYPE html><html><head><link rel=alternate type=application/rss+xml href='/feed'></head></html>",
];
/// No document of a few kilobytes may take longer, however it is nested.
const DOCUMENT_MAX: Duration = Duration::from_secs(5);

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_document_is_read_or_refused(bytes in near(&FEEDS)) {
        let base = Url::parse("https://a.example/feed").expect("an address");
        for charset in [None, Some("utf-16"), Some("koi8-r")] {
            let began = Instant::now();
            if let Ok(document) = document::read(&bytes, charset, &base) {
                for article in article::read(&document, &base, &base) {
                    assert!(article.draft.uid.0.len() < CURSOR_BYTES_MAX);
                    hold_message(Upstream::Post(Box::new(article.draft)));
                }
            }
            assert!(began.elapsed() < DOCUMENT_MAX, "{:?}", began.elapsed());
        }
    }
}
