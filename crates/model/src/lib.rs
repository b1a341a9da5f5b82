//! The live log's types and pure rules: entries, items, positions, the fold, talks, filing, and the formats that
//! describe them. No I/O, no clock, no async: everything here is a function of its arguments.
//!
//! ```
//! use model::{Fold, Entry};
//! let mut fold = Fold::default();
//! let entry: Entry = serde_json::from_str(r#"{"seq":1,"kind":"void"}"#).unwrap();
//! fold.apply(&entry);
//! assert_eq!(fold.top(), 1);
//! ```

mod body;
mod entry;
pub mod event;
pub mod extract;
mod figures;
pub mod filing;
mod fold;
pub mod html;
mod id;
mod item;
pub mod link;
mod position;
pub mod public;
pub mod schedule;
pub mod stage;
mod talk;
pub mod terms;
mod time;

pub use body::{Body, Run};
pub use entry::{
    CountsEntry, Entry, FilingEntry, Gap, Gone, GoneBy, ItemCounts, ItemEntry, Kind, Move, Notice,
    ScheduleEntry, StageEntry, Tally, TallyCounts,
};
pub use event::{EventEntry, Room};
pub use figures::{Account, Busiest, Figures, MINUTES_MAX};
pub use filing::{By, Filing, FilingState};
pub use fold::{Fold, Row, RowState, Touched, touched};
pub use id::{BadId, EventId, ItemId, Uid};
pub use item::{Author, Card, Counts, Item, Mark, Media, MediaKind, Network, Retain};
pub use position::{BadPosition, Epoch, Position, Seq};
pub use talk::{Speaker, Talk, TalkId, WAS_MAX, Was};
pub use time::Micros;
