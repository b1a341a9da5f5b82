//! Outside witnesses for the end-to-end tests. Depends on no crate of the product, so that a mistake in a shared type cannot
//! hide itself: ids are computed here anew, frames are kept as raw text, and nothing is deduplicated on the way.
//!
//! Two programs: `watch` writes down every frame of one live stream; `judge` compares such files, the export and the page with
//! the journals of the fake networks.

mod evidence;
mod verdict;

pub use evidence::{
    Alive, Exported, Seen, article_uid, item_id, read_dom, read_export, read_frames, read_journal,
};
pub use verdict::{Fault, by_network, compare_dom, compare_export, compare_frames, public_after};
