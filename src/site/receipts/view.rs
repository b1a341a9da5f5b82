//! A receipt in words. Pure.

use super::super::view::time::{Venue, iso};
use live::receipts::{Clean, CleanState, Receipt, Surface, Way, What};
use model::GoneBy;

/// A receipt in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) id: String,
    /// "Removed", "Hidden", "Hidden, shown again".
    pub(super) done: &'static str,
    pub(super) who: String,
    pub(super) at: (String, String),
    pub(super) summary: String,
    pub(super) is_open: bool,
}

/// A receipt on its own page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) line: Line,
    pub(super) seq: u64,
    /// What becomes of it, in a sentence.
    pub(super) fate: &'static str,
    pub(super) surfaces: Vec<SurfaceLine>,
}

/// One surface of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SurfaceLine {
    pub(super) name: &'static str,
    /// `ok`, `wait`, `warn` or `none`: its mark.
    pub(super) mark: &'static str,
    pub(super) words: String,
    pub(super) more: String,
}

pub(super) fn line(receipt: &Receipt, venue: &Venue) -> Line {
    let done = match (receipt.what, receipt.undone) {
        (What::Remove, _) => "Removed",
        (What::Hide, None) => "Hidden",
        (What::Hide, Some(_)) => "Hidden, shown again",
    };
    Line {
        id: receipt.id.to_string(),
        done,
        who: who(receipt),
        at: (iso(receipt.at), format!("{} {}", venue.day(receipt.at), venue.hhmm(receipt.at))),
        summary: summary(receipt),
        is_open: !receipt.complete,
    }
}

pub(super) fn told(receipt: &Receipt, venue: &Venue) -> Told {
    let fate = match (receipt.what, receipt.undone) {
        (What::Remove, _) => "Its words are erased, and nobody can bring them back.",
        (What::Hide, None) => {
            "Its words are kept where only the moderators find them; showing it brings everything back."
        }
        (What::Hide, Some(_)) => "It was shown again later.",
    };
    let surfaces = receipt.surfaces.iter().map(surface).collect();
    Told { line: line(receipt, venue), seq: receipt.seq, fate, surfaces }
}

/// Who asked: roles, never people.
fn who(receipt: &Receipt) -> String {
    let words = match (receipt.asker.way, receipt.by) {
        (Way::Hand, by) => {
            let role = match receipt.asker.role.as_str() {
                "" => "somebody".to_owned(),
                role @ ("owner" | "organiser") => format!("an {role}"),
                role => format!("a {role}"),
            };
            return if by == GoneBy::Law { format!("{role}, because the law says so") } else { role };
        }
        (Way::Page, _) => "who wrote it, on the page",
        (Way::Wish, _) => "its author, who does not want to be shown here",
        (Way::Account, GoneBy::Author) => "its author, who closed the account",
        (Way::Account, GoneBy::Law) => "the law, which closed the account",
        (Way::Account, _) => "its network, which closed the account",
        (Way::Upstream, GoneBy::Author) => "its author, on their network",
        (Way::Upstream, GoneBy::Law) => "the law, as its network says",
        (Way::Upstream, _) => "its network",
    };
    words.to_owned()
}

/// "Gone from 11 places after 1.2 s", or what is still open.
fn summary(receipt: &Receipt) -> String {
    let of = |state| receipt.surfaces.iter().filter(move |clean| clean.state == state);
    let waiting: Vec<&str> = of(CleanState::Waiting).map(|clean| name(clean.surface)).collect();
    if !waiting.is_empty() {
        return format!("Not yet: {}.", super::super::view::names(&waiting));
    }
    let measured = receipt.surfaces.iter().filter_map(|clean| clean.after_ms);
    let (places, last) = measured.fold((0, 0), |(places, last), after| (places + 1, last.max(after)));
    let unknown: Vec<&str> = of(CleanState::Refused).map(|clean| name(clean.surface)).collect();
    let unknown = match unknown[..] {
        [] => String::new(),
        _ => format!(" Unknown: {}.", super::super::view::names(&unknown)),
    };
    format!("Gone from all {places} places within {}.{unknown}", lasted(last))
}

fn surface(clean: &Clean) -> SurfaceLine {
    let after = clean.after_ms.map(lasted).unwrap_or_default();
    let (mark, words) = match clean.state {
        CleanState::Waiting => ("wait", "not yet".to_owned()),
        CleanState::Clean => ("ok", format!("after {after}")),
        CleanState::Vacuumed => ("ok", format!("in no row after {after}")),
        CleanState::Refused => ("warn", "unknown".to_owned()),
        CleanState::Absent => ("none", absent(clean.surface).to_owned()),
        CleanState::Kept => ("none", "kept, to be shown again".to_owned()),
    };
    SurfaceLine { name: name(clean.surface), mark, words, more: more(clean) }
}

