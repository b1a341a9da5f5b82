//! Filing in the sequencer: what it adds to one post, how long it takes to open an event of 50,000 posts and what they take
//! in memory, and how long others wait while a thread of 100,000 answers is filed again.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, anyhow};
use chassis::clock::Clock;
use live::ledger::Ledger;
use model::{Author, EventId, ItemId, Micros, Network, Uid};
use nozzle::intake::Ask;
use nozzle::source::{Draft, Words};

use crate::figures::{Aim, Figures};

/// The part of this measurement that runs as a process of its own, so that its memory is only its own.
pub(crate) const PART: &str = "filing-open";
const ITEMS: usize = 50_000;
const ONE_BY_ONE: usize = 2_000;
const ANSWERS: usize = 100_000;
const ROOMS: usize = 4;
const TALKS: usize = 150;
/// Words of which titles and posts are made; a real programme has thousands.
const NOUNS: [&str; 30] = [
    "compilers",
    "sourdough",
    "maps",
    "printers",
    "queues",
    "ledgers",
    "gardens",
    "radios",
    "kernels",
    "bridges",
    "lanterns",
    "protocols",
    "archives",
    "bicycles",
    "satellites",
    "fonts",
    "beehives",
    "proofs",
    "tunnels",
    "codecs",
    "looms",
    "tides",
    "sensors",
    "dialects",
    "batteries",
    "caches",
    "orchards",
    "mirrors",
    "engines",
    "puzzles",
];

pub(crate) async fn measure(figures: &mut Figures) -> anyhow::Result<()> {
    crate::rules::measure(figures)?;
    let now = Micros(Clock::real().now());
    one_post(figures, now).await?;
    opening(figures, now).await?;
    a_thread(figures, now).await
}

/// The process of its own: opens the event and tells the seconds and the bytes.
pub(crate) fn part(mut args: impl Iterator<Item = String>) -> anyhow::Result<()> {
    let dir = args.next().context("which folder?")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let ledger = Ledger::open(Path::new(&dir), EventId::from_random(3)).await?;
        ledger.view().records(None, 500).await?;
        let before = resident()?;
        let opened = nozzle::bench::open(ledger).await.map_err(|why| anyhow!(why))?;
        println!("{} {}", opened.took.as_secs_f64(), resident()?.saturating_sub(before));
        Ok(())
    })
}

async fn one_post(figures: &mut Figures, now: Micros) -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let mut rates = Vec::new();
    for (n, talks) in [(1, 0), (2, TALKS)] {
        let ledger = Ledger::open(dir.path(), EventId::from_random(n)).await?;
        let took = nozzle::bench::accept(ledger, setup(now, talks)?, drafts(ITEMS, now)).await;
        rates.push(took.map_err(|why| anyhow!(why))?.as_secs_f64() * 1e6 / ITEMS as f64);
    }
    figures.tell("one post through the sequencer, no talks", rates[0], "us", Aim::None);
    figures.tell("  150 talks in 4 rooms, 50,000 posts", rates[1], "us", Aim::None);
    figures.tell("  so its filing", rates[1] - rates[0], "us", Aim::AtMost(1000.0));
    let ledger = Ledger::open(dir.path(), EventId::from_random(2)).await?;
    let more = (0..ONE_BY_ONE).map(|n| draft(ITEMS + n, now)).collect();
    let mut took = nozzle::bench::one_by_one(ledger, more).await.map_err(|why| anyhow!(why))?;
    took.sort_unstable();
    figures.tell("one post by itself, commit included, median", ms(took[ONE_BY_ONE / 2]), "ms", Aim::None);
    figures.tell("  p99", ms(took[ONE_BY_ONE * 99 / 100]), "ms", Aim::None);
    Ok(())
}

async fn opening(figures: &mut Figures, now: Micros) -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let ledger = Ledger::open(dir.path(), EventId::from_random(3)).await?;
    nozzle::bench::accept(ledger, setup(now, TALKS)?, drafts(ITEMS, now))
        .await
        .map_err(|why| anyhow!(why))?;
    let told = Command::new(std::env::current_exe()?).arg(PART).arg(dir.path()).output()?;
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    let mut told = told.split_whitespace().map(str::parse::<f64>);
    let mut next = || told.next().context("it told nothing")?.context("no number");
    let (seconds, bytes) = (next()?, next()?);
    figures.tell("opening an event of 50,000 posts", seconds, "s", Aim::AtMost(2.0));
    figures.tell("  memory for each post", bytes / ITEMS as f64, "bytes", Aim::None);
    Ok(())
}

