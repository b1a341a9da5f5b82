//! The site against real stores: a ledger and an archive of their own, the router, and Chromium where it is installed.

mod about;
mod browser;
pub(super) mod entries;
mod lanes;
mod media;
mod moves;
mod pages;
mod stage;
mod stand;
mod talks;
mod tray;
mod writing;
