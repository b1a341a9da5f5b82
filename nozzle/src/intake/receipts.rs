//! Which receipts are asked for. What a receipt is: `live::receipts`.

use live::receipts::RECEIPTS_MAX;
use model::{ItemId, Seq};
use serde::{Deserialize, Serialize};

/// Which receipts for what was taken away; the newest come first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReceiptsAsked {
    /// Those of one item only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<ItemId>,
    /// Those of entries before this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Seq>,
    /// At most so many, and never more than [`RECEIPTS_MAX`].
    pub max: usize,
}

impl Default for ReceiptsAsked {
    fn default() -> Self {
        Self { id: None, before: None, max: RECEIPTS_MAX }
    }
}

impl ReceiptsAsked {
    /// Those of one item.
    #[must_use]
    pub fn of(id: ItemId) -> Self {
        Self { id: Some(id), ..Self::default() }
    }
}
