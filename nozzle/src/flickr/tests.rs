//! Flickr on the wire, spoken by a fake with every fault it knows.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chassis::Secret;
use model::{Counts, MediaKind, Micros, Uid};
use networks::{Faults, Happening, Media, Options, Post, Protocol, Script, Server, Visibility, serve};
use tokio_util::sync::CancellationToken;

use super::open;
use crate::source::{
    Api, Backfilled, Cursor, Forgetful, Kept, Memory, Outlet, Revision, Since, Source, SourceEnd,
    SourceSettings,
};
use crate::wire::listen::{Heard, listen, settings};

const START: i64 = 1_780_000_000_000_000;
const FROM_START: Since = Since { cursor: None, not_before: Micros(START) };
const KEY: &str = "canary0123456789";
const POLL: Duration = Duration::from_millis(30);

fn id(n: i64) -> String {
    (53_000_000_000 + n).to_string()
}

fn uid(n: i64) -> String {
    format!("flickr:{}", id(n))
}

fn photo(n: i64) -> Post {
    let mut post = Post::new(
        &id(n),
        START + n * Micros::SECOND,
        "ada",
        &format!("Photo {n}\n\nof #RustFest https://w.example/{n}"),
    );
    post.title = Some(format!("Hall & stage {n}"));
    post.licence = Some("CC BY 2.0".into());
    let url = format!("https://live.staticflickr.com/65535/{}_b.jpg", id(n));
    post.media = vec![Media { url, width: 1024, height: 683, ..Media::default() }];
    post
}

fn photos(range: std::ops::Range<i64>) -> Vec<Happening> {
    range.map(|n| Happening::Post(photo(n))).collect()
}

async fn network(happenings: Vec<Happening>, faults: Faults) -> Server {
    let options = Options::new(Protocol::Flickr, Script::as_read(happenings))
        .token(KEY)
        .faults(faults)
        .calls_max(100_000);
    serve(options, CancellationToken::new()).await.unwrap()
}

fn settings_of(server: &Server, key: Option<&str>) -> SourceSettings {
    let key = key.map(|key| Secret::new(key.to_owned()));
    SourceSettings { key, poll: Some(POLL), ..settings(&server.url(), Api::V2, None) }
}

fn source(server: &Server) -> Box<dyn Source> {
    open(&settings_of(server, Some(KEY)), Arc::new(Forgetful)).unwrap()
}

/// Runs one stream until it ends.
async fn end_of(server: &Server, key: Option<&str>) -> SourceEnd {
    let (out, mut heard) = Outlet::new(64);
    let source = open(&settings_of(server, key), Arc::new(Forgetful)).unwrap();
    let reading = async { while heard.recv().await.is_some() {} };
    tokio::select! {
        end = source.stream(&out) => end,
        () = reading => unreachable!("the outlet is ours"),
    }
}

