//! The figures at the top of the dashboard, and the evidence behind the first of them.

use super::{
    board::{Cell, Fact, Row, Section, Tone},
    gather::Facts,
    lost::{Evidence, verdict},
    words,
};
use crate::site::view::{chart::spark, count, number, time::Venue};
use chassis::spread::Spread;

/// The figures.
pub(super) fn facts(facts: &Facts) -> Vec<Fact> {
    vec![lost(facts), coming(facts), connected(facts), delay(facts), waiting(facts)]
}

fn fact(key: &str, name: &'static str, figure: Cell, unit: String, note: String) -> Fact {
    let cell = |end: &str, text: String| Cell::new(format!("{key}.{end}"), "", text);
    Fact {
        name,
        figure: Cell { key: format!("{key}.figure"), ..figure },
        unit: cell("unit", unit),
        note: cell("note", note),
    }
}

fn lost(facts: &Facts) -> Fact {
    let all: Vec<Evidence> = facts.events().map(|(slug, _)| evidence(facts, slug)).collect();
    let verdict = if all.is_empty() && facts.nozzle.is_none() {
        verdict(&[Evidence::default()])
    } else {
        verdict(&all)
    };
    let figure = Cell::new("", "", verdict.figure).tone(verdict.tone);
    fact("lost", "Items lost", figure, verdict.but, verdict.why)
}

/// What is known of an event.
fn evidence(facts: &Facts, slug: &str) -> Evidence {
    let Some((_, event)) = facts.events().find(|(known, _)| *known == slug) else {
        return Evidence::default();
    };
    let figures = &event.figures;
    let sum = |of: fn(&super::records::SourceFigures) -> u64| figures.sources.iter().map(of).sum::<u64>();
    let received = sum(|source| source.received);
    let tails = facts.halleys.iter().filter_map(|halley| halley.events.get(slug)?.head.as_ref());
    let strainer = facts.strainer.as_ref().and_then(|strainer| strainer.events.get(slug));
    Evidence {
        received,
        settled: received - sum(|source| source.missing).min(received),
        missing: sum(|source| source.missing),
        top: Some(event.top),
        tail: tails.map(|head| head.top).min(),
        archived: strainer.map(|strainer| strainer.seq),
        waiting_seconds: strainer.map_or(0.0, |strainer| strainer.waiting_seconds),
        trouble: strainer.and_then(|strainer| strainer.trouble.clone()),
        gaps_open: figures.gaps.open,
        gaps_unfillable: figures.gaps.unfillable,
        known_lost: figures.gaps.known_lost,
        recount: facts.recounts.get(slug).map(|(_, recount)| *recount),
    }
}

/// The numbers, event by event.
pub(super) fn proof(facts: &Facts, venue: &Venue) -> Section {
    let rows = facts.events().map(|(slug, event)| {
        let evidence = evidence(facts, slug);
        let key = |end: &str| format!("proof.{slug}.{end}");
        let told = |n: Option<u64>| n.map_or_else(|| "not told".to_owned(), number);
        let sum = |of: fn(&super::records::SourceFigures) -> u64| event.figures.sources.iter().map(of).sum::<u64>();
        let became = format!(
            "{} new, {} duplicate, {} held, {} changed, {} rejected",
            number(sum(|s| s.new)),
            number(sum(|s| s.duplicate)),
            number(sum(|s| s.held)),
            number(sum(|s| s.changed)),
            number(sum(|s| s.rejected))
        );
        let recount = facts.recounts.get(slug).map_or_else(
            || "Posts are counted again as soon as the archive stands where the ledger does.".to_owned(),
            |(at, recount)| {
                let (ledger, archive) = (number(recount.ledger), number(recount.archive));
                format!("Posts that the archive should have, by the ledger: {ledger}; that it has: {archive}; counted at {}.", venue.hhmm(*at))
            },
        );
        let cells = vec![
            Cell::new(key("received"), "Received", number(evidence.received)),
            Cell::new(key("became"), "Became", became),
            Cell::new(key("top"), "Committed", told(evidence.top)),
            Cell::new(key("tail"), "Shown", told(evidence.tail)),
            Cell::new(key("archived"), "Archived", told(evidence.archived)),
        ];
        let link = Some((format!("/api/v1/events/{slug}/integrity"), "Integrity"));
        let note = Cell::new(key("note"), "", recount);
        Row { key: key("row"), name: slug.to_owned(), cells, note, link, ..Row::default() }
    });
    Section {
        id: "proof",
        title: "Evidence",
        about: Cell::new("proof.about", "", "what came in, and where it is"),
        heads: &["Event", "Received", "Became", "Committed", "Shown", "Archived"],
        rows: rows.collect(),
        nothing: "No nozzle tells of an event yet.",
    }
}

