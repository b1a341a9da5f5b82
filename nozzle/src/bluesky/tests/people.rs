//! What authors and accounts do: edits, deletions, disappearances, wishes.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use model::Micros;
use networks::{Author, Faults, Happening, Post};
use url::Url;

use super::{FROM_START, START, STEP, at, network, post, posts, quick, source, source_with, streamed, uid};
use crate::bluesky::{Bluesky, Tags};
use crate::source::{
    AccountChange, Backfilled, Cursor, Deleter, Kept, Memory, Revision, Since, SourceSettings, Wish, Words,
};
use crate::wire::listen::listen;

#[tokio::test(flavor = "multi_thread")]
async fn edits_and_deletions_come_and_others_deletions_do_not() {
    let server = network(posts(5), Faults { noise_percent: 100.0, ..Faults::default() }).await;
    let gone = RefCell::new(BTreeSet::new());
    let edit = Post { text: "the hashtag is gone".into(), edited_at: Some(START + Micros::HOUR), ..post(1) };
    let heard = listen(&source(&server), &FROM_START, |h| {
        if h.posts.len() == 5 && !h.backfills.is_empty() && gone.borrow().is_empty() {
            gone.borrow_mut().insert(uid(&server, 3));
            server.say(Happening::Edit(edit.clone()));
            server.say(Happening::Delete("3m3".into()));
        }
        !h.deleted.is_empty()
    })
    .await;
    assert_eq!(heard.deleted, *gone.borrow());
    let edited = &heard.posts[&uid(&server, 1)];
    assert_eq!(edited.revision, Revision::EditedAt(Micros(START + Micros::HOUR)));
    assert_eq!(edited.words, Words::Text("the hashtag is gone".into()), "shown words follow their author's");
}

