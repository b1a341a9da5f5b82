//! The ingest daemon: sources, admit, the sequencer, push and intake.
//!
//! ```text
//! network -> source -> pump (admit) --\
//! people, programs -> intake ---------->-- sequencer -> ledger -> push -> tail
//! ```
//! One door: [`run`]. Whoever runs other roles in the same process opens a [`Nozzle`] and keeps it as an [`Intake`].

pub mod admit;
#[cfg(feature = "bench")]
pub mod bench;
mod bluesky;
mod codes;
mod error;
mod feed;
mod flickr;
mod hook;
mod host;
pub mod intake;
mod mastodon;
pub mod metrics;
pub mod onsite;
mod probe;
mod pump;
mod push;
mod receipts;
mod replay;
pub mod schedule;
mod sequencer;
pub mod source;
pub mod sources;
mod twitter;
mod wire;

pub use codes::Codes;
pub use error::{Class, EXIT_NOT_OURS, Error};
pub use host::{Config, Hooks, Nozzle, Parts, run};
pub use intake::Intake;
pub use pump::{SourceState, SourceStatus};
pub use push::Live;
