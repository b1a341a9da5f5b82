//! How a nozzle copies its ledger into the tail: who may write ([`Claim`]), the cure for each answer ([`Course`]), and
//! the task that does it ([`Pusher`]).

mod claim;
mod course;
mod driver;
mod trim;

pub use claim::{Claim, ClaimStep, OWNER_LIFE_MS};
pub use course::{Answer, Course, Cure, Push, PushEntry, Stop, Word};
pub use driver::{PushEnd, Pusher, Standing};
pub use trim::KEEP_MIN;
