//! "Items lost", and when it is honest to say 0.
//!
//! What reaches us goes three ways, and each is recounted by other means than the one that it went:
//! 1. Every message that a source brought became something: received = new + duplicate + held + changed + rejected, as the tallies in the
//!    log tell, which is told apart from the messages themselves (pumps count what comes in, the sequencer what became of it).
//! 2. Numbers have no holes, so whoever stands at a number has everything up to it: ledger, tail and archive are compared by their positions.
//! 3. The archive's posts are counted in its database, and those of the ledger by folding it; where both stand at the same number, the sums
//!    are the same or something is lost.
//!
//! What never reached us is a gap: 0 is then said of the rest only. While one of these cannot be told, nothing is said.

use super::board::Tone;
use crate::site::view::{count, number};

/// How long something may wait to be archived until "0" is no longer said without a word on it.
const PATIENCE_SECONDS: f64 = 60.0;

/// Posts counted twice at one position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Recount {
    /// By folding the ledger.
    pub(super) ledger: u64,
    /// In the archive's database.
    pub(super) archive: u64,
}

/// What is known of one event.
#[derive(Clone, Debug, Default)]
pub(super) struct Evidence {
    pub(super) received: u64,
    pub(super) settled: u64,
    pub(super) missing: u64,
    /// Entries committed; none while no nozzle tells.
    pub(super) top: Option<u64>,
    /// Entries that every halley can serve; none while none tells.
    pub(super) tail: Option<u64>,
    /// Entries archived; none while no strainer tells.
    pub(super) archived: Option<u64>,
    pub(super) waiting_seconds: f64,
    pub(super) trouble: Option<String>,
    pub(super) gaps_open: u64,
    pub(super) gaps_unfillable: u64,
    pub(super) known_lost: u64,
    pub(super) recount: Option<Recount>,
}

/// What is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) figure: String,
    /// What stands small behind the figure.
    pub(super) but: String,
    pub(super) why: String,
    pub(super) tone: Tone,
}

/// Over all events.
pub(super) fn verdict(all: &[Evidence]) -> Verdict {
    let say =
        |figure: String, but: &str, why: String, tone| Verdict { figure, but: but.to_owned(), why, tone };
    let lost: u64 = all.iter().map(lost).sum();
    if lost > 0 {
        return say(number(lost), "", reasons(all), Tone::Bad);
    }
    if let Some(unknown) = all.iter().find_map(unknown) {
        return say("\u{2013}".to_owned(), "not known now", unknown, Tone::Warn);
    }
    let account = account(all);
    let sum = |of: fn(&Evidence) -> u64| all.iter().map(of).sum::<u64>();
    let (unfillable, open, known) = (sum(|e| e.gaps_unfillable), sum(|e| e.gaps_open), sum(|e| e.known_lost));
    if unfillable > 0 {
        let told = if known > 0 {
            format!("; {} by the networks\u{2019} own count", count(known, "post", "posts"))
        } else {
            String::new()
        };
        let but = format!("and {}", count(unfillable, "gap", "gaps"));
        let why = format!(
            "Nothing of what reached us. What networks kept from us stands under Gaps{told}. {account}"
        );
        return say("0".to_owned(), &but, why, Tone::Warn);
    }
    if let Some(slow) = all.iter().find(|e| e.waiting_seconds > PATIENCE_SECONDS) {
        let why = slow.trouble.clone().unwrap_or_else(|| "The archive is behind the log.".to_owned());
        return say("0".to_owned(), "so far", format!("{account} Archiving waits: {why}"), Tone::Warn);
    }
    let but = if open > 0 {
        format!("so far, {}", count(open, "gap is open", "gaps are open"))
    } else {
        String::new()
    };
    let tone = if open > 0 { Tone::Warn } else { Tone::Plain };
    say("0".to_owned(), &but, account, tone)
}

fn lost(evidence: &Evidence) -> u64 {
    let recounted = evidence.recount.map_or(0, |recount| recount.ledger.saturating_sub(recount.archive));
    let ahead = match (evidence.top, evidence.archived) {
        // The archive holds numbers that the ledger does not: the ledger was lost or rolled back.
        (Some(top), Some(archived)) => archived.saturating_sub(top),
        _ => 0,
    };
    evidence.missing + recounted + ahead
}

