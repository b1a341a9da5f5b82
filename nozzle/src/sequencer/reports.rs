//! What readers report. A report reaches the moderators and changes nothing by itself, unless a rule says how many are enough.

use std::sync::Arc;

use live::ledger::{NewReport, Reported};
use live::receipts::Asker;
use live::state::{Arrival, ItemState};
use model::{GoneBy, Micros};

use super::orders::Said;
use super::refile::Arrived;
use super::rules::BY_RULE;
use super::work::Work;
use crate::intake::{Order, Outcome, Refusal, Report, Why};

/// Reports that one reader may send within an hour.
const REPORTS_PER_HOUR_MAX: u32 = 20;

impl Work<'_> {
    pub(super) async fn report(&mut self, ask: &Report, order: &Order) -> Result<Said, live::Error> {
        let shown = self.records.get(&ask.id).filter(|record| record.state == ItemState::Shown);
        let Some(words) = shown.and_then(|record| record.words.as_ref()) else {
            return Ok(Err(Refusal::Unknown("This post is not shown any more.".to_owned())));
        };
        let source = words.item.source.clone();
        let who = order.actor.to_string();
        let report = NewReport { id: ask.id, who: &who, reason: ask.reason.name(), now: self.now };
        let id = Some(ask.id.to_string());
        match self.txn.report(report, self.now.plus(-Micros::HOUR), REPORTS_PER_HOUR_MAX).await? {
            Reported::Again => Ok(Ok(Outcome::unchanged(id, Some("reported")))),
            Reported::TooMany => {
                let why = format!(
                    "You have reported {REPORTS_PER_HOUR_MAX} posts within an hour; the moderators have them."
                );
                Ok(Err(Refusal::Slow { why, retry_seconds: 600 }))
            }
            Reported::Taken(reports) => {
                let seq = self.hide_reported(ask, &source, reports)?;
                Ok(Ok(Outcome { state: Some("reported".to_owned()), ..Outcome::committed(seq, id) }))
            }
        }
    }

    /// Hides a post that enough readers have reported for a rule. The entry's number, or 0.
    fn hide_reported(&mut self, ask: &Report, source: &str, reports: u32) -> Result<model::Seq, live::Error> {
        let matches = self.standing.rules.reported(source, reports);
        if matches.is_empty() {
            return Ok(0);
        }
        self.asked_by(Asker::hand(BY_RULE));
        let Arrived::Entered(seq) = self.arrive(ask.id, Arrival::Hide { by: GoneBy::Moderator })? else {
            return Ok(0);
        };
        let rules = matches.iter().map(|found| found.rule.to_string()).collect();
        for found in matches {
            *self.notes.hits.entry(Arc::clone(&found.rule)).or_default() += 1;
        }
        self.notes.verdicts.insert(ask.id, Why { rules, ..Why::default() });
        Ok(seq)
    }
}
