//! The site against real stores: a ledger and an archive of their own, the router, and Chromium where it is installed.

mod about;
mod api;
mod around;
mod browser;
mod catch_up;
pub(super) mod entries;
mod feed_rules;
mod feeds;
mod framed;
mod frames;
mod judged;
mod lanes;
mod media;
mod moves;
mod page_cache;
mod pages;
mod replay;
mod search;
mod stage;
mod stand;
mod stream;
mod talks;
mod tray;
mod tree;
mod wall;
mod weight;
mod writing;