fn reasons(all: &[Evidence]) -> String {
    let mut why = Vec::new();
    for evidence in all {
        if evidence.missing > 0 {
            let missing = count(evidence.missing, "message", "messages");
            why.push(format!("Of {missing} received nobody can tell what became of them."));
        }
        if let Some(Recount { ledger, archive }) = evidence.recount.filter(|r| r.archive < r.ledger) {
            let (ledger, archive) = (count(ledger, "post", "posts"), number(archive));
            why.push(format!(
                "The ledger has {ledger}, the archive {archive}: run perihelion archive rebuild."
            ));
        }
        if let (Some(top), Some(archived)) = (evidence.top, evidence.archived)
            && archived > top
        {
            let (archived, top) = (number(archived), number(top));
            why.push(format!("The archive is at {archived}, the ledger at {top} only: the ledger was rolled back; see perihelion recover."));
        }
    }
    why.join(" ")
}

/// Why nothing can be said of an event.
fn unknown(evidence: &Evidence) -> Option<String> {
    let why = match (evidence.top, evidence.tail, evidence.archived) {
        (None, ..) => "No nozzle tells what it has taken in.",
        (_, None, _) => "No halley tells what it serves.",
        (.., None) => "No strainer tells what it has archived.",
        _ => return None,
    };
    Some(why.to_owned())
}

/// The numbers behind a 0.
fn account(all: &[Evidence]) -> String {
    let sum = |of: fn(&Evidence) -> u64| all.iter().map(of).sum::<u64>();
    let (received, settled) = (sum(|e| e.received), sum(|e| e.settled));
    let committed = sum(|e| e.top.unwrap_or(0));
    let archived = sum(|e| e.archived.unwrap_or(0).min(e.top.unwrap_or(0)));
    let archived = if archived == committed { "all".to_owned() } else { number(archived) };
    let entries = count(committed, "entry", "entries");
    format!(
        "{} taken in, {} accounted for; {entries} committed, {archived} archived.",
        count(received, "message", "messages"),
        if settled == received { "all".to_owned() } else { number(settled) },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Evidence {
        Evidence {
            received: 48_113,
            settled: 48_113,
            top: Some(500),
            tail: Some(500),
            archived: Some(500),
            recount: Some(Recount { ledger: 9, archive: 9 }),
            ..Evidence::default()
        }
    }

    fn said(evidence: Evidence) -> (String, String, Tone) {
        let verdict = verdict(&[good(), evidence]);
        (verdict.figure, verdict.but, verdict.tone)
    }

    #[test]
    fn nothing_but_what_is_proven_is_a_plain_zero() {
        assert_eq!(said(good()), ("0".into(), String::new(), Tone::Plain));
        assert!(
            verdict(&[good()]).why.contains(
                "48,113 messages taken in, all accounted for; 500 entries committed, all archived."
            )
        );
        let behind = Evidence { archived: Some(498), waiting_seconds: 0.3, ..good() };
        assert_eq!(said(behind.clone()), ("0".into(), String::new(), Tone::Plain), "on its way");
        assert!(verdict(std::slice::from_ref(&behind)).why.contains("498 archived"));
        let stuck = Evidence { waiting_seconds: 61.0, trouble: Some("PostgreSQL is away.".into()), ..behind };
        assert_eq!(said(stuck.clone()), ("0".into(), "so far".into(), Tone::Warn));
        assert!(verdict(&[stuck]).why.contains("PostgreSQL is away."));
    }

    #[test]
    fn what_a_network_kept_from_us_is_never_hidden_behind_a_zero() {
        let open = Evidence { gaps_open: 1, ..good() };
        assert_eq!(said(open), ("0".into(), "so far, 1 gap is open".into(), Tone::Warn));
        let gone = Evidence { gaps_unfillable: 2, known_lost: 7, ..good() };
        assert_eq!(said(gone.clone()), ("0".into(), "and 2 gaps".into(), Tone::Warn));
        assert!(verdict(&[gone]).why.contains("7 posts by the networks"));
    }

    #[test]
    fn what_is_lost_is_counted_whichever_way_it_shows() {
        let missing = Evidence { settled: 48_110, missing: 3, ..good() };
        assert_eq!(said(missing), ("3".into(), String::new(), Tone::Bad));
        let archive = Evidence { recount: Some(Recount { ledger: 9, archive: 7 }), ..good() };
        assert_eq!(said(archive.clone()), ("2".into(), String::new(), Tone::Bad));
        assert!(verdict(&[archive]).why.contains("archive rebuild"));
        let rolled_back = Evidence { archived: Some(510), ..good() };
        assert_eq!(said(rolled_back).0, "10");
    }

    #[test]
    fn while_somebody_is_silent_nothing_is_said() {
        for silent in [
            Evidence { top: None, ..good() },
            Evidence { tail: None, ..good() },
            Evidence { archived: None, ..good() },
        ] {
            assert_eq!(said(silent), ("\u{2013}".into(), "not known now".into(), Tone::Warn));
        }
    }
}
