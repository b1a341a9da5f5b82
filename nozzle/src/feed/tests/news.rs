//! What is new, what is changed, what is gone, and what is none of it.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use networks::raw::{Raw, answer};

use super::*;
use crate::source::{Backfilled, Kept, Revision};

fn item(guid: &str, link: &str, title: &str, words: &str, extra: &str) -> String {
    format!(
        "<item><guid isPermaLink='false'>{guid}</guid><link>{link}</link><title>{title}</title><description>{words}</description>{extra}</item>"
    )
}

fn rss(items: &[String]) -> String {
    format!(
        "<rss version='2.0' xmlns:atom='http://www.w3.org/2005/Atom' xmlns:at='http://purl.org/atompub/tombstones/1.0'><channel>{}</channel></rss>",
        items.concat()
    )
}

/// Gives one document after the other, the last one for ever.
async fn series(documents: Vec<String>) -> Raw {
    let served = AtomicUsize::new(0);
    Raw::serve(move |_| {
        let n = served.fetch_add(1, Ordering::Relaxed).min(documents.len() - 1);
        answer(200, &[], documents[n].as_bytes())
    })
    .await
    .unwrap()
}

const DAY: &str = "<pubDate>Sat, 21 Nov 2026 10:00:00 GMT</pubDate>";

#[tokio::test(flavor = "multi_thread")]
async fn an_article_under_another_id_is_the_same_article() {
    for name in ["new-guid/feed.xml", "new-guid/atom.xml", "new-guid/feed.json"] {
        let server = blog(posts(5), Faults::default()).await;
        let heard = listen(source(&format!("{}/{name}", server.url())).as_ref(), &FROM_START, |h| {
            h.alive > 5 && !h.backfills.is_empty()
        })
        .await;
        assert_eq!((heard.posts.len(), heard.deliveries), (5, 5), "{name}");
    }
    let page = |n: u8, guids: [&str; 2]| {
        rss(&guids
            .map(|guid| item(&format!("{guid}{n}"), "https://a.example/thread", "Open thread", "x", "")))
    };
    let raw = series(vec![page(1, ["a", "b"]), page(1, ["a", "b"])]).await;
    let heard =
        listen(source(&raw.url()).as_ref(), &FROM_START, |h| h.alive > 1 && !h.backfills.is_empty()).await;
    assert_eq!(heard.posts.len(), 2, "two that are alike in one document are two");
}

/// A ledger that remembers what was told.
struct Remembering(Vec<Kept>);

