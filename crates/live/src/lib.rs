//! The live log of an event: one nozzle writes it, everybody reads it.
//!
//! # The contract
//!
//! **One log, one order.** An event's log is a sequence of entries numbered 1, 2, 3 without holes. Its [`Epoch`](model::Epoch)
//! names it; a number is never used twice within an epoch. Whoever has read up to a [`Position`](model::Position) needs nothing
//! but that position to go on.
//!
//! **The ledger is the log.** [`ledger::Ledger`] is one SQLite file per event, held by one process under a lock (WAL,
//! `synchronous=FULL`, one writer). An entry is *accepted* when the transaction that numbers it has committed; that one
//! transaction also dedupes, stores the private state of the items ([`state`]), and moves the source's cursor. What is accepted
//! is never lost by anything short of the loss of the file, and is never accepted twice.
//!
//! **The tail is a copy.** With Redis, the newest entries are copied under the same numbers by one atomic script ([`redis`],
//! [`push`]), which refuses everything that would make the copy differ from the ledger. A tail that was flushed, rolled back or torn
//! is found by the next push, one second away at most, and written anew. Without Redis, readers read the ledger itself.
//!
//! **Words that were taken back are overwritten.** An entry that hides, removes or edits an item lists in `voids` every number
//! under which older words of the item were public. Ledger, tail and every reader overwrite those with voids in the step in which
//! they take the entry, so no position, however old, fetches them again.
//!
//! **Readers pull.** [`Log::read`] gives the entries behind a seq; [`Log::bell`] wakes the reader when there may be more. A ring
//! may be lost and may be false: its payload is never used, and a reader looks once a second anyway. [`follow::Follow`] decides what
//! a reader does with what it read: append, begin anew, or hold. Nobody goes backwards.
//!
//! **A reader sees what a crash leaves.** Redis may show an entry only after the ledger has committed it; a reader may therefore be
//! ahead of a rolled-back tail, never ahead of the ledger.

pub mod backup;
mod embedded;
mod error;
pub mod follow;
pub mod ledger;
mod log;
pub mod metrics;
pub mod push;
pub mod reached;
pub mod receipts;
pub mod recover;
pub mod redis;
pub mod state;

pub use embedded::EmbeddedStore;
pub use error::{Class, Error};
pub use log::{Bell, LINES_MAX, Line, Log, POLL, Page, Ringer, Store};
