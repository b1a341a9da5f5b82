//! The intake: the door for everything that does not come from a network's stream. One trait, two carriers: a call
//! within the process, and HTTP between processes.

mod client;
mod http;
mod order;
mod report;
mod waiting;

use async_trait::async_trait;
use live::Page;
use model::{EventId, ItemId, Seq};

pub use crate::sequencer::{Near, NearTag};
pub use client::HttpIntake;
pub use http::router;
pub(crate) use order::by_person;
pub use order::{
    ACTOR_BYTES_MAX, Actor, Ask, Decide, Decision, FILE_ITEMS_MAX, FileItems, KEY_BYTES_MAX,
    NOTICE_BYTES_MAX, Order, Outcome, Refusal, Say, SayNotice, SetLimit, SetStage, SetWall, Unsay,
};
pub use report::{Doing, DroppedSample, How, SourceReport, SourcesReport};
pub use waiting::{WAITING_MAX, Waiting};

/// Largest body of an order, in bytes. Schedules have a limit of their own, `model::schedule::FILE_BYTES_MAX`.
pub const BODY_BYTES_MAX: usize = 64 * 1024;
/// Largest CSV of handles, in bytes.
pub const HANDLES_BYTES_MAX: usize = 1 << 20;

/// How the site, the strainer and the command line reach the nozzle.
#[async_trait]
pub trait Intake: Send + Sync {
    /// Asks for something and waits for the commit. Asking again under the same key is always safe.
    ///
    /// # Errors
    /// [`Refusal`]; after [`Refusal::Later`] it is not known whether the order was taken.
    async fn ask(&self, eid: EventId, order: Order) -> Result<Outcome, Refusal>;

    /// The ledger's entries behind `after`, `max` at most, for the strainer when the tail begins later.
    ///
    /// # Errors
    /// [`Refusal::Unknown`], or [`Refusal::Later`] when the ledger cannot be read now.
    async fn lines(&self, eid: EventId, after: Seq, max: usize) -> Result<Page, Refusal>;

    /// Posts that are held or hidden, in the order of their ids behind `after`, `max` (at most [`WAITING_MAX`]) at once.
    ///
    /// # Errors
    /// As [`Intake::lines`].
    async fn held(&self, eid: EventId, after: Option<ItemId>, max: usize) -> Result<Vec<Waiting>, Refusal>;

    /// How the event's sources are doing.
    ///
    /// # Errors
    /// [`Refusal::Unknown`].
    async fn sources(&self, eid: EventId) -> Result<SourcesReport, Refusal>;
}