/// An account event as a host says it.
fn account(did: &str, n: i64, how: &str) -> Happening {
    let time = START + n * STEP;
    let line = format!(
        r#"{{"did":"{did}","time_us":{time},"kind":"account","account":{{{how},"did":"{did}","seq":1}}}}"#
    );
    networks::bluesky::recorded(&line, |_| None).remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_becomes_of_an_account_is_told_when_we_have_something_of_it() {
    let server = network(posts(3), Faults::default()).await;
    let (is_said, is_back) = (RefCell::new(false), RefCell::new(true));
    let did = RefCell::new(String::new());
    let heard = listen(&source(&server), &FROM_START, |h| {
        if h.posts.len() == 3 && !h.backfills.is_empty() && !is_said.replace(true) {
            did.replace(h.posts.values().next().unwrap().author.id.clone());
            for (n, (who, how)) in (100..).zip([
                (did.borrow().as_str(), r#""active":false,"status":"deactivated""#),
                ("did:plc:stranger", r#""active":false,"status":"deleted""#),
                (did.borrow().as_str(), r#""active":true"#),
            ]) {
                server.say(account(who, n, how));
            }
        }
        if h.accounts.len() == 2 && is_back.replace(false) {
            server.say(account(&did.borrow(), 110, r#""active":false,"status":"takendown""#));
        }
        h.accounts.len() == 3
    })
    .await;
    let did = did.into_inner();
    let name = format!("bluesky:{did}");
    let want = [AccountChange::Hidden, AccountChange::Back, AccountChange::Removed { by: Deleter::Network }];
    assert_eq!(heard.accounts, want.map(|change| (name.clone(), change)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_account_asks_of_others_comes_with_its_posts() {
    let named =
        |name: &str| Author { id: name.into(), handle: name.into(), name: name.into(), ..Author::default() };
    let of = |author: Author, n: i64| Happening::Post(Post { author, ..post(n) });
    let bo = Author { no_unauthenticated: true, ..named("bo") };
    let cy = Author { no_index: true, ..named("cy") };
    let server = network(vec![of(named("ada"), 1), of(bo, 2), of(cy, 3)], Faults::default()).await;
    let heard = listen(&source(&server), &FROM_START, |h| h.posts.len() == 3).await;
    let wishes: BTreeSet<_> = heard.posts.values().map(|d| (d.author.name.as_str(), d.wish)).collect();
    assert_eq!(
        wishes,
        BTreeSet::from([("ada", Wish::None), ("bo", Wish::NotShown), ("cy", Wish::NotIndexed)])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_whose_author_cannot_be_looked_up_goes_out_in_time_and_is_signed_later() {
    let timing = crate::bluesky::Timing { profile_wait: Duration::from_millis(200), ..quick() };
    let server = network(posts(1), Faults { rest_statuses: vec![503, 502], ..Faults::default() }).await;
    let source = source_with(&server, Tags::new(&["rustfest".to_owned()]), timing);
    let (heard, _) = streamed(&source, |h| h.posts.len() == 1).await;
    let unsigned = heard.posts.values().next().unwrap();
    assert_eq!(unsigned.author.handle, unsigned.author.id);
    let (heard, _) = streamed(&source, |h| h.posts.len() == 1).await;
    let signed = heard.posts.values().next().unwrap();
    assert_eq!(signed.author.handle, "@ada.bsky.social");
    assert_eq!(
        signed.revision,
        Revision::EditedAt(Micros(START + 1)),
        "the same words, newer than the first"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hashtag_near_ours_is_told_and_its_post_is_not() {
    let near = Post { text: "see you at #RustFest26".into(), ..post(1) };
    let server = network(vec![Happening::Post(near), Happening::Post(post(2))], Faults::default()).await;
    let heard = listen(&source(&server), &FROM_START, |h| h.posts.len() == 1).await;
    assert_eq!(heard.near_tags.keys().collect::<Vec<_>>(), ["RustFest26"]);
}

/// An account says what it is, as a host says it.
fn profile(did: &str, n: i64, record: &str) -> Happening {
    let time = START + n * STEP;
    let line = format!(
        r#"{{"did":"{did}","time_us":{time},"kind":"commit","commit":{{"rev":"3m","operation":"update","collection":"app.bsky.actor.profile","rkey":"self","record":{record},"cid":"b"}}}}"#
    );
    networks::bluesky::recorded(&line, |_| None).remove(0)
}

const ASKS: &str = r#"{"$type":"app.bsky.actor.profile","labels":{"$type":"com.atproto.label.defs#selfLabels","values":[{"val":"!no-unauthenticated"}]}}"#;

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_asks_not_to_be_shown_is_heard_at_once_and_when_it_no_longer_does() {
    let server = network(posts(1), Faults::default()).await;
    let is_said = RefCell::new(false);
    let heard = listen(&source(&server), &FROM_START, |h| {
        if h.posts.len() == 1 && !h.backfills.is_empty() && !is_said.replace(true) {
            let did = h.posts.values().next().unwrap().author.id.clone();
            server.say(profile("did:plc:stranger", 100, ASKS));
            server.say(profile(&did, 101, ASKS));
            server.say(account(&did, 102, r#""active":false,"status":"deactivated""#));
            server.say(account(&did, 103, r#""active":true"#));
            server.say(profile(&did, 104, r#"{"displayName":"Ada"}"#));
            // Heard a second time, late.
            server.say(profile(&did, 101, ASKS));
        }
        h.accounts.iter().any(|(_, change)| *change == AccountChange::Back)
    })
    .await;
    let changes: Vec<_> = heard.accounts.iter().map(|(_, change)| *change).collect();
    let (first, last) = (changes.first().unwrap(), changes.last().unwrap());
    assert_eq!((*first, *last), (AccountChange::Hidden, AccountChange::Back), "{changes:?}");
    assert_eq!(changes.iter().filter(|change| **change == AccountChange::Back).count(), 1, "{changes:?}");
}

/// A ledger that holds one post of an account.
struct Holding(String);

#[async_trait::async_trait]
impl Memory for Holding {
    async fn newest(&self, _: usize) -> Vec<Kept> {
        vec![Kept {
            uid: format!("bluesky:at://{}/app.bsky.feed.post/3mold", self.0),
            aliases: Vec::new(),
            author: format!("bluesky:{}", self.0),
            when: Micros(START),
            rev: 0,
            counts: model::Counts::default(),
        }]
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_comes_back_is_not_shown_before_it_is_known_that_it_may_be() {
    for asks in [true, false] {
        let author = Author { no_unauthenticated: asks, ..post(1).author };
        let other = Post { author, ..post(1) };
        let server = network(vec![Happening::Post(other)], Faults::default()).await;
        let first = listen(&source(&server), &FROM_START, |h| h.posts.len() == 1).await;
        let did = first.posts.values().next().unwrap().author.id.clone();
        let memory = Arc::new(Holding(did.clone()));
        let restarted =
            Bluesky::new(&at(&server), memory, Tags::new(&["rustfest".to_owned()]), quick()).unwrap();
        let is_said = RefCell::new(false);
        let heard = listen(&restarted, &FROM_START, |h| {
            if h.opened > 0 && !is_said.replace(true) {
                server.say(account(&did, 100, r#""active":true"#));
            }
            !h.accounts.is_empty()
        })
        .await;
        let want = if asks { AccountChange::Hidden } else { AccountChange::Back };
        assert_eq!(heard.accounts, [(format!("bluesky:{did}"), want)], "asks: {asks}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_whose_return_a_replay_heard_as_its_last_comes_back_all_the_same() {
    let server = network(posts(1), Faults::default()).await;
    let first = listen(&source(&server), &FROM_START, |h| h.posts.len() == 1).await;
    let did = first.posts.values().next().unwrap().author.id.clone();
    server.say(account(&did, 200, r#""active":false,"status":"deactivated""#));
    server.say(account(&did, 201, r#""active":true"#));
    // The replay asks who it is that comes back, and is over before anybody answers.
    let faults = Faults { rest_statuses: vec![429], reset_seconds: 1, ..Faults::default() };
    let people = network(Vec::new(), faults).await;
    let settings = SourceSettings { api_url: Some(Url::parse(&people.url()).unwrap()), ..at(&server) };
    let tags = Tags::new(&["rustfest".to_owned()]);
    let restarted = Bluesky::new(&settings, Arc::new(Holding(did.clone())), tags, quick()).unwrap();
    let cursor = Cursor((START + 200 * STEP).to_string());
    let since = Since { cursor: Some(cursor), not_before: Micros(0) };
    let heard = listen(&restarted, &since, |h| h.accounts.len() == 2).await;
    assert_eq!(heard.backfills, [Backfilled::Complete], "the replay was over");
    let name = format!("bluesky:{did}");
    let want = [AccountChange::Hidden, AccountChange::Back].map(|change| (name.clone(), change));
    assert_eq!(heard.accounts, want);
}