/// 100,000 answers to one post, which then is hidden.
async fn a_thread(figures: &mut Figures, now: Micros) -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let ledger = Ledger::open(dir.path(), EventId::from_random(4)).await?;
    let mut all =
        vec![Draft { words: Words::Text(format!("{} by {}", title(7), speaker(7))), ..draft(0, now) }];
    let root = all[0].uid.0.clone();
    all.extend((1..=ANSWERS).map(|n| Draft { reply_to: Some(root.clone()), ..draft(n, now) }));
    nozzle::bench::accept(ledger.clone(), setup(now, TALKS)?, all).await.map_err(|why| anyhow!(why))?;
    let hidden = hidden(ledger, Uid(root).id()).await?;
    let longest = hidden.steps.iter().max().copied().unwrap_or_default();
    figures.tell("hiding a post with 100,000 answers", ms(hidden.decided), "ms", Aim::None);
    figures.tell("  the longest that others wait behind what follows", ms(longest), "ms", Aim::AtMost(250.0));
    figures.tell(
        "  until all are filed again",
        hidden.steps.iter().sum::<Duration>().as_secs_f64(),
        "s",
        Aim::None,
    );
    figures.tell("  in transactions", hidden.steps.len() as f64, "", Aim::None);
    Ok(())
}

async fn hidden(ledger: Ledger, id: ItemId) -> anyhow::Result<nozzle::bench::Hidden> {
    nozzle::bench::hide(ledger, id).await.map_err(|why| anyhow!(why))
}

fn ms(took: Duration) -> f64 {
    took.as_secs_f64() * 1000.0
}

fn title(n: usize) -> String {
    let noun = |step: usize| NOUNS[(n * step + step) % NOUNS.len()];
    format!("How {} met {} and {}", noun(1), noun(7), noun(11))
}

fn speaker(n: usize) -> String {
    format!("Robin {}{}", NOUNS[n % NOUNS.len()].to_uppercase(), n)
}

/// The event, and that many talks of half an hour in four rooms around now.
fn setup(now: Micros, talks: usize) -> anyhow::Result<Vec<Ask>> {
    let rooms: Vec<String> = (0..ROOMS).map(|n| format!("[[room]]\nname = \"Room {n}\"\n")).collect();
    let event = format!("slug = \"bench\"\ntitle = \"Bench\"\nhashtags = [\"bench\"]\n{}", rooms.concat());
    let mut setup = vec![Ask::Event(event)];
    if talks == 0 {
        return Ok(setup);
    }
    let half = (talks / ROOMS / 2) as i64;
    let in_room = |room: usize| -> Vec<serde_json::Value> {
        let slot = |n: usize| {
            let start = now.plus(((n / ROOMS) as i64 - half) * 30 * Micros::MINUTE).timestamp().to_string();
            serde_json::json!({
                "guid": format!("00000000-0000-4000-8000-{n:012}"), "date": start, "start": "09:00", "duration": "00:30",
                "room": format!("Room {room}"), "title": title(n), "persons": [{"public_name": speaker(n)}],
                "abstract": format!("Of {}, {} and what became of {}.", NOUNS[n % 30], NOUNS[n * 7 % 30], NOUNS[n * 13 % 30]),
            })
        };
        (0..talks).filter(|n| n % ROOMS == room).map(slot).collect()
    };
    let rooms: serde_json::Map<String, serde_json::Value> =
        (0..ROOMS).map(|room| (format!("Room {room}"), in_room(room).into())).collect();
    let day = serde_json::json!({"index": 1, "date": "2026-01-01", "rooms": rooms});
    let schedule =
        serde_json::json!({"schedule": {"version": "1", "conference": {"title": "Bench", "days": [day]}}});
    setup.push(Ask::Schedule(serde_json::to_vec(&schedule)?));
    Ok(setup)
}

fn drafts(count: usize, now: Micros) -> Vec<Draft> {
    (0..count).map(|n| draft(n, now)).collect()
}

/// A post of the day: about a talk, an answer, with a link that others share, or chatter.
fn draft(n: usize, now: Micros) -> Draft {
    let about = (n * 31) % TALKS;
    let text = match n % 5 {
        0 => format!("{} is the best talk of the day, thank you {} {n} #bench", title(about), speaker(about)),
        1 => format!("so much to learn about {} from {} {n} #bench", NOUNS[n % 30], NOUNS[n * 11 % 30]),
        2 => format!("slides: https://slides.example/{about} {n} #bench"),
        3 => format!("I wonder about that, too {n} #bench"),
        _ => format!("coffee is better upstairs, and the queue is shorter {n} #bench"),
    };
    let native = |n: usize| format!("https://social.example/users/person{}/statuses/{n}", n % 400);
    let uid = native(n);
    Draft {
        network_time: Some(now.plus(-((n % 28_800) as i64) * Micros::SECOND)),
        author: Author {
            id: (n % 400).to_string(),
            name: format!("Person {}", n % 400),
            handle: format!("@person{}@social.example", n % 400),
            ..Author::default()
        },
        words: Words::Text(text),
        reply_to: (n % 5 == 3).then(|| Uid::new(Network::Mastodon.name(), &native(n - 3)).0),
        ..Draft::new(Network::Mastodon, &uid)
    }
}

/// Memory of this process that is in RAM, in bytes.
fn resident() -> anyhow::Result<u64> {
    const PAGE: u64 = 4096;
    let text = std::fs::read_to_string("/proc/self/statm")?;
    let pages = text.split(' ').nth(1).context("statm has no second number")?;
    Ok(pages.parse::<u64>()? * PAGE)
}
