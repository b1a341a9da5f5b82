//! Filing again what a change of stage or schedule concerns. A walk over all items, in the transaction of the change; a
//! person's filing is never touched.

use std::collections::BTreeSet;

use live::state::{ItemState, Record};
use model::filing::{Context, Programme, file};
use model::stage::Timeline;
use model::{By, FilingEntry, FilingState, Kind, Micros, Move, TalkId};

use super::work::Work;

/// Records read at once during the walk.
const RECORDS_MAX: usize = 500;
/// Most moves in one entry.
const MOVES_MAX: usize = 200;

/// Which items a change concerns.
pub(super) enum Touch {
    /// A stage change in a room: what was said since `from` and is filed to that room, suggested or unsorted.
    Stage { room: String, from: Micros },
    /// A schedule change: what is filed to these talks, or was said during their old or new times.
    Schedule { talks: BTreeSet<TalkId>, times: Vec<(Micros, Micros)> },
}

impl Touch {
    fn concerns(&self, record: &Record) -> bool {
        let Some(words) = &record.words else { return false };
        let (filing, when) = (&words.filing, words.item.when);
        if filing.by == By::Person {
            return false;
        }
        match self {
            Self::Stage { room, from } => {
                let is_open = matches!(filing.state, FilingState::Suggested | FilingState::Unsorted);
                when >= *from && (is_open || filing.room.as_ref() == Some(room))
            }
            Self::Schedule { talks, times } => {
                filing.talk.as_ref().is_some_and(|t| talks.contains(t))
                    || times.iter().any(|(start, end)| *start <= when && when < *end)
            }
        }
    }
}

impl Work<'_> {
    /// Files what is concerned anew. Public moves become entries, and are returned; items that are not public are filed
    /// in private.
    pub(super) async fn refile(
        &mut self,
        touch: &Touch,
        programme: &Programme,
        stage: &Timeline,
    ) -> Result<Vec<Move>, live::Error> {
        let mut moves = Vec::new();
        let mut after = None;
        loop {
            // The walk reads beside this transaction, which has changed no item before it.
            let records = self.ledger.view().records(after, RECORDS_MAX).await?;
            let is_last = records.len() < RECORDS_MAX;
            after = records.last().map(|r| r.id);
            for record in records.into_iter().filter(|r| touch.concerns(r)) {
                moves.extend(self.refile_one(record, programme, stage));
            }
            if is_last {
                break;
            }
        }
        for some in moves.chunks(MOVES_MAX) {
            self.append(Kind::Filing(FilingEntry { moves: some.to_vec() }))?;
        }
        Ok(moves)
    }

    fn refile_one(&mut self, mut record: Record, programme: &Programme, stage: &Timeline) -> Option<Move> {
        let words = record.words.as_mut()?;
        let filing = file(&words.item, words.at.as_ref(), programme, stage, &Context::default());
        if filing == words.filing {
            return None;
        }
        words.filing = filing.clone();
        let moved = (record.state == ItemState::Shown).then_some(Move { id: record.id, filing });
        self.put(record);
        moved
    }
}
