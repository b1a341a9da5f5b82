//! What the sequencer is told, by pumps and by people.

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
}

/// What a pump hands over.
#[derive(Debug)]
pub(crate) struct Pumped {
    /// Name of the source.
    pub(crate) source: std::sync::Arc<str>,
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