fn coming(facts: &Facts) -> Fact {
    let mut minutes: Vec<u64> = Vec::new();
    for (_, event) in facts.events() {
        let own = &event.figures.minutes;
        minutes.resize(minutes.len().max(own.len()), 0);
        minutes.iter_mut().zip(own).for_each(|(sum, one)| *sum += one);
    }
    let now = minutes.pop().unwrap_or(0);
    let (last, most) = (minutes.last().copied().unwrap_or(0), minutes.iter().copied().max().unwrap_or(0));
    let label = format!("Items per minute in the last hour, {} at most", number(most));
    let mut fact = fact(
        "coming",
        "Coming in",
        Cell::new("", "", number(last)),
        "per min".to_owned(),
        format!("{} in this minute so far; {} was the most in an hour.", number(now), number(most)),
    );
    fact.note = fact.note.spark(spark(&minutes, most), label);
    fact
}

fn connected(facts: &Facts) -> Fact {
    let mut sum = super::records::Viewers::default();
    for event in facts.halleys.iter().flat_map(|halley| halley.events.values()) {
        sum.ws += event.viewers.ws;
        sum.sse += event.viewers.sse;
        sum.poll += event.viewers.poll;
    }
    let peak =
        facts.events().filter_map(|(_, event)| event.figures.peak.as_ref()).map(|peak| peak.viewers).max();
    let peak = peak.map(|peak| format!("; {} at most so far", number(peak))).unwrap_or_default();
    let note = format!(
        "{} WebSocket, {} event stream, {} long poll{peak}",
        number(sum.ws),
        number(sum.sse),
        number(sum.poll)
    );
    let all = sum.ws + sum.sse + sum.poll;
    fact("connected", "Connected", Cell::new("", "", number(all)), "now".to_owned(), note)
}

fn delay(facts: &Facts) -> Fact {
    let (mut source, mut commit) = (Spread::default(), Spread::default());
    for event in facts.halleys.iter().flat_map(|halley| halley.events.values()) {
        source.add(&event.source_to_screen);
        commit.add(&event.commit_to_screen);
    }
    let told = |spread: &Spread, share: f64| spread.quantile(share).map(words::seconds).unwrap_or_default();
    let (figure, unit, note) = match source.quantile(0.5) {
        None => (
            "\u{2013}".to_owned(),
            String::new(),
            "No new post has gone to anybody in the last minutes.".to_owned(),
        ),
        Some(median) => (
            words::seconds(median),
            "median".to_owned(),
            format!(
                "99 of 100 within {}; ours of it {} (median), {} (99 of 100). {} in 5 min.",
                told(&source, 0.99),
                told(&commit, 0.5),
                told(&commit, 0.99),
                count(source.count(), "look", "looks"),
            ),
        ),
    };
    fact("delay", "Delay, source to screen", Cell::new("", "", figure), unit, note)
}

fn waiting(facts: &Facts) -> Fact {
    let (mut entries, mut seconds, mut at, mut trouble) = (0_u64, 0.0_f64, Vec::new(), None);
    for (slug, event) in facts.events() {
        let Some(strainer) = facts.strainer.as_ref().and_then(|strainer| strainer.events.get(slug)) else {
            continue;
        };
        entries += event.top.saturating_sub(strainer.seq);
        seconds = seconds.max(strainer.waiting_seconds);
        at.push(number(strainer.seq));
        trouble = trouble.or_else(|| strainer.trouble.clone());
    }
    let tone = if trouble.is_some() { Tone::Bad } else { Tone::Plain };
    let (figure, note) = match (&facts.strainer, trouble) {
        (None, _) => ("\u{2013}".to_owned(), "No strainer tells what it has archived.".to_owned()),
        (Some(_), Some(trouble)) => (number(entries), format!("for {}. {trouble}", words::seconds(seconds))),
        (Some(_), None) if entries == 0 => (number(0), format!("archived up to {}", at.join(", "))),
        (Some(_), None) => {
            (number(entries), format!("oldest {}, archived up to {}", words::seconds(seconds), at.join(", ")))
        }
    };
    fact("waiting", "Waiting to be archived", Cell::new("", "", figure).tone(tone), String::new(), note)
}