fn more(clean: &Clean) -> String {
    let mut more = Vec::new();
    if clean.others_keep_ms > 0 {
        let time = lasted(clean.others_keep_ms);
        more.push(format!("Caches between us and readers were allowed to keep it {time} longer."));
    }
    match clean.state {
        CleanState::Vacuumed => more.push(
            "The server frees the bytes as their room is used again. Its own log and its backups are its administrator's."
                .to_owned(),
        ),
        CleanState::Refused => more.push(
            "The server does not let us have its files written anew: ask whoever runs it to do so, or to grant the right."
                .to_owned(),
        ),
        _ => {}
    }
    if clean.silent > 0 {
        let all = clean.told + clean.silent;
        let who = if clean.surface == Surface::Wall { "walls" } else { "processes" };
        more.push(format!(
            "{} of {all} {who} were not heard of any more, and may show it still if they live.",
            clean.silent
        ));
    } else if clean.told > 1 {
        let who = if clean.surface == Surface::Wall { "walls" } else { "processes" };
        more.push(format!("All {} {who} said so.", clean.told));
    }
    more.join(" ")
}

fn absent(surface: Surface) -> &'static str {
    match surface {
        Surface::Wall => "no wall was open",
        Surface::Tail => "no Redis here",
        Surface::TailFiles => "Redis keeps no files here",
        _ => "there is none here",
    }
}

fn name(surface: Surface) -> &'static str {
    match surface {
        Surface::Stream => "live streams",
        Surface::Chunks => "the log in pieces",
        Surface::Pages => "pages and API",
        Surface::Search => "search",
        Surface::Feeds => "feeds and frames",
        Surface::Exports => "downloads",
        Surface::Wall => "walls",
        Surface::Pictures => "pictures",
        Surface::Ledger => "ledger on disk",
        Surface::Tail => "Redis",
        Surface::TailFiles => "Redis on disk",
        Surface::Archive => "archive",
        Surface::ArchiveFiles => "archive on disk",
    }
}

/// "0.4 s", "12 s", "3 min".
fn lasted(ms: u64) -> String {
    match ms {
        0..10_000 => format!("{}.{} s", ms / 1_000, ms % 1_000 / 100),
        10_000..120_000 => format!("{} s", ms / 1_000),
        _ => format!("{} min", ms / 60_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use live::receipts::Asker;
    use model::{Micros, Uid};

    fn receipt(what: What, asker: Asker, by: GoneBy) -> Receipt {
        let clean = |surface| Clean {
            surface,
            state: CleanState::Clean,
            after_ms: Some(400),
            others_keep_ms: surface.others_keep_ms(),
            told: 1,
            silent: 0,
        };
        let surfaces = Surface::ALL.map(clean).to_vec();
        let at = Micros(1_795_189_320_000_000);
        Receipt {
            seq: 7,
            id: Uid::new("x", "1").id(),
            what,
            by,
            asker,
            at,
            undone: None,
            complete: true,
            surfaces,
        }
    }

    #[test]
    fn who_asked_is_told_by_role_and_way() {
        let who = |asker: Asker, by| who(&receipt(What::Remove, asker, by));
        assert_eq!(who(Way::Upstream.into(), GoneBy::Author), "its author, on their network");
        assert_eq!(who(Way::Page.into(), GoneBy::Author), "who wrote it, on the page");
        assert_eq!(who(Asker::hand("owner"), GoneBy::Moderator), "an owner");
        assert_eq!(who(Asker::hand("moderator"), GoneBy::Law), "a moderator, because the law says so");
    }

    #[test]
    fn a_summary_names_what_is_open_before_it_tells_how_long_it_took() {
        let venue = Venue::new("Europe/Berlin", None);
        let mut receipt = receipt(What::Remove, Way::Upstream.into(), GoneBy::Author);
        receipt.surfaces[0].after_ms = Some(12_345);
        assert_eq!(line(&receipt, &venue).summary, "Gone from all 13 places within 12 s.");
        let open = |receipt: &mut Receipt, at: usize, state| {
            receipt.surfaces[at] = Clean { state, after_ms: None, ..receipt.surfaces[at] };
        };
        open(&mut receipt, 10, CleanState::Refused);
        assert_eq!(
            line(&receipt, &venue).summary,
            "Gone from all 12 places within 12 s. Unknown: Redis on disk."
        );
        open(&mut receipt, 6, CleanState::Waiting);
        open(&mut receipt, 11, CleanState::Waiting);
        assert_eq!(line(&receipt, &venue).summary, "Not yet: walls and archive.");
        let told = told(&receipt, &venue);
        assert_eq!((told.surfaces[6].mark, told.surfaces[10].mark), ("wait", "warn"));
        assert!(told.surfaces[4].more.contains("3.0 s longer"), "{:?}", told.surfaces[4]);
    }

    #[test]
    fn the_silent_are_told_of() {
        let clean = Clean {
            surface: Surface::Wall,
            state: CleanState::Clean,
            after_ms: Some(900),
            others_keep_ms: 0,
            told: 2,
            silent: 1,
        };
        let line = surface(&clean);
        assert_eq!((line.name, line.words.as_str()), ("walls", "after 0.9 s"));
        assert!(line.more.starts_with("1 of 3 walls were not heard"), "{}", line.more);
    }
}
