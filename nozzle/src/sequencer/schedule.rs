//! A version of the schedule enters the log: read whole, merged into the talks that are known, doubted where most talks are
//! missing, then written with its talks; everything is filed again. Who fetches schedules is in `crate::schedule`.

use std::collections::HashMap;

use jiff::tz::TimeZone;
use model::event::room_slug;
use model::filing::Programme;
use model::schedule::{self, CHANGES_MAX, FoundTalk, Merged, ScheduleFile};
use model::stage::Timeline;
use model::{Kind, Micros, Talk};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::orders::Said;
use super::refile::Refiled;
use super::work::Work;
use crate::intake::{Actor, Order, Outcome, Refusal};

/// Name of the ledger's note about versions that were not believed at first sight.
const SHRUNK_NOTE: &str = "schedule.shrunk";
/// Most versions that are remembered as not believed.
const DOUBTED_MAX: usize = 8;
/// What is left of the time between two polls when one of them came a little early.
const POLL_SLACK: i64 = 5 * Micros::SECOND;
/// Most sentences about a schedule that go back to whoever sent it.
const NOTES_MAX: usize = 50;
/// State of a version that lacks most talks, as an outcome or a conflict names it.
const SHRUNK: &str = "shrunk";
/// State of a version in which talks cannot be as they stand; the first sentence about it says so.
pub(crate) const SLIPS: &str = "slips";

/// A version that was not believed.
#[derive(Debug, Serialize, Deserialize)]
struct Doubted {
    /// Of what it says, not of its bytes: some programs write the hour of export into every file.
    hash: String,
    /// When it was first seen.
    since: Micros,
}

