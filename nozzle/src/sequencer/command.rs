//! What the sequencer is told, by pumps, by people and by hooks.

use std::collections::BTreeMap;
use std::sync::Arc;

use live::ledger::Account;
use model::{Gap, GoneBy, Micros};

use crate::admit::Admitted;
use crate::intake::{Order, Outcome, Refusal};
use crate::pump::{Counted, Saved};
use crate::source::DraftCounts;

/// One thing to take into the log. Everything that waits in the queue goes into one transaction.
#[derive(Debug)]
pub(crate) enum Command {
    /// From a source; nobody waits for the answer, the saved cursor follows the items through the same queue.
    Pumped(Pumped),
    /// From a person or another program, which waits for the commit.
    Ordered {
        /// What is asked for.
        order: Box<Order>,
        /// Gets the answer after the commit.
        answer: tokio::sync::oneshot::Sender<Result<Outcome, Refusal>>,
    },
    /// From a hook, whose sender waits for the commit.
    Delivered {
        /// What it brings.
        delivery: Box<Delivery>,
        /// Gets the answer after the commit.
        answer: tokio::sync::oneshot::Sender<Result<Outcome, Refusal>>,
    },
}

/// What one delivery of a hook brings: all of it once, or nothing. It is remembered in the transaction of its items.
#[derive(Debug)]
pub(crate) struct Delivery {
    /// Names the source and the sender's id of the delivery. Longer than an order's key may be, so that nobody who may
    /// choose one (a writer on the page) can pass for a delivery.
    pub(crate) key: String,
    /// Name of the source.
    pub(crate) source: Arc<str>,
    /// Posts and deletes, as admit let them through.
    pub(crate) brought: Vec<Brought>,
    /// Items that admit did not let through, by reason.
    pub(crate) rejected: BTreeMap<&'static str, u64>,
}

/// What a pump hands over.
#[derive(Debug)]
pub(crate) struct Pumped {
    /// Name of the source.
    pub(crate) source: Arc<str>,
    /// What it brings.
    pub(crate) what: Brought,
}

/// What a source brought.
#[derive(Debug)]
pub(crate) enum Brought {
    /// A post or a revision of one.
    Post {
        /// The item and its company.
        admitted: Box<Admitted>,
        /// Waits for a moderator.
        is_held: bool,
    },
    /// A boost that came with its original.
    Boost {
        /// The boost's own name.
        uid: String,
        /// The original.
        admitted: Box<Admitted>,
        /// Waits for a moderator.
        is_held: bool,
    },
    /// A boost of a post known by name only.
    BoostOf {
        /// The boost's own name.
        uid: String,
        /// The original's uid or alias.
        name: String,
    },
    /// A post is gone.
    Delete {
        /// Its uid or alias.
        name: String,
        /// On whose word.
        by: GoneBy,
    },
    /// Its author no longer wants it shown, or its network says so. The text of a known post stays private from now on.
    Withdrawn {
        /// Its uid.
        name: String,
    },
    /// Something has become of an account as a whole.
    Account {
        /// `network:id`, as the ledger names authors.
        name: String,
        /// What.
        account: Account,
    },
    /// A hashtag near ours, out of a post that carries none of ours.
    NearTag {
        /// The hashtag, without `#`.
        tag: String,
        /// `network:id` of who wrote it.
        author: String,
    },
    /// New counts.
    Counts {
        /// Uid or alias.
        name: String,
        /// What the network says.
        counts: DraftCounts,
    },
    /// What to remember of the source, once everything before it is committed.
    Save(Saved),
    /// A gap to show or to close, with what to remember of the source from then on.
    Gap {
        /// The gap.
        gap: Gap,
        /// As for `Save`; boxed, because most commands are posts, and small.
        saved: Box<Saved>,
    },
    /// A minute is over.
    Minute {
        /// Its start.
        minute: Micros,
        /// What the pump counted.
        counted: Counted,
    },
}

impl Brought {
    /// Whether the pump counted it as a message received, of which it must be told what became of it.
    pub(super) fn is_message(&self) -> bool {
        match self {
            Self::Post { .. }
            | Self::Boost { .. }
            | Self::BoostOf { .. }
            | Self::Delete { .. }
            | Self::Counts { .. } => true,
            Self::Withdrawn { .. }
            | Self::Account { .. }
            | Self::NearTag { .. }
            | Self::Save(_)
            | Self::Gap { .. }
            | Self::Minute { .. } => false,
        }
    }
}
