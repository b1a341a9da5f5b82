//! Bluesky's Jetstream: how fast posts that are none of ours are passed by, beside a full parse of the same lines in the
//! same run, and how many of ours a second go the whole way from the frame's bytes to the ledger's commit.

use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::anyhow;
use chassis::clock::Clock;
use live::ledger::Ledger;
use model::{EventId, Micros};
use nozzle::bench::{Frames, accept_frames};

use crate::figures::{Aim, Figures};
use crate::posts;

/// Different lines of others; together far more than the caches hold.
const LINES: usize = 40_000;
/// Rounds over all lines; the best counts, as others work on the machine too.
const ROUNDS: usize = 5;
/// Posts of ours.
const OURS: usize = 30_000;

pub(crate) async fn measure(figures: &mut Figures) -> anyhow::Result<()> {
    let now = Micros(Clock::real().now());
    let others: Vec<Vec<u8>> = (0..LINES).map(|n| other(n, now).into_bytes()).collect();
    let bytes: usize = others.iter().map(Vec::len).sum();
    let rate = |took: Duration| bytes as f64 / took.as_secs_f64() / 1e6;
    let tags = ["bench".to_owned(), "benchconf".to_owned()];
    let mut frames = Frames::new(&tags);
    let passed = best(|| others.iter().filter(|line| frames.read(line).is_none()).count())?;
    anyhow::ensure!(frames.newest > now.0, "the cursor has not moved");
    let parsed = best(|| {
        let is_whole = |line: &&Vec<u8>| {
            let event: Result<serde_json::Value, _> = serde_json::from_slice(line);
            black_box(event).is_ok()
        };
        others.iter().filter(is_whole).count()
    })?;
    figures.tell(
        "Jetstream lines passed by, UTF-8 and cursor included",
        rate(passed),
        "MB/s",
        Aim::AtLeast(400.0),
    );
    figures.tell("  every line parsed with serde_json", rate(parsed), "MB/s", Aim::None);
    figures.tell("  ratio", rate(passed) / rate(parsed), "", Aim::None);

    let ours: Vec<Vec<u8>> = (0..OURS).map(|n| ours(n, now).into_bytes()).collect();
    let dir = tempfile::tempdir()?;
    let ledger = Ledger::open(dir.path(), EventId::from_random(3)).await?;
    let took =
        accept_frames(ledger, posts::setup(now)?, &tags, &ours).await.map_err(|why| anyhow!("{why}"))?;
    let items = OURS as f64 / took.as_secs_f64();
    figures.tell("matching posts from the frame to the commit", items, "items/s", Aim::AtLeast(10_000.0));
    Ok(())
}

/// The shortest of several rounds, each of which must do all lines.
fn best(mut round: impl FnMut() -> usize) -> anyhow::Result<Duration> {
    let mut shortest = Duration::MAX;
    for _ in 0..ROUNDS {
        let began = Instant::now();
        let done = round();
        shortest = shortest.min(began.elapsed());
        anyhow::ensure!(done == LINES, "only {done} of {LINES} lines");
    }
    Ok(shortest)
}

const TEXTS: [&str; 8] = [
    "Make institutions that nobody can insure any more, and see what they do about it.",
    "aaaaah. Light shines in a corner of the workshop....",
    "Вечерок с кино, дошли наконец до второй части 😍🔥\\n\\nТакая крутая, что спать не могу",
    "Read the part about what to do when the old guards do not work. It says nothing about waiting until next year \\u0026 so we should begin now!",
    "いい天気ですね。散歩に行きましょう☀️",
    "She hadn’t realised she spoke out loud — “It was nothing like that”",
    "long day. tea.",
    "Has anyone properly looked at this? https://www.example.com/266486/has-anyone-looked-at-this/",
];