impl Work<'_> {
    /// Imports a schedule's file. What cannot be read changes nothing at all.
    pub(super) async fn schedule(&mut self, file: &[u8], order: &Order) -> Result<Said, live::Error> {
        let zone = self.zone();
        let mut parsed = match schedule::parse(file, &zone) {
            Ok(parsed) => parsed,
            Err(bad) => return Ok(Err(Refusal::bad(bad.to_string()))),
        };
        if parsed.version.is_empty() {
            parsed.version = format!("as of {}", self.now.zoned(&zone).strftime("%F %H:%M"));
        }
        let fold = &self.standing.fold;
        let before = fold.schedule.as_ref().map_or("", |version| version.version.as_str());
        let merged = schedule::merge_version(&fold.talks, before, &parsed);
        let mut outcome = Outcome::unchanged(None, None);
        if merged.shrunk {
            match self.doubt(&merged, &parsed, order).await? {
                Some(refusal) if !order.is_dry_run => return Ok(Err(refusal)),
                Some(refusal) => {
                    outcome.state = Some(SHRUNK.to_owned());
                    outcome.notes.push(refusal.to_string());
                }
                None => {}
            }
        } else if !order.is_dry_run && self.txn.note(SHRUNK_NOTE).await?.is_some_and(|note| !note.is_empty())
        {
            // The full schedule is back: what was doubted has not been seen twice in a row.
            self.txn.set_note(SHRUNK_NOTE, "").await?;
        }
        if let Some(slips) = slips(&parsed, &merged) {
            outcome.state.get_or_insert_with(|| SLIPS.to_owned());
            outcome.notes.insert(0, slips);
        }
        outcome.notes.extend(self.told(&parsed, &merged, &zone));
        outcome.changes = merged.changes.iter().take(CHANGES_MAX).cloned().collect();
        let Some(version) = merged.schedule.clone() else { return Ok(Ok(outcome)) };
        outcome.id = Some(version.version.clone());
        outcome.is_old = false;
        for talk in &merged.talks {
            self.append(Kind::Talk { talk: Box::new(talk.clone()) })?;
        }
        outcome.seq = self.append(Kind::Schedule(version))?;
        let (moves, left) = self.refile_by(&merged.talks).await?;
        outcome.moves = moves;
        outcome.notes.extend(left);
        Ok(Ok(outcome))
    }

    pub(super) fn zone(&self) -> TimeZone {
        let named = self.standing.fold.event.as_ref().and_then(|e| TimeZone::get(&e.timezone).ok());
        named.unwrap_or(TimeZone::UTC)
    }

    /// What somebody should know of a version. What needs a look comes first: a long list of talks must not push it out.
    fn told(&self, parsed: &ScheduleFile, merged: &Merged, zone: &TimeZone) -> Vec<String> {
        let mut rooms: HashMap<String, String> = self
            .standing
            .fold
            .talks
            .values()
            .filter_map(|t| Some((t.room.clone(), t.room_name.clone()?)))
            .collect();
        rooms.extend(parsed.talks.iter().map(|talk| (room_slug(&talk.room), talk.room.clone())));
        let named = self.standing.fold.event.iter().flat_map(|event| &event.rooms);
        rooms.extend(named.map(|room| (room.slug.clone(), room.name.clone())));
        let name = |slug: &str| rooms.get(slug).cloned().unwrap_or_else(|| slug.to_owned());
        let mut notes = merged.told(zone, &name);
        let sentences = notes.split_off(notes.len().min(1));
        notes.extend(parsed.passed_over.iter().chain(&parsed.remarks).cloned());
        notes.extend(sentences);
        bounded(notes)
    }

    /// Why a version that lacks most talks is not believed (yet); none once it has been seen before.
    async fn doubt(
        &mut self,
        merged: &Merged,
        parsed: &ScheduleFile,
        order: &Order,
    ) -> Result<Option<Refusal>, live::Error> {
        let (kept, alive) = (merged.kept, merged.alive);
        let is_poll = order.actor == Actor::poll();
        let refusal = |cure: &str| {
            let why = format!("This version has only {kept} of the {alive} talks; {cure}");
            Some(Refusal::Conflict { why, state: SHRUNK.to_owned() })
        };
        if is_poll && parsed.talks.is_empty() {
            return Ok(refusal(
                "it is empty, which is never believed of an address. If that is meant, import an empty schedule by hand, twice.",
            ));
        }
        let note = self.txn.note(SHRUNK_NOTE).await?.unwrap_or_default();
        let mut doubted: Vec<Doubted> = serde_json::from_str(&note).unwrap_or_default();
        let hash = content_hash(&parsed.talks);
        let apart = if is_poll { self.poll_micros() } else { 0 };
        let known = doubted.iter().find(|doubted| doubted.hash == hash);
        if known.is_some_and(|known| self.now.since(known.since) >= apart) {
            if !order.is_dry_run {
                self.txn.set_note(SHRUNK_NOTE, "").await?;
            }
            return Ok(None);
        }
        if known.is_none() && !order.is_dry_run {
            doubted.push(Doubted { hash, since: self.now });
            let oldest = doubted.len().saturating_sub(DOUBTED_MAX);
            self.txn.set_note(SHRUNK_NOTE, &serde_json::to_string(&doubted[oldest..])?).await?;
        }
        Ok(refusal(if is_poll {
            "it is believed when the next poll brings the same."
        } else {
            "send it once more if that is meant."
        }))
    }

    /// How far apart two polls are at least.
    fn poll_micros(&self) -> i64 {
        let every = crate::schedule::poll_every(self.standing.settings.as_deref());
        i64::try_from(every.as_micros()).unwrap_or(i64::MAX).saturating_sub(POLL_SLACK)
    }

    /// Gives speakers the handles that a CSV tells. A line that names no talk is passed over and told.
    pub(super) async fn handles(&mut self, file: &[u8]) -> Result<Said, live::Error> {
        let lines = match schedule::handles(file) {
            Ok(lines) => lines,
            Err(bad) => return Ok(Err(Refusal::bad(bad.to_string()))),
        };
        let handed = schedule::give(&self.standing.fold.talks, lines.given());
        let mut notes = vec![match handed.talks.len() {
            0 => "No speaker has another handle than before.".to_owned(),
            1 => "The speakers of 1 talk have handles that are new.".to_owned(),
            n => format!("The speakers of {n} talks have handles that are new."),
        }];
        notes.extend(bounded(handed.notes));
        if handed.talks.is_empty() {
            return Ok(Ok(Outcome { notes, ..Outcome::unchanged(None, None) }));
        }
        let mut seq = 0;
        for talk in &handed.talks {
            seq = self.append(Kind::Talk { talk: Box::new(talk.clone()) })?;
        }
        let (moves, left) = self.refile_by(&handed.talks).await?;
        notes.extend(left);
        Ok(Ok(Outcome { moves, notes, ..Outcome::committed(seq, None) }))
    }

    /// Files everything again by these talks beside those that are known.
    async fn refile_by(&mut self, talks: &[Talk]) -> Result<Refiled, live::Error> {
        let mut all = self.standing.fold.talks.clone();
        all.extend(talks.iter().map(|talk| (talk.id.clone(), talk.clone())));
        let stage = Timeline::new(all.values(), &self.standing.fold.stage);
        let programme = Programme::new(all.into_values(), self.standing.fold.event.as_ref());
        self.programme_changed(programme, stage).await
    }
}

/// What of a version nobody can have meant, and what becomes of it.
fn slips(parsed: &ScheduleFile, merged: &Merged) -> Option<String> {
    let first = parsed.slips.first()?.trim_end_matches('.');
    let more = match parsed.slips.len() - 1 {
        0 => String::new(),
        n => format!("; and {n} more"),
    };
    let held = match merged.held.len() {
        0 => String::new(),
        1 => ". 1 talk that is known stays as it was".to_owned(),
        n => format!(". {n} talks that are known stay as they were"),
    };
    Some(format!("This version cannot be meant as it stands: {first}{more}{held}."))
}

/// At most so many sentences, and how many more there would be.
fn bounded(mut notes: Vec<String>) -> Vec<String> {
    let beyond = notes.len().saturating_sub(NOTES_MAX);
    notes.truncate(NOTES_MAX);
    if beyond > 0 {
        notes.push(format!("… and {beyond} more sentences."));
    }
    notes
}

/// A hash of what the talks are, whatever their order.
fn content_hash(talks: &[FoundTalk]) -> String {
    let mut lines: Vec<String> = talks
        .iter()
        .map(|t| format!("{:?}", (&t.guid, &t.code, &t.native, &t.title, &t.room, t.start, t.end)))
        .collect();
    lines.sort_unstable();
    let digest = Sha256::digest(lines.join("\n").as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
