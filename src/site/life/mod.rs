//! The life of an event as a whole: what the public is told of it ([`told`]), the organisers' page on which it is ended, archived, renamed
//! and deleted ([`page`]), old addresses ([`moved`]), and what goes on by itself meanwhile ([`watch`]).

mod moved;
mod order;
mod page;
mod told;
mod watch;

pub(super) use moved::lead_on;
pub(super) use order::{delete, send};
pub(super) use page::show;
pub(super) use told::{Banner, banner, state};
pub(super) use watch::{Disk, watch};
