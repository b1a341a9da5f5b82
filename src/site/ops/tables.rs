//! The other tables: sources, gaps, stores; and the samples of what could not be read.

use super::{
    board::{Cell, Row, Sample, Section, Tone},
    gather::Facts,
    processes::capital,
    words,
};
use crate::site::view::{count, number, time::Venue};
use nozzle::intake::{Doing, SourceReport};
use std::time::Duration;

/// Samples that are shown.
const SAMPLES_MAX: usize = 20;
/// Longest part of one, in characters.
const SAMPLE_CHARS_MAX: usize = 400;
/// Gaps that are shown.
const GAPS_MAX: usize = 20;

/// Every source of every event.
pub(super) fn sources(facts: &Facts) -> Section {
    let is_one = facts.events().count() < 2;
    let rows = facts.events().flat_map(|(slug, event)| {
        let own = event.sources.iter().map(move |source| source_row(facts, slug, source, is_one));
        own.chain(event.watched.iter().map(move |watched| source_row(facts, slug, watched, is_one)))
    });
    Section {
        id: "sources",
        title: "Sources",
        about: Cell::new("sources.about", "", ""),
        heads: &["Source", "State", "Per minute", "Last item", "Dropped"],
        rows: rows.collect(),
        nothing: "No event has a source yet. Add one under its settings, or with perihelion event apply.",
    }
}

fn source_row(facts: &Facts, slug: &str, source: &SourceReport, is_one_event: bool) -> Row {
    let key = |end: &str| format!("s.{slug}.{}.{end}", source.name);
    let again = source
        .until
        .filter(|until| *until > facts.now)
        .map(|until| format!(", again in {}", words::length(words::since(until.since(facts.now)))));
    let state = capital(source.state.words()) + &again.unwrap_or_default();
    let rate = facts.rates.per_minute(slug, &source.name).map(|rate| match rate {
        rate if rate > 0.0 && rate < 0.95 => "<1".to_owned(),
        rate => format!("{rate:.0}"),
    });
    let last = source.last_item.map(|at| format!("{} ago", words::length(words::since(facts.now.since(at)))));
    let dropped: u64 = source.rejected.values().sum();
    let sentence = |text: &Option<String>| text.as_deref().map(sentence);
    let note = [sentence(&source.why), sentence(&source.cure), sentence(&source.warning)];
    // A source that is called what it is need not be told twice.
    let kind = (source.kind != source.name).then_some(source.kind.as_str());
    let about: Vec<&str> = kind.into_iter().chain((!is_one_event).then_some(slug)).collect();
    Row {
        key: key("row"),
        name: source.name.clone(),
        about: about.join(", "),
        cells: vec![
            Cell::new(key("state"), "State", state).tone(tone(source.state)),
            Cell::new(key("rate"), "Per minute", rate.unwrap_or_default()),
            Cell::new(key("last"), "Last item", last.unwrap_or_else(|| "none yet".to_owned())),
            Cell::new(key("dropped"), "Dropped", dropped_words(dropped, source)),
        ],
        note: Cell::new(key("note"), "", note.into_iter().flatten().collect::<Vec<_>>().join(" ")),
        ..Row::default()
    }
}

/// How many were dropped, and of which reasons most.
fn dropped_words(dropped: u64, source: &SourceReport) -> String {
    let most = source.rejected.iter().max_by_key(|(_, n)| **n).filter(|_| dropped > 0);
    most.map_or_else(
        || "0".to_owned(),
        |(reason, n)| {
            let more = if *n < dropped { ", \u{2026}" } else { "" };
            format!("{} ({}{more})", number(dropped), reason.replace('_', " "))
        },
    )
}

fn tone(state: Doing) -> Tone {
    match state {
        Doing::Streaming | Doing::Polling | Doing::Open => Tone::Ok,
        Doing::Connecting | Doing::CatchingUp | Doing::BackingOff | Doing::Stale => Tone::Warn,
        Doing::NeedsCredentials | Doing::Misconfigured => Tone::Bad,
        Doing::Paused | Doing::Finished => Tone::Off,
    }
}

/// A text as a sentence of its own.
fn sentence(text: &str) -> String {
    let text = capital(text.trim());
    if text.ends_with(['.', '!', '?']) { text } else { text + "." }
}

/// Where something may be missing.
pub(super) fn gaps(facts: &Facts, venue: &Venue) -> Section {
    let (mut open, mut unfillable, mut filled, mut rows) = (0, 0, 0, Vec::new());
    for (slug, event) in facts.events() {
        let gaps = &event.figures.gaps;
        (open, unfillable, filled) = (open + gaps.open, unfillable + gaps.unfillable, filled + gaps.filled);
        for gap in &gaps.newest {
            let key = |end: &str| format!("g.{slug}.{}.{}.{end}", gap.source, gap.from.0);
            let (state, tone) = match gap.to {
                None => ("Open".to_owned(), Tone::Warn),
                Some(_) => ("Cannot be filled".to_owned(), Tone::Bad),
            };
            let until = gap.to.map_or_else(|| "now".to_owned(), |to| venue.hhmm(to));
            let lost = gap.count.map_or_else(|| "not known".to_owned(), number);
            rows.push(Row {
                key: key("row"),
                name: gap.source.clone(),
                about: slug.to_owned(),
                cells: vec![
                    Cell::new(key("state"), "State", state).tone(tone),
                    Cell::new(key("when"), "From, to", format!("{} to {until}", venue.hhmm(gap.from))),
                    Cell::new(key("count"), "Posts", lost),
                ],
                note: Cell::new(key("note"), "", gap.reason.clone()),
                ..Row::default()
            });
        }
    }
    rows.truncate(GAPS_MAX);
    let about =
        format!("{} open, {} cannot be filled, {} filled", number(open), number(unfillable), number(filled));
    Section {
        id: "gaps",
        title: "Gaps",
        about: Cell::new("gaps.about", "", about),
        heads: &["Source", "State", "From, to", "Posts"],
        rows,
        nothing: "Nothing is missing that anybody knows of.",
    }
}