/// Runs one backfill to its end.
async fn backfilled(source: &dyn Source, since: &Since) -> (Heard, Backfilled) {
    let (out, mut messages) = Outlet::new(64);
    let mut heard = Heard::default();
    let mut backfill = Box::pin(source.backfill(since, &out));
    let done = loop {
        tokio::select! {
            done = &mut backfill => break done,
            Some(message) = messages.recv() => heard.take(message),
        }
    };
    while let Ok(message) = messages.try_recv() {
        heard.take(message);
    }
    (heard, done)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_photo_comes_once_with_all_that_is_known_of_it() {
    let server = network(photos(0..700), Faults { late_percent: 20.0, ..Faults::default() }).await;
    let heard = listen(source(&server).as_ref(), &FROM_START, |h| h.posts.len() == 700).await;
    assert_eq!(server.journal().originals(), heard.uids());
    assert!(
        heard.deliveries < 1600,
        "{} deliveries: windows overlap, photos are not told again",
        heard.deliveries
    );
    let one = &heard.posts[&uid(7)];
    let author = server_author(&photo(7));
    assert_eq!((one.title.as_deref(), one.author.id.as_str()), (Some("Hall & stage 7"), author.as_str()));
    assert_eq!(
        (one.author.handle.as_str(), one.author.url.as_deref()),
        ("@ada", Some("https://www.flickr.com/people/ada/"))
    );
    assert_eq!(one.url, Some(format!("https://www.flickr.com/photos/ada/{}/", id(7))));
    assert_eq!(one.network_time, Some(Micros(START + 7 * Micros::SECOND)));
    assert_eq!(one.tags, ["rustfest"]);
    let crate::source::Words::Html(words) = &one.words else { panic!("html") };
    assert_eq!(model::html::to_body(words).text(), "Photo 7\n\nof #RustFest w.example/7");
    let picture = &one.media[0];
    assert_eq!((picture.kind, picture.width, picture.height), (MediaKind::Photo, Some(1024), Some(683)));
    assert_eq!(
        (picture.licence.as_deref(), picture.alt.as_deref()),
        (Some("CC BY 2.0"), Some("Hall & stage 7"))
    );
}

fn server_author(post: &Post) -> String {
    format!("{}@N01", post.author.id)
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_under_every_fault() {
    let faults = Faults {
        late_percent: 10.0,
        garbage_every: 5,
        oversize_every: 17,
        oversize_bytes: 9 * 1024 * 1024,
        drop_every: 7,
        stall_every: 11,
        stall_ms: 200,
        split_chunks: true,
        duplicates_percent: 10.0,
        rest_statuses: vec![0, 503, 0, 0, 105, 500, 0, 201, 429, 0, 0, 10],
        ..Faults::default()
    };
    let server = network(photos(0..300), faults).await;
    let heard = listen(source(&server).as_ref(), &FROM_START, |h| h.posts.len() == 300).await;
    assert_eq!(server.journal().originals(), heard.uids());
    let is = |want: fn(&SourceEnd) -> bool| {
        let broken = heard.backfills.iter().filter_map(|b| match b {
            Backfilled::Broken(end) => Some(end),
            _ => None,
        });
        assert!(heard.ends.iter().chain(broken).any(want), "{:?} {:?}", heard.ends, heard.backfills);
    };
    is(|end| matches!(end, SourceEnd::Refused(why) if why.contains("cannot be read")));
    is(|end| matches!(end, SourceEnd::Refused(why) if why.contains("Flickr says 105")));
    is(|end| matches!(end, SourceEnd::Refused(why) if why.contains("HTTP 503")));
    is(|end| matches!(end, SourceEnd::Cut(_)));
    is(|end| matches!(end, SourceEnd::WaitFor(_)));
    for end in &heard.ends {
        assert!(!end.to_string().contains(KEY), "{end}");
        assert!(!matches!(end, SourceEnd::NeedsCredentials(_) | SourceEnd::Misconfigured(_)), "{end}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_goes_on_from_its_cursor_and_never_before_what_was_wanted() {
    let server = network(photos(0..40), Faults::default()).await;
    server.play(40);
    let (heard, done) = backfilled(source(&server).as_ref(), &FROM_START).await;
    assert_eq!((heard.posts.len(), done), (40, Backfilled::Complete));
    let cursor = heard.cursor.clone().unwrap();
    assert_eq!(cursor, Cursor(format!("{}:{}", START / Micros::SECOND + 39, START / Micros::SECOND)));
    for n in 40..45 {
        server.say(Happening::Post(photo(n)));
    }
    server.say(Happening::Post(photo(7200)));
    // One that was uploaded before the cursor, and reached the search after it.
    server.say(Happening::Post(Post { id: id(9000), ..photo(20) }));
    server.say(Happening::Post(Post { id: id(9001), ..photo(-20) }));
    let since = Since { cursor: Some(cursor), not_before: Micros(START) };
    let (heard, _) = backfilled(source(&server).as_ref(), &since).await;
    assert!(heard.uids().contains(&uid(9000)) && heard.uids().contains(&uid(44)));
    assert!(!heard.uids().contains(&uid(9001)), "older than what was ever wanted");
    assert!(heard.posts.values().all(|d| d.revision == Revision::Newer), "the log compares the words");
    let since = Since { cursor: heard.cursor, not_before: Micros(START) };
    let (heard, _) = backfilled(source(&server).as_ref(), &since).await;
    assert_eq!(heard.uids().into_iter().collect::<Vec<_>>(), [uid(7200)], "an hour before the newest");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_found_nothing_remembers_since_when() {
    let server = network(Vec::new(), Faults::default()).await;
    let (heard, done) = backfilled(source(&server).as_ref(), &FROM_START).await;
    let start = START / Micros::SECOND;
    assert_eq!((done, heard.cursor), (Backfilled::Complete, Some(Cursor(format!("{start}:{start}")))));
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_a_query_hands_out_is_had_by_cutting_the_window() {
    let server = network(photos(0..4600), Faults::default()).await;
    server.play(10_000);
    let (heard, done) = backfilled(source(&server).as_ref(), &FROM_START).await;
    assert_eq!((heard.posts.len(), done), (4600, Backfilled::Complete));
    assert_eq!(server.journal().originals(), heard.uids());
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_a_query_hands_out_of_one_second_is_an_honest_loss() {
    let at_once = |n: i64| Happening::Post(Post { created_at: START + n % 7, ..photo(n) });
    let server = network((0..4100).map(at_once).collect(), Faults::default()).await;
    server.play(10_000);
    let (heard, done) = backfilled(source(&server).as_ref(), &FROM_START).await;
    assert_eq!(heard.posts.len(), 4000, "a batch of uploads shares its second");
    assert_eq!(done, Backfilled::Impossible("Flickr did not hand out 100 photos that it counts".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn edits_counts_and_deletions_are_seen() {
    let server = network(photos(0..20), Faults::default()).await;
    server.play(20);
    let said = Cell::new(false);
    let edit = Post { title: Some("Better".into()), edited_at: Some(START + Micros::HOUR), ..photo(3) };
    let liked = Post {
        counts: networks::Counts { likes: 5, ..Default::default() },
        edited_at: Some(START + 1),
        ..photo(4)
    };
    let hidden = Post { visibility: Visibility::Private, edited_at: Some(START + 1), ..photo(6) };
    let heard = listen(source(&server).as_ref(), &FROM_START, |h| {
        if h.posts.len() == 20 && h.alive > 0 && !said.replace(true) {
            server.say(Happening::Edit(edit.clone()));
            server.say(Happening::Edit(liked.clone()));
            server.say(Happening::Edit(hidden.clone()));
            server.say(Happening::Delete(id(5)));
        }
        h.deleted.len() == 2
            && h.counts > 0
            && h.posts.get(&uid(3)).is_some_and(|d| d.title.as_deref() == Some("Better"))
    })
    .await;
    assert_eq!(heard.posts[&uid(3)].revision, Revision::EditedAt(Micros(START + Micros::HOUR)));
    assert_eq!(heard.deleted.into_iter().collect::<Vec<_>>(), [uid(5), uid(6)], "{:?}", heard.ends);
}

/// What a log would hold.
struct Log(Vec<i64>);

#[async_trait]
impl Memory for Log {
    async fn newest(&self, max: usize) -> Vec<Kept> {
        let kept = |n: &i64| Kept {
            uid: Uid::new("flickr", &id(*n)).0,
            aliases: Vec::new(),
            author: "flickr:7@N01".into(),
            when: Micros(START + n * Micros::SECOND),
            rev: 0,
            counts: Counts::default(),
        };
        self.0.iter().rev().take(max).map(kept).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_deleted_while_nobody_looked_is_found_in_the_log() {
    let server = network(photos(0..4000), Faults::default()).await;
    server.play(4000);
    for n in [1, 2000, 3999] {
        server.say(Happening::Delete(id(n)));
    }
    let log = Arc::new(Log((0..4000).collect()));
    let source = open(&settings_of(&server, Some(KEY)), log).unwrap();
    let start = START / Micros::SECOND;
    let cursor = Cursor(format!("{}:{start}", start + 3999));
    let since = Since { cursor: Some(cursor), not_before: Micros(START) };
    let heard = listen(source.as_ref(), &since, |h| h.deleted.len() == 3).await;
    assert_eq!(heard.deleted.into_iter().collect::<Vec<_>>(), [uid(1), uid(2000), uid(3999)]);
    let again = heard.posts.values().filter(|d| d.revision == Revision::Original).count();
    assert_eq!(again, 0, "nothing old is told as new");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_in_an_answer_that_says_200_says_who_must_act() {
    for (code, want) in [
        (95, "misconfigured"),
        (98, "needs credentials"),
        (100, "needs credentials"),
        (105, "refused"),
        (106, "refused"),
        (111, "misconfigured"),
        (112, "misconfigured"),
        (116, "misconfigured"),
        (201, "refused"),
        (403, "needs credentials"),
        (429, "told to wait"),
        (502, "refused"),
    ] {
        let server = network(photos(0..1), Faults { rest_statuses: vec![code], ..Faults::default() }).await;
        let end = end_of(&server, Some(KEY)).await.to_string();
        assert!(end.starts_with(want) && !end.contains(KEY), "{code}: {end}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_or_wrong_key_needs_somebody() {
    let server = network(photos(0..1), Faults::default()).await;
    for key in [None, Some("wrong-canary")] {
        let end = end_of(&server, key).await.to_string();
        assert!(end.contains("set TEST_KEY to a Flickr API key") && !end.contains("canary"), "{end}");
    }
    let (heard, done) =
        backfilled(open(&settings_of(&server, None), Arc::new(Forgetful)).unwrap().as_ref(), &FROM_START)
            .await;
    assert!(matches!(done, Backfilled::Broken(SourceEnd::NeedsCredentials(_))) && heard.posts.is_empty());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_is_not_there_cuts_and_the_key_stays_ours() {
    let nowhere = SourceSettings {
        key: Some(Secret::new(KEY.into())),
        ..settings("http://127.0.0.1:9/services/rest/", Api::V2, None)
    };
    let (out, _heard) = Outlet::new(8);
    let end = open(&nowhere, Arc::new(Forgetful)).unwrap().stream(&out).await;
    assert!(matches!(end, SourceEnd::Cut(_)) && !end.to_string().contains(KEY), "{end}");
}

#[test]
fn what_flickr_would_not_bear_is_said_when_it_is_applied() {
    let at_flickr = |seconds| SourceSettings {
        url: None,
        poll: Some(Duration::from_secs(seconds)),
        ..settings("https://unused.example", Api::V2, None)
    };
    let why = open(&at_flickr(4), Arc::new(Forgetful)).err().unwrap();
    assert!(why.contains("poll_seconds = 4") && why.contains("write 5 or more"), "{why}");
    let rhythm = open(&at_flickr(5), Arc::new(Forgetful)).unwrap().rhythm();
    assert!(rhythm.silence_max > Duration::from_secs(60));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_fake_says_the_same_in_all_three_forms() {
    let server = network(photos(0..2), Faults::default()).await;
    server.play(2);
    let said = async |query: &str| {
        let url = format!("{}/services/rest/?api_key={KEY}&{query}", server.url());
        let client = crate::wire::answer::client().unwrap();
        crate::wire::answer::ask(client.get(url)).await.unwrap().body
    };
    for method in [
        "flickr.photos.search&tags=rustfest&extras=description,tags".to_owned(),
        format!("flickr.photos.getInfo&photo_id={}", id(1)),
    ] {
        let mut drafts = Vec::new();
        for (form, begins) in
            [("&format=json&nojsoncallback=1", "{"), ("&format=json", "jsonFlickrApi({"), ("", "<?xml")]
        {
            let body = said(&format!("method={method}{form}")).await;
            assert!(body.starts_with(begins.as_bytes()), "{}", String::from_utf8_lossy(&body));
            let document = super::answer::read(&body).unwrap();
            let listed = super::photo::one_or_more(&document["photos"]["photo"]).first();
            drafts.push(super::photo::read(listed.unwrap_or(&document["photo"])).unwrap().draft);
        }
        assert!(drafts.iter().all(|draft| *draft == drafts[0]), "{drafts:?}");
    }
    for (query, code) in
        [("method=flickr.photos.search", 3), ("method=flickr.nothing", 112), ("method=x&format=php", 111)]
    {
        let Err(super::answer::Unread::Fail(fail)) = super::answer::read(&said(query).await) else {
            panic!("{query}")
        };
        assert_eq!(fail.code, code, "{query}");
    }
}