#[async_trait]
impl Memory for Remembering {
    async fn newest(&self, max: usize) -> Vec<Kept> {
        self.0.iter().take(max).cloned().collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_article_under_another_id_is_recognised_after_a_restart() {
    let server = blog(posts(5), Faults::default()).await;
    let address = format!("{}/new-guid/feed.xml", server.url());
    let first = listen(source(&address).as_ref(), &FROM_START, |h| h.posts.len() == 5 && h.alive > 1).await;
    let kept = first.posts.values().map(|draft| Kept {
        uid: draft.uid.0.clone(),
        aliases: draft.aliases.clone(),
        author: "feed:x".into(),
        when: Micros(0),
        rev: 0,
        counts: model::Counts::default(),
    });
    let memory = Arc::new(Remembering(kept.collect()));
    let since = Since { cursor: first.cursor.clone(), ..FROM_START };
    let again = listen(source_with(&of(&address), memory).as_ref(), &since, |h| {
        h.alive > 1 && !h.backfills.is_empty()
    })
    .await;
    assert_eq!(again.uids(), first.uids());
}

#[tokio::test(flavor = "multi_thread")]
async fn changed_words_are_an_edit_and_restless_ones_are_left_alone() {
    let at = |n: i64| format!("{DAY}<atom:updated>2026-11-21T1{n}:00:00Z</atom:updated>");
    let page = |words: &str, extra: &str| rss(&[item("1", "https://a.example/1", "One", words, extra)]);
    let raw = series(vec![page("a", DAY), page("b", &at(1)), page("b", &at(2)), page("c", &at(2))]).await;
    let heard = std::cell::RefCell::new(Vec::new());
    listen(source(&raw.url()).as_ref(), &FROM_START, |h| {
        let now = h.posts.values().next().map(|d| d.revision);
        let mut heard = heard.borrow_mut();
        if now.is_some() && heard.last() != now.as_ref() {
            heard.extend(now);
        }
        h.alive > 5
    })
    .await;
    let eleven = Micros::parse_rfc3339("2026-11-21T11:00:00Z").unwrap();
    let want =
        [Revision::Original, Revision::EditedAt(eleven), Revision::EditedAt(eleven.plus(Micros::HOUR))];
    assert!(heard.borrow().starts_with(&want[..2]), "{:?}", heard.borrow());

    let restless = (0..20).map(|n| page(&format!("now: {n}"), DAY)).collect();
    let raw = series(restless).await;
    let heard =
        listen(source(&raw.url()).as_ref(), &FROM_START, |h| h.alive > 20 && !h.backfills.is_empty()).await;
    assert_eq!((heard.posts.len(), heard.deliveries), (1, 4), "three changes without a date are believed");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_leaves_the_window_stays_and_what_the_feed_takes_back_goes() {
    let [a, b, c] = ["1", "2", "3"].map(|n| item(n, &format!("https://a.example/{n}"), n, n, DAY));
    let gone = "<at:deleted-entry ref='2' when='2026-11-21T10:00:00Z'/>".to_owned();
    let raw = series(vec![rss(&[a, b.clone()]), rss(&[b, c.clone()]), rss(&[gone, c])]).await;
    let heard =
        listen(source(&raw.url()).as_ref(), &FROM_START, |h| h.alive > 3 && !h.backfills.is_empty()).await;
    assert_eq!(heard.posts.len(), 3);
    assert_eq!(heard.deleted.into_iter().collect::<Vec<_>>(), [uid(&format!("{}/", raw.url()), "2")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn old_articles_and_other_topics_are_counted_not_told() {
    let old = "<pubDate>Sat, 21 Nov 2020 10:00:00 GMT</pubDate>";
    let page = rss(&[
        item("1", "https://a.example/1", "Old", "x", old),
        item("2", "https://a.example/2", "New", "x", &format!("{DAY}<category>Rust Fest</category>")),
        item("3", "https://a.example/3", "At rustfest", "x", DAY),
        item("4", "https://a.example/4", "Words", "about #RustFest!", DAY),
        item("5", "https://a.example/5", "Rustfestival", "x", DAY),
    ]);
    let raw = series(vec![page]).await;
    let since = Since { cursor: None, not_before: Micros::parse_rfc3339("2026-11-01T00:00:00Z").unwrap() };
    let all = listen(source(&raw.url()).as_ref(), &since, |h| h.alive > 1 && !h.backfills.is_empty()).await;
    assert_eq!((all.posts.len(), all.kinds.get("before_event")), (4, Some(&1)));
    let tagged = SourceSettings { tags: vec!["rustfest".into()], ..of(&raw.url()) };
    let some = listen(source_with(&tagged, Arc::new(Forgetful)).as_ref(), &since, |h| {
        h.alive > 1 && !h.backfills.is_empty()
    })
    .await;
    assert_eq!((some.posts.len(), some.kinds.get("other_topic")), (3, Some(&1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_the_window_holds_is_said_to_be_lost() {
    let page = |day: u8, n: usize| {
        let date = format!("<pubDate>{day} Nov 2026 10:00:00 GMT</pubDate>");
        rss(&(0..n)
            .map(|n| item(&format!("{day}-{n}"), &format!("https://a.example/{day}/{n}"), "t", "w", &date))
            .collect::<Vec<_>>())
    };
    let raw = series(vec![page(18, 3), page(19, 3)]).await;
    let heard =
        listen(source(&raw.url()).as_ref(), &FROM_START, |h| h.alive > 1 && !h.backfills.is_empty()).await;
    assert_eq!((heard.posts.len(), heard.limits), (6, 1), "while connected");
    let raw = series(vec![page(18, 3), page(18, 3), page(20, 3)]).await;
    let first = listen(source(&raw.url()).as_ref(), &FROM_START, |h| h.cursor.is_some()).await;
    let _served = listen(source(&raw.url()).as_ref(), &FROM_START, |h| h.opened == 1).await;
    let since = Since { cursor: first.cursor, ..FROM_START };
    let heard = listen(source(&raw.url()).as_ref(), &since, |h| !h.backfills.is_empty()).await;
    assert!(matches!(heard.backfills[0], Backfilled::Impossible(_)), "{:?}", heard.backfills);
    assert_eq!(heard.posts.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_of_other_topics_are_no_proof_of_a_loss() {
    let about = |n: u8, topic: &str| {
        let date = format!("<pubDate>{n} Nov 2026 10:00:00 GMT</pubDate>");
        item(&n.to_string(), &format!("https://a.example/{n}"), "t", topic, &date)
    };
    let [ours, b, c, d] = [about(10, "#rustfest"), about(11, "x"), about(12, "y"), about(13, "z")];
    let raw = series(vec![rss(&[b.clone(), ours]), rss(&[c.clone(), b]), rss(&[d, c])]).await;
    let tagged = SourceSettings { tags: vec!["rustfest".into()], ..of(&raw.url()) };
    let heard = listen(source_with(&tagged, Arc::new(Forgetful)).as_ref(), &FROM_START, |h| {
        h.alive > 3 && !h.backfills.is_empty()
    })
    .await;
    assert_eq!((heard.posts.len(), heard.limits), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_without_a_title_under_another_id_is_the_same_entry() {
    let page = |n: u8| {
        let one = |which: u8| {
            let words = format!("words {which}");
            item(&format!("{n}-{which}"), "https://a.example/", "", &words, DAY)
        };
        rss(&[one(n), one(n - 1)].map(|item| item.replace("<title></title>", "")))
    };
    let raw = series(vec![page(1), page(2), page(3)]).await;
    let heard =
        listen(source(&raw.url()).as_ref(), &FROM_START, |h| h.alive > 3 && !h.backfills.is_empty()).await;
    assert_eq!((heard.posts.len(), heard.deliveries), (4, 4), "words 0 to 3, each once");
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_without_a_date_are_not_believed_anew_after_every_outage() {
    let raw = Raw::serve(|asked| match asked.before % 3 {
        2 => answer(503, &[], b""),
        _ => {
            let words = format!("now: {}", asked.before);
            answer(200, &[], rss(&[item("1", "https://a.example/1", "One", &words, DAY)]).as_bytes())
        }
    })
    .await
    .unwrap();
    let first = listen(source(&raw.url()).as_ref(), &FROM_START, |h| h.posts.len() == 1).await;
    let kept = first.posts.values().map(|draft| Kept {
        uid: draft.uid.0.clone(),
        aliases: draft.aliases.clone(),
        author: "feed:x".into(),
        when: Micros(0),
        rev: 0,
        counts: model::Counts::default(),
    });
    let memory = Arc::new(Remembering(kept.collect()));
    let edits = AtomicUsize::new(0);
    let last = std::sync::Mutex::new(None);
    listen(source_with(&of(&raw.url()), memory).as_ref(), &FROM_START, |h| {
        let now = h.posts.values().next().map(|draft| (format!("{:?}", draft.words), draft.revision));
        let mut last = last.lock().unwrap();
        if now.as_ref().is_some_and(|(_, revision)| *revision == Revision::Newer) && *last != now {
            edits.fetch_add(1, Ordering::Relaxed);
        }
        *last = now;
        h.opened > 6
    })
    .await;
    assert!(edits.into_inner() <= 3, "three in all, not three after each outage");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hashtag_of_the_settings_is_found_in_any_spelling() {
    let texts = ["#Ko\u{308}ln", "＃ｋöｌｎ", "in KÖLN.", "Kölner", "#köln🎉"];
    let items = (0..)
        .zip(texts)
        .map(|(n, text)| item(&n.to_string(), "https://a.example/", &n.to_string(), text, DAY));
    let raw = series(vec![rss(&items.collect::<Vec<_>>())]).await;
    let tagged = SourceSettings { tags: vec!["köln".into()], ..of(&raw.url()) };
    let heard = listen(source_with(&tagged, Arc::new(Forgetful)).as_ref(), &FROM_START, |h| {
        h.alive > 1 && !h.backfills.is_empty()
    })
    .await;
    assert_eq!((heard.posts.len(), heard.kinds.get("other_topic")), (4, Some(&1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_feed_of_thousands_the_newest_are_read_at_whichever_end_they_stand() {
    let one = |n: i64| {
        let step = 10 * Micros::SECOND;
        let date = Micros(START + n * step).timestamp().to_string();
        let date = format!("<atom:updated>{date}</atom:updated>");
        item(&n.to_string(), &format!("https://a.example/{n}"), "t", "w", &date)
    };
    for is_rising in [true, false] {
        let mut items: Vec<String> = (0..5000).map(one).collect();
        if !is_rising {
            items.reverse();
        }
        let raw = series(vec![rss(&items)]).await;
        let heard =
            listen(source(&raw.url()).as_ref(), &FROM_START, |h| h.alive > 0 && !h.backfills.is_empty())
                .await;
        let address = format!("{}/", raw.url());
        assert!(
            heard.posts.contains_key(&uid(&address, "4999"))
                && !heard.posts.contains_key(&uid(&address, "0"))
        );
        assert_eq!((heard.posts.len(), heard.kinds.get("beyond_window")), (1000, Some(&4000)), "{is_rising}");
    }
}