/// Somebody else's post: replies, pictures, cards and hashtags about as often as they are.
fn other(n: usize, now: Micros) -> String {
    let text = TEXTS[n % TEXTS.len()];
    let (facets, tail) = match n % 7 {
        0 => (tagged(text.len()), " #photography"),
        _ => (String::new(), ""),
    };
    let reply = if n % 5 < 2 { reply(n) } else { String::new() };
    let embed = match n % 6 {
        0 => picture(n),
        1 => external(n),
        _ => String::new(),
    };
    line(n, now, &format!("{embed}{facets}\"langs\":[\"en\"]{reply},\"text\":\"{text}{tail} {n}\""))
}

/// One of ours.
fn ours(n: usize, now: Micros) -> String {
    let text = format!("the speaker just deleted forty thousand lines and nobody noticed {n} #bench");
    let from = text.len() - "#bench".len();
    let feature = "{\"$type\":\"app.bsky.richtext.facet#tag\",\"tag\":\"bench\"}";
    let facets = format!(
        "\"facets\":[{{\"features\":[{feature}],\"index\":{{\"byteEnd\":{},\"byteStart\":{from}}}}}],",
        text.len()
    );
    let reply = if n.is_multiple_of(5) { reply(n) } else { String::new() };
    line(n, now, &format!("{facets}\"langs\":[\"en\"]{reply},\"text\":\"{text}\""))
}

fn line(n: usize, now: Micros, record: &str) -> String {
    let (did, time) = (letters(n % 4000, 24), now.0 + n as i64);
    format!(
        "{{\"did\":\"did:plc:{did}\",\"time_us\":{time},\"kind\":\"commit\",\"commit\":{{\"rev\":\"{}\",\"operation\":\"create\",\
         \"collection\":\"app.bsky.feed.post\",\"rkey\":\"{}\",\"record\":{{\"$type\":\"app.bsky.feed.post\",\
         \"createdAt\":\"{}\",{record}}},\"cid\":\"bafyrei{}\"}}}}",
        letters(n + 7, 13),
        letters(n, 13),
        now.timestamp(),
        letters(n + 1, 52),
    )
}

fn reply(n: usize) -> String {
    let reference = |n: usize| {
        let uri = format!("at://did:plc:{}/app.bsky.feed.post/{}", letters(n, 24), letters(n + 2, 13));
        format!("{{\"cid\":\"bafyrei{}\",\"uri\":\"{uri}\"}}", letters(n + 3, 52))
    };
    format!(",\"reply\":{{\"parent\":{},\"root\":{}}}", reference(n + 10), reference(n + 20))
}

fn blob(n: usize) -> String {
    let cid = letters(n + 5, 52);
    format!(
        "{{\"$type\":\"blob\",\"ref\":{{\"$link\":\"bafkrei{cid}\"}},\"mimeType\":\"image/jpeg\",\"size\":{}}}",
        1000 + n
    )
}

fn picture(n: usize) -> String {
    let image =
        format!("{{\"alt\":\"\",\"aspectRatio\":{{\"height\":3011,\"width\":4000}},\"image\":{}}}", blob(n));
    format!("\"embed\":{{\"$type\":\"app.bsky.embed.images\",\"images\":[{image}]}},")
}

fn external(n: usize) -> String {
    format!(
        "\"embed\":{{\"$type\":\"app.bsky.embed.external\",\"external\":{{\"description\":\"What does it mean to those who were here before?\",\
         \"thumb\":{},\"title\":\"What it means\",\"uri\":\"https://www.example.com/watch?v={n}\\u0026t=1\"}}}},",
        blob(n)
    )
}

fn tagged(from: usize) -> String {
    let feature = "{\"$type\":\"app.bsky.richtext.facet#tag\",\"tag\":\"photography\"}";
    format!(
        "\"facets\":[{{\"features\":[{feature}],\"index\":{{\"byteEnd\":{},\"byteStart\":{}}}}}],",
        from + 13,
        from + 1
    )
}

/// Letters of the kind that identifiers are made of, different for each `n`.
fn letters(n: usize, count: usize) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let mut state = n as u64 + 1;
    let letter = |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(LETTERS[(state >> 59) as usize])
    };
    (0..count).map(letter).collect()
}
