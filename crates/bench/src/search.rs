//! Searching 200,000 posts in both archives: every way to narrow, words that half of all posts hold, words that none holds, pages
//! far down. Each question is asked a few hundred times with other values; told are the median and the slowest but one in a hundred.

mod posts;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use archive::{Archive, Batch, Cursor, Has, Links, Order, Page, Query, Scope, Search, Settings, Words, open};
use model::{Entry, EventId, Micros, Network, TalkId};
use posts::{FIRST, POSTS, SPAN};

use crate::figures::{Aim, Figures};

/// What a page of a search may take, 99 times in 100.
const P99_MAX: Duration = Duration::from_millis(50);
/// How often each question is asked, after being asked a few times for nothing.
const ASKED: usize = 300;
const WARM: usize = 10;
/// Posts of a page, as the site has it, and the number above which it does not count.
const PAGE: u32 = 50;
const COUNTED_MAX: u32 = 501;
const BATCH: usize = 500;

pub(crate) async fn measure(figures: &mut Figures) -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    measure_in("SQLite", "embedded".to_owned(), dir.path(), figures).await?;
    let Some(postgres) = testkit::Postgres::start_durable().await else {
        figures.skip("search in PostgreSQL", "PostgreSQL is not installed");
        return Ok(());
    };
    let url = postgres.create_database().await;
    measure_in("PostgreSQL", url, dir.path(), figures).await
}

