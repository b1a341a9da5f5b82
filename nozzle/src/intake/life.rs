//! What may become of an event as a whole: orders of organisers and owners, and what the nozzle says while its disk is full.

use model::Micros;
use serde::{Deserialize, Serialize};

use super::{Ask, AuthorStanding, Decision, Judgement, Refusal};

/// Body of `life`: `{"do": "end"}`, `{"do": "rename", "slug": "new"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "lowercase", deny_unknown_fields)]
pub enum SetLife {
    /// Nothing more is taken from sources or written on the page.
    End {
        /// From when on; absent: now. It may lie ahead.
        #[serde(default)]
        at: Option<Micros>,
    },
    /// It goes on: neither over nor archived.
    Reopen {},
    /// It is only read any more; nothing is taken but what takes words away.
    Archive {},
    /// It gets another place in addresses; the old one leads there.
    Rename {
        /// The new slug.
        slug: String,
    },
    /// Everything of it is deleted, for good.
    Delete {
        /// Its slug once more, so that nobody deletes another event than they mean.
        slug: String,
    },
}

/// Why nothing is taken while the disk is full.
pub const DISK_FULL: &str = "The disk is full. Nothing is lost: posts are being kept back at their networks until there is room again.";
/// When to come again while the disk is full, in seconds.
pub(crate) const DISK_FULL_RETRY_SECONDS: u64 = 30;

impl Refusal {
    /// Not now: the disk is full.
    pub(crate) fn disk_full() -> Self {
        Self::Later { why: DISK_FULL.to_owned(), retry_seconds: DISK_FULL_RETRY_SECONDS }
    }

    /// Whether it is the disk that is full.
    #[must_use]
    pub fn is_disk_full(&self) -> bool {
        matches!(self, Self::Later { why, .. } if why == DISK_FULL)
    }
}

impl Ask {
    /// Whether it only takes words away, or says what becomes of the event as a whole: what is allowed when nothing else is.
    #[must_use]
    pub fn takes_away(&self) -> bool {
        match self {
            Self::Unsay(_) | Self::Life(_) => true,
            Self::Decide(decide) => decide.decision != Decision::Show,
            Self::Moderate(ask) => !matches!(ask.decision, Judgement::Show | Judgement::Uncover),
            Self::Author(ask) => ask.standing == AuthorStanding::Blocked,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_reads_as_it_is_said() {
        let read = |json: &str| serde_json::from_str::<SetLife>(json).ok();
        assert_eq!(read(r#"{"do":"end"}"#), Some(SetLife::End { at: None }));
        assert_eq!(read(r#"{"do":"end","at":5}"#), Some(SetLife::End { at: Some(Micros(5)) }));
        assert_eq!(read(r#"{"do":"archive"}"#), Some(SetLife::Archive {}));
        assert_eq!(read(r#"{"do":"rename","slug":"new"}"#), Some(SetLife::Rename { slug: "new".to_owned() }));
        for bad in [r#"{"do":"burn"}"#, r#"{"do":"rename"}"#, r#"{"do":"archive","at":5}"#, "{}"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
