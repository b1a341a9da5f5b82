//! Who asked, when an item is taken away: written down in the transaction of the entry itself. When the surfaces were clean is
//! found out beside the sequencer, by `crate::receipts`, which is told here that there is something to find out.

use live::ledger::{NewReceipt, author_name};
use live::receipts::{Asker, What};
use live::state::Words;
use model::{ItemId, Kind, Micros, Seq};

use super::board::Heard;
use super::work::Work;

/// What the keeper of receipts is told after a commit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Taken {
    /// The newest entry that took an item away; 0 while none did.
    pub(crate) newest: Seq,
    /// The newest entry after which something is to be got off the disk: words that were taken back or replaced.
    pub(crate) voided: Seq,
}

/// What a transaction has to write down.
#[derive(Default)]
pub(super) struct Receipts {
    /// Who asks for what is being done just now.
    pub(super) asker: Asker,
    new: Vec<NewReceipt>,
    shown: Vec<(ItemId, Seq)>,
}

impl Receipts {
    /// An entry about an item was written.
    pub(super) fn note(&mut self, seq: Seq, kind: &Kind, at: Micros) {
        let (what, gone) = match kind {
            Kind::Hide(gone) => (What::Hide, gone),
            Kind::Remove(gone) => (What::Remove, gone),
            Kind::Show(entry) => return self.shown.push((entry.id, seq)),
            _ => return,
        };
        let (id, by, asker) = (gone.id, gone.by, self.asker.clone());
        self.new.push(NewReceipt {
            seq,
            id,
            what,
            by,
            asker,
            at,
            made: Micros(chassis::clock::Clock::real().now()),
        });
    }
}

impl Work<'_> {
    /// From here on somebody else asks.
    pub(super) fn asked_by(&mut self, asker: impl Into<Asker>) {
        self.receipts.asker = asker.into();
    }

    /// Notes an entry about an item before it is appended.
    pub(super) fn note_receipt(&mut self, kind: &Kind) {
        self.receipts.note(self.txn.next_seq(), kind, self.now);
    }

    /// The hashtags of what is removed are forgotten with it, where nobody else wrote them.
    pub(super) fn forget_tags(&mut self, id: ItemId, kind: &Kind) {
        let words = self.records.get(&id).and_then(|record| record.words.as_ref());
        let (Kind::Remove(_), Some(Words { item, .. })) = (kind, words) else { return };
        let author = author_name(item).unwrap_or_else(|| item.uid.0.clone());
        let tags: Vec<String> =
            item.body.tags().map(str::to_owned).chain(item.tags.iter().cloned()).collect();
        if !tags.is_empty() {
            self.effects.heard.push(Heard::Gone { author, tags });
        }
    }

    pub(super) async fn write_receipts(&mut self) -> Result<(), live::Error> {
        let Receipts { new, shown, .. } = std::mem::take(&mut self.receipts);
        for receipt in &new {
            self.txn.add_receipt(receipt).await?;
        }
        for (id, seq) in shown {
            self.txn.undo_receipts(id, seq).await?;
        }
        self.effects.newest_receipt = new.last().map(|receipt| receipt.seq);
        Ok(())
    }
}