/// The live store, the archive, the ledgers and their disk.
pub(super) fn stores(facts: &Facts) -> Section {
    let rows =
        [live(facts), archive(facts), disk(facts)].into_iter().chain(facts.events().map(|(slug, event)| {
            let mut row = store_row(
                &format!("ledger.{slug}"),
                "Ledger",
                ("Written".to_owned(), Tone::Ok),
                words::bytes(event.file_bytes),
                String::new(),
            );
            slug.clone_into(&mut row.about);
            if event.tail_behind > 0 {
                let lacks =
                    format!("The tail in Redis lacks {}.", count(event.tail_behind, "entry", "entries"));
                row.note = Cell::new(row.note.key, "", lacks);
            }
            row
        }));
    Section {
        id: "stores",
        title: "Stores",
        about: Cell::new("stores.about", "", ""),
        heads: &["Store", "State", "Size"],
        rows: rows.collect(),
        nothing: "",
    }
}

fn store_row(key: &str, name: &str, state: (String, Tone), size: String, note: String) -> Row {
    Row {
        key: format!("{key}.row"),
        name: name.to_owned(),
        cells: vec![
            Cell::new(format!("{key}.state"), "State", state.0).tone(state.1),
            Cell::new(format!("{key}.size"), "Size", size),
        ],
        note: Cell::new(format!("{key}.note"), "", note),
        ..Row::default()
    }
}

fn answers(took: Duration) -> (String, Tone) {
    let tone = if took > Duration::from_millis(500) { Tone::Warn } else { Tone::Ok };
    (format!("Answers in {}", words::seconds(took.as_secs_f64())), tone)
}

fn live(facts: &Facts) -> Row {
    match &facts.stores.live {
        Ok(None) => store_row(
            "live",
            "Live store",
            ("In this process".to_owned(), Tone::Ok),
            String::new(),
            String::new(),
        ),
        Ok(Some((server, took))) => {
            let most =
                server.memory_bytes_max.map(|max| format!(" of {}", words::bytes(max))).unwrap_or_default();
            let is_full = server.memory_bytes_max.is_some_and(|max| server.memory_bytes > max / 10 * 9);
            let note = if is_full { "Nearly as much as it may take: raise maxmemory." } else { "" };
            let state = if is_full { ("Nearly full".to_owned(), Tone::Bad) } else { answers(*took) };
            let name = format!("Redis {}", server.version);
            store_row("live", &name, state, words::bytes(server.memory_bytes) + &most, note.to_owned())
        }
        Err(why) => {
            let note = format!(
                "{} Pages that are open keep what they have; it is tried again by itself.",
                sentence(why)
            );
            store_row("live", "Redis", ("Away".to_owned(), Tone::Bad), String::new(), note)
        }
    }
}

fn archive(facts: &Facts) -> Row {
    match &facts.stores.archive {
        Ok(took) => store_row("archive", "Archive", answers(*took), String::new(), String::new()),
        Err(why) => {
            let note = format!(
                "{} The live page goes on without it; what comes waits in the ledger.",
                sentence(why)
            );
            store_row("archive", "Archive", ("Away".to_owned(), Tone::Bad), String::new(), note)
        }
    }
}

fn disk(facts: &Facts) -> Row {
    let Some(disk) = facts.disk() else {
        return store_row("disk", "Disk", ("Not told".to_owned(), Tone::Off), String::new(), String::new());
    };
    let (state, note) = match disk.state.as_str() {
        "full" => (
            ("Full".to_owned(), Tone::Bad),
            "Nothing is taken until there is room; it goes on by itself then.",
        ),
        "low" => {
            (("Nearly full".to_owned(), Tone::Warn), "Make room: when it is full, nothing more is taken.")
        }
        _ => (("Enough room".to_owned(), Tone::Ok), ""),
    };
    let size = format!("{} free of {}", words::bytes(disk.free_bytes), words::bytes(disk.total_bytes));
    store_row("disk", "Disk", state, size, note.to_owned())
}

/// The newest lines that could not be read, as text, cut.
pub(super) fn samples(facts: &Facts) -> Vec<Sample> {
    let all = facts.events().flat_map(|(_, event)| &event.sources);
    let all = all.flat_map(|source| {
        source.samples.iter().map(|sample| Sample {
            source: source.name.clone(),
            reason: sample.reason.replace('_', " "),
            line: sample.line.chars().take(SAMPLE_CHARS_MAX).collect(),
        })
    });
    all.take(SAMPLES_MAX).collect()
}
