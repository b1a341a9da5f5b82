//! What `schedule import` prints: sentences for people, or one JSON object.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;

use anyhow::Context;
use model::{ItemId, Move, TalkId};
use nozzle::intake::Outcome;
use serde_json::{Value, json};

use crate::cli::ImportArgs;
use crate::failure::Failure;
use crate::ledgers::Held;

/// Most lines about where posts move.
const MOVES_LINES_MAX: usize = 20;
/// Most lines about what cannot be as it stands.
const SLIPS_LINES_MAX: usize = 20;

/// Where posts are filed before the import, and what talks are called.
#[derive(Default)]
pub(super) struct Where {
    of: HashMap<ItemId, Option<TalkId>>,
    titles: BTreeMap<TalkId, String>,
}

impl Where {
    /// Reads the ledger beside whoever writes it.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) async fn read(held: &Held) -> Result<Self, Failure> {
        let fold = held.view.fold().await.context("cannot read where posts are filed")?;
        let of = fold.items.into_values().map(|row| (row.id, row.filing.and_then(|filing| filing.talk)));
        let titles = fold.talks.into_iter().map(|(id, talk)| (id, talk.title)).collect();
        Ok(Self { of: of.collect(), titles })
    }

    /// How many posts move from where to where, most first.
    fn moves(&self, outcome: &Outcome) -> Vec<(Option<TalkId>, Option<TalkId>, usize)> {
        let mut by: BTreeMap<(Option<TalkId>, Option<TalkId>), usize> = BTreeMap::new();
        for Move { id, filing } in &outcome.moves {
            let from = self.of.get(id).cloned().flatten();
            if from != filing.talk {
                *by.entry((from, filing.talk.clone())).or_default() += 1;
            }
        }
        let mut all: Vec<_> = by.into_iter().map(|((from, to), n)| (from, to, n)).collect();
        all.sort_by(|a, b| b.2.cmp(&a.2).then_with(|| a.cmp(b)));
        all
    }

    fn named(&self, talk: Option<&TalkId>, outcome: &Outcome) -> String {
        let Some(id) = talk else { return "no talk".to_owned() };
        let changed = outcome.changes.iter().find(|change| change.talk == *id).map(|change| &change.title);
        self.titles.get(id).or(changed).map_or_else(|| id.to_string(), |title| format!("“{title}”"))
    }
}

/// One import, for whoever reads of it.
pub(super) struct Report<'a> {
    pub(super) slug: &'a str,
    pub(super) place: &'a str,
    pub(super) before: &'a Where,
    pub(super) args: &'a ImportArgs,
}

impl Report<'_> {
    /// What the import changes, before it does.
    pub(super) fn would(&self, would: &Outcome) {
        if !self.args.json {
            print!("{}", self.sentences(would));
        }
    }

    /// The end of a dry run.
    pub(super) fn dry(&self, would: &Outcome, handles: Option<&Outcome>) {
        if self.args.json {
            println!("{}", self.json(would, handles));
            return;
        }
        print!("{}", notes(handles));
        println!("Nothing was changed: this was a dry run.");
    }

    /// The end of an import.
    pub(super) fn done(&self, done: &Outcome, handles: Option<&Outcome>) {
        if self.args.json {
            println!("{}", self.json(done, handles));
            return;
        }
        print!("{}", notes(handles));
        let seq = done.seq.max(handles.map_or(0, |handles| handles.seq));
        match seq {
            0 => println!("{} holds this already; nothing was changed", self.slug),
            seq => println!("imported {} into {}, log at entry {seq}", self.place, self.slug),
        }
    }

    fn sentences(&self, outcome: &Outcome) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = match &outcome.id {
            Some(version) => writeln!(text, "{} is version {version:?} for {}:", self.place, self.slug),
            None => writeln!(text, "{} changes no talk of {}:", self.place, self.slug),
        };
        for note in &outcome.notes {
            let _ = writeln!(text, "  {note}");
        }
        let moves = self.before.moves(outcome);
        let all: usize = moves.iter().map(|(_, _, n)| n).sum();
        if all > 0 {
            let _ = writeln!(text, "  {} to another talk:", posts(all, "moves", "move"));
        }
        for (from, to, n) in moves.iter().take(MOVES_LINES_MAX) {
            let [from, to] = [from, to].map(|talk| self.before.named(talk.as_ref(), outcome));
            let _ = writeln!(text, "    {n} from {from} to {to}");
        }
        if moves.len() > MOVES_LINES_MAX {
            let _ = writeln!(text, "    … and between {} more pairs of talks", moves.len() - MOVES_LINES_MAX);
        }
        text
    }

    fn json(&self, outcome: &Outcome, handles: Option<&Outcome>) -> Value {
        let moves: Vec<Value> = self
            .before
            .moves(outcome)
            .into_iter()
            .map(|(from, to, posts)| json!({ "from": from, "to": to, "posts": posts }))
            .collect();
        json!({
            "event": self.slug,
            "dry_run": self.args.dry_run,
            "seq": outcome.seq,
            "version": outcome.id,
            "state": outcome.state,
            "changes": outcome.changes,
            "notes": outcome.notes,
            "moves": moves,
            "handles": handles.map(|handles| json!({ "seq": handles.seq, "notes": handles.notes })),
        })
    }
}

/// Why a file with slips is refused.
pub(super) fn slips(place: &str, slips: &[String]) -> String {
    let mut text = format!("{place}: this cannot be meant as it stands, so nothing was imported:\n");
    for slip in slips.iter().take(SLIPS_LINES_MAX) {
        let _ = writeln!(text, "  {slip}");
    }
    if slips.len() > SLIPS_LINES_MAX {
        let _ = writeln!(text, "  … and {} more", slips.len() - SLIPS_LINES_MAX);
    }
    text + "mend the file, or import what can be read of it with --anyway (talks that are known and cannot be read stay)"
}

fn notes(outcome: Option<&Outcome>) -> String {
    outcome
        .into_iter()
        .flat_map(|outcome| &outcome.notes)
        .fold(String::new(), |text, note| text + "  " + note + "\n")
}

fn posts(n: usize, one: &str, many: &str) -> String {
    if n == 1 { format!("1 post {one}") } else { format!("{n} posts {many}") }
}
