//! Entries behind one position in the bytes that connections take them in: made once, by the first who needs a form, and shared by all others.

use std::cell::OnceCell;

use bytes::Bytes;
use model::{Epoch, Position, Seq};

use crate::{
    coding::Coding,
    frame::{Form, Frame, page},
    heads,
    packed::Edition,
};

/// See the module. Never empty.
#[derive(Debug)]
pub(crate) struct Batch {
    epoch: Epoch,
    after: Seq,
    frames: Vec<Frame>,
    /// Shares its compressed pages with other shards, and with batches that come later.
    edition: Edition,
    text: OnceCell<Bytes>,
    deflated: OnceCell<Bytes>,
    event: OnceCell<Bytes>,
    /// By coding, and by whether the connection stays open.
    polls: [[OnceCell<Bytes>; 2]; 3],
}

impl Batch {
    /// The entries right behind a position, read after `edition` was taken; `None` of none.
    pub(crate) fn new(at: &Position, frames: Vec<Frame>, edition: Edition) -> Option<Self> {
        if frames.is_empty() {
            return None;
        }
        Some(Self {
            epoch: at.epoch.clone(),
            after: at.seq,
            frames,
            edition,
            text: OnceCell::new(),
            deflated: OnceCell::new(),
            event: OnceCell::new(),
            polls: Default::default(),
        })
    }

    /// Whether these entries lie behind this position.
    pub(crate) fn is_behind(&self, at: &Position) -> bool {
        self.after == at.seq && self.epoch == at.epoch
    }

    /// The newest of them.
    pub(crate) fn last(&self) -> Seq {
        self.frames.last().map_or(self.after, Frame::seq)
    }

    /// How many they are.
    pub(crate) fn len(&self) -> usize {
        self.frames.len()
    }

    /// The entries.
    pub(crate) fn frames(&self) -> &[Frame] {
        &self.frames
    }

    /// How many of them lie at or before `seq`.
    pub(crate) fn count_until(&self, seq: Seq) -> u64 {
        self.frames.iter().take_while(|frame| frame.seq() <= seq).count() as u64
    }

    /// What those up to `seq` cost a client.
    pub(crate) fn bytes_until(&self, seq: Seq) -> usize {
        self.frames.iter().take_while(|frame| frame.seq() <= seq).map(Frame::bytes).sum()
    }

    /// All of them, one behind the other, as they lie on a stream.
    pub(crate) fn form(&self, form: Form) -> &Bytes {
        let cell = match form {
            Form::Text => &self.text,
            Form::Deflated => &self.deflated,
            Form::Event => &self.event,
        };
        cell.get_or_init(|| match &self.frames[..] {
            [only] => only.form(form),
            all => all.iter().map(|frame| frame.form(form)).collect::<Vec<_>>().concat().into(),
        })
    }

    /// The whole answer to a poll that stood right before them, head included, in the coding that its client wants.
    pub(crate) fn poll(&self, wanted: Coding, closes: bool) -> &Bytes {
        self.polls[wanted as usize][usize::from(closes)].get_or_init(|| {
            let write = || page(&self.epoch, self.after, &self.frames, "");
            let body = self.edition.page(&self.epoch, (self.after, self.last()), wanted, write);
            heads::page(&body, true, closes)
        })
    }

    /// When so many bytes of a form have gone out: the last entry that a client has or has begun to have, and where in the form that one ends.
    pub(crate) fn reached(&self, form: Form, sent: usize) -> (Seq, usize) {
        let mut end = 0;
        for frame in &self.frames {
            if end >= sent {
                return (frame.seq() - 1, end);
            }
            end += frame.form(form).len();
        }
        (self.last(), end)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use model::Entry;

    use super::*;
    use crate::packed::Packed;

    fn edition() -> Edition {
        Arc::new(Packed::default()).edition()
    }

    fn batch(seqs: std::ops::RangeInclusive<Seq>) -> Batch {
        let epoch = Epoch::new(0, 1);
        let at = Position { epoch: epoch.clone(), seq: seqs.start() - 1 };
        let frames = seqs.map(|seq| Frame::encode(&epoch, &Entry::void(seq))).collect();
        Batch::new(&at, frames, edition()).expect("entries")
    }

    #[test]
    fn a_batch_of_nothing_is_none() {
        assert!(Batch::new(&Position { epoch: Epoch::new(0, 1), seq: 7 }, Vec::new(), edition()).is_none());
    }

    #[test]
    fn what_a_client_was_sent_ends_with_a_whole_entry() {
        let batch = batch(8..=10);
        let one = batch.frames()[0].form(Form::Text).len();
        assert_eq!(batch.reached(Form::Text, 0), (7, 0));
        assert_eq!(batch.reached(Form::Text, 1), (8, one));
        assert_eq!(batch.reached(Form::Text, one), (8, one));
        assert_eq!(batch.reached(Form::Text, one + 1), (9, 2 * one));
        let whole = batch.form(Form::Text).len();
        assert_eq!(batch.reached(Form::Text, whole), (10, whole));
    }
}