async fn measure_in(name: &str, url: String, dir: &Path, figures: &mut Figures) -> anyhow::Result<()> {
    let archive = open(&Settings { url, data_dir: dir.to_owned(), statement_cache: true })?;
    archive.prepare().await?;
    let event = EventId::from_random(7);
    let began = Instant::now();
    fill(archive.as_ref(), event).await?;
    let rate = POSTS as f64 / began.elapsed().as_secs_f64();
    figures.tell(&format!("{name}: posts written, with index and links"), rate, "rows/s", Aim::None);
    let mut worst = Duration::ZERO;
    for question in questions() {
        let times = ask(&archive, event, &question).await.with_context(|| question.name.to_owned())?;
        worst = worst.max(times.p99);
        let title = format!("{name}: {} ({} found)", question.name, times.found);
        figures.tell(&format!("{title}, p50"), millis(times.p50), "ms", Aim::None);
        figures.tell(&format!("{title}, p99"), millis(times.p99), "ms", Aim::AtMost(millis(P99_MAX)));
    }
    let verdict = if worst <= P99_MAX { "met" } else { "MISSED" };
    println!(
        "{name}: the aim of p99 <= {} ms over {POSTS} posts is {verdict}; the slowest question has {:.1} ms",
        P99_MAX.as_millis(),
        millis(worst)
    );
    Ok(())
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

async fn fill(archive: &dyn Archive, event: EventId) -> anyhow::Result<()> {
    let mut from: Option<Cursor> = None;
    let mut seq = 0;
    while seq < POSTS {
        let entries: Vec<Entry> = (seq..POSTS.min(seq + BATCH as u64)).map(posts::entry).collect();
        seq += entries.len() as u64;
        let to = Cursor::new("0.00000000000000a1".parse().context("an epoch")?, seq);
        archive.write(Batch { event, from, entries: entries.into(), to: to.clone() }).await?;
        from = Some(to);
    }
    Ok(())
}

/// One question, and how its values change from one asking to the next.
struct Question {
    name: &'static str,
    ask: fn(usize) -> Ask,
}

/// What is asked of the archive.
enum Ask {
    Page(Query),
    Count(Query),
    Links(Links),
}

struct Times {
    p50: Duration,
    p99: Duration,
    /// Rows of the last answer.
    found: usize,
}

async fn ask(archive: &Arc<dyn Archive>, event: EventId, question: &Question) -> anyhow::Result<Times> {
    let mut times = Vec::with_capacity(ASKED);
    let mut found = 0;
    for n in 0..WARM + ASKED {
        let asked = (question.ask)(n);
        let began = Instant::now();
        found = match asked {
            Ask::Page(query) => archive.items(event, &query).await?.len(),
            Ask::Count(query) => usize::try_from(archive.count(event, &query, COUNTED_MAX).await?)?,
            Ask::Links(of) => archive.links(event, &of, None, PAGE).await?.len(),
        };
        if n >= WARM {
            times.push(began.elapsed());
        }
    }
    times.sort_unstable();
    Ok(Times { p50: times[ASKED / 2], p99: times[ASKED * 99 / 100], found })
}

fn words(typed: &str) -> Search {
    Search { words: Words::parse(typed), ..Search::default() }
}

fn newest(search: Search) -> Query {
    Query { limit: PAGE, ..Query::newest(search) }
}

fn page(search: Search) -> Ask {
    Ask::Page(newest(search))
}

/// A moment of the event, another for each asking.
fn moment(n: usize) -> Micros {
    FIRST.plus((n as i64 * 7_919 % 1_000) * (SPAN / 1_000))
}

fn talk(n: usize) -> TalkId {
    TalkId(format!("t{}", n as u64 % posts::TALKS))
}

/// What each question asks is told by its name; the words are those of [`posts`].
fn questions() -> Vec<Question> {
    let question = |name, ask| Question { name, ask };
    let mut all = vec![
        question("a word that half of all posts hold", |_| page(words("rust"))),
        question("two words that half of all posts hold each", |_| page(words("rust talk"))),
        question("a word of half of all posts, in none of the newer half", |_| page(words("morning"))),
        question("two words of half of all posts each that never meet", |_| page(words("morning evening"))),
        question("a word that no post holds", |n| page(words(&format!("nobodysays{n}")))),
        question("a word that 20 posts hold", |n| page(words(&format!("rare{}", n % 10_000)))),
        question("a common word and a rare one", |n| page(words(&format!("rust rare{}", n % 10_000)))),
        question("a phrase of two common words", |_| page(words("\"rust talk\""))),
        question("a phrase of two common words that never stand so", |_| page(words("\"talk rust\""))),
        question("the beginning of common words", |_| page(words("ru*"))),
        question("the beginning of 1,000 rare words", |n| page(words(&format!("rare{}*", n % 10)))),
    ];
    all.extend(narrowed());
    all.extend([
        question("a word that half of all posts hold, counted", |_| Ask::Count(newest(words("rust")))),
        question("a word of the older half, counted", |_| Ask::Count(newest(words("morning")))),
        question("the links of the event, by people", |_| Ask::Links(Links::Event)),
        question("the links of a talk, by people", |n| Ask::Links(Links::Talk(talk(n)))),
    ]);
    all
}

fn narrowed() -> Vec<Question> {
    let question = |name, ask| Question { name, ask };
    vec![
        question("an author by handle", |n| page(Search { by: handle(n), ..Search::default() })),
        question("a common word by an author", |n| page(Search { by: handle(n), ..words("rust") })),
        question("a common name", |_| page(Search { by: Some("person".to_owned()), ..words("rust") })),
        question("a common word in a talk", |n| page(Search { talk: Some(talk(n)), ..words("rust") })),
        question("a common word in a room", |n| {
            page(Search { room: Some(format!("room{}", n % 4)), ..words("rust") })
        }),
        question("a word of the older half in a room, from a network", |n| {
            let (room, network) = (Some(format!("room{}", n % 4)), Some(Network::Mastodon));
            page(Search { room, network, ..words("morning") })
        }),
        question("a common word from a network", |_| {
            page(Search { network: Some(Network::Bluesky), ..words("rust") })
        }),
        question("a common word from a source", |_| {
            page(Search { source: Some("source3".to_owned()), ..words("rust") })
        }),
        question("a common word with photos", |_| page(Search { has: vec![Has::Photo], ..words("rust") })),
        question("photos of the older half", |_| page(Search { has: vec![Has::Photo], ..words("morning") })),
        question("questions with a common word", |_| {
            page(Search { has: vec![Has::Question], ..words("rust") })
        }),
        question("a common word of ten minutes", |n| {
            let (from, to) = (moment(n), moment(n).plus(10 * Micros::MINUTE));
            Ask::Page(Query { from: Some(from), to: Some(to), ..newest(words("rust")) })
        }),
        question("a word of the older half, of one day", |n| {
            let (from, to) = (moment(n), moment(n).plus(24 * Micros::HOUR));
            Ask::Page(Query { from: Some(from), to: Some(to), ..newest(words("morning")) })
        }),
        question("a common word, a page from anywhere", |n| {
            let after = Some(Page { when: moment(n), id: model::Uid::new("x", "1").id() });
            Ask::Page(Query { after, ..newest(words("rust")) })
        }),
        question("a word of the older half, a page from anywhere", |n| {
            let after = Some(Page { when: moment(n), id: model::Uid::new("x", "1").id() });
            Ask::Page(Query { after, ..newest(words("morning")) })
        }),
        question("a word of the newer half, the oldest first", |_| {
            Ask::Page(Query { order: Order::OldestFirst, ..newest(words("evening")) })
        }),
        question("photos, the newest first", |_| {
            Ask::Page(Query { order: Order::NewestFirst, limit: PAGE, ..Query::new(Scope::Photos) })
        }),
    ]
}

fn handle(n: usize) -> Option<String> {
    Some(format!("@person{}@social.example", n as u64 % posts::PEOPLE))
}
