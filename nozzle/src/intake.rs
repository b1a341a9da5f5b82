//! The intake: the door for everything that does not come from a network's stream. One trait, two carriers: a call
//! within the process, and HTTP between processes.

mod client;
mod http;
mod life;
mod moderation;
mod order;
mod receipts;
mod report;
mod settings;
mod waiting;

use async_trait::async_trait;
use live::Page;
use live::receipts::Receipt;
use model::{EventId, ItemId, Seq};

use crate::codes::Codes;

pub use crate::sequencer::{Near, NearTag};
pub use client::HttpIntake;
pub(crate) use client::body;
pub use http::{parse_ask, router};
pub(crate) use life::DISK_FULL_RETRY_SECONDS;
pub use life::{DISK_FULL, SetLife};
pub use moderation::{
    AUTHOR_BYTES_MAX, AuthorStanding, Bench, CASES_MAX, Case, Judgement, KnownAuthor, Look,
    MODERATE_ITEMS_MAX, Moderate, Report, ReportReason, RuleHits, SetAuthor, Tab, Why,
};
pub(crate) use order::by_person;
pub use order::{
    ACTOR_BYTES_MAX, Actor, Ask, Decide, Decision, FILE_ITEMS_MAX, FORM_KEY, FileItems, KEY_BYTES_MAX,
    NOTICE_BYTES_MAX, Order, Outcome, Refusal, Say, SayNotice, SetLimit, SetStage, SetWall, Unsay,
};
pub use receipts::ReceiptsAsked;
pub use report::{Doing, DroppedSample, How, SourceReport, SourcesReport};
pub use settings::{
    EditEvent, EventText, PROBED_POSTS_MAX, PROBED_TEXT_CHARS_MAX, Probe, Probed, ProbedPost, revision,
};
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

    /// What moderators look at: posts that wait, were reported, are shown or hidden, and what is known of them.
    ///
    /// # Errors
    /// As [`Intake::lines`].
    async fn bench(&self, eid: EventId, look: Look) -> Result<Bench, Refusal>;

    /// What makes the codes by which authors take their posts down.
    ///
    /// # Errors
    /// As [`Intake::lines`].
    async fn codes(&self, eid: EventId) -> Result<Codes, Refusal>;

    /// Receipts for what was hidden or removed, the newest first: who asked, and when each surface was clean.
    ///
    /// # Errors
    /// As [`Intake::lines`].
    async fn receipts(&self, eid: EventId, asked: &ReceiptsAsked) -> Result<Vec<Receipt>, Refusal>;

    /// How the event's sources are doing.
    ///
    /// # Errors
    /// [`Refusal::Unknown`].
    async fn sources(&self, eid: EventId) -> Result<SourcesReport, Refusal>;

    /// The event.toml that is in force, with the revision that [`Ask::Edit`] asks for.
    ///
    /// # Errors
    /// As [`Intake::lines`]; [`Refusal::Unknown`] also while the event has no settings.
    async fn settings(&self, eid: EventId) -> Result<EventText, Refusal>;

    /// Connects to a source as the nozzle would, for at most 10 s, and tells what it said first. Nothing is stored.
    ///
    /// # Errors
    /// [`Refusal::Bad`] for settings that cannot be, [`Refusal::Slow`] while others are being tried, [`Refusal::Unknown`].
    async fn probe(&self, eid: EventId, probe: Probe) -> Result<Probed, Refusal>;
}
