//! Receipts: for each time that an item was hidden or removed, who asked, and when each surface was clean of its words.
//!
//! Nobody writes a receipt down when it is complete. Two kinds of facts are kept, in private tables of the ledger: who asked, in
//! the transaction of the entry itself; and marks, "this surface has obeyed everything up to n, since then". A receipt is the
//! fold of the two: a surface was clean of entry n with the first mark at n or behind it. So five thousand removals at once cost
//! each surface one mark, and a mark that was written late can only tell a later time than the true one, never an earlier one.

use crate::reached::How;
use model::{GoneBy, ItemId, Micros, Seq};
use serde::{Deserialize, Serialize};

/// Most receipts in one answer.
pub const RECEIPTS_MAX: usize = 200;
/// Longest role of who asked, in bytes; of a longer one the beginning is kept.
pub const ROLE_BYTES_MAX: usize = 32;

macro_rules! surfaces {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)+) => {
        /// Where words can be read, or lie. A closed list, in the order in which receipts tell them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Surface {
            $($(#[$doc])* #[serde(rename = $name)] $variant,)+
        }

        impl Surface {
            /// All of them.
            pub const ALL: [Self; 13] = [$(Self::$variant,)+];

            /// The name in the ledger and on the wire.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }
    };
}

surfaces! {
    /// The live streams, and what they keep for whoever connects next.
    Stream = "stream",
    /// The log in pieces, plain and packed.
    Chunks = "chunks",
    /// The site's pages and API, and the pages that it keeps.
    Pages = "pages",
    /// What a search finds.
    Search = "search",
    /// Feeds, embedded frames and oEmbed.
    Feeds = "feeds",
    /// Downloads.
    Exports = "exports",
    /// The projectors.
    Wall = "wall",
    /// Pictures that were fetched for readers.
    Pictures = "pictures",
    /// The ledger's file and its write-ahead log.
    Ledger = "ledger",
    /// The newest entries in Redis.
    Tail = "tail",
    /// What Redis keeps on its disk.
    TailFiles = "tail_files",
    /// The archive's rows.
    Archive = "archive",
    /// The archive's files: rows, search index and write-ahead log.
    ArchiveFiles = "archive_files",
}

impl Surface {
    /// The daemon that tells of it on the status board; none for what the nozzle does itself.
    #[must_use]
    pub fn role(self) -> Option<&'static str> {
        match self {
            Self::Stream | Self::Chunks => Some("halley"),
            Self::Pages | Self::Search | Self::Feeds | Self::Exports | Self::Wall | Self::Pictures => {
                Some("site")
            }
            Self::Archive | Self::ArchiveFiles => Some("strainer"),
            Self::Ledger | Self::Tail | Self::TailFiles => None,
        }
    }

    /// How long others were allowed to keep what they had fetched before, in milliseconds: shared caches, by the answers' own
    /// `Cache-Control`.
    #[must_use]
    pub fn others_keep_ms(self) -> u64 {
        match self {
            Self::Chunks | Self::Feeds => 3_000,
            _ => 0,
        }
    }

    /// Whether words that are hidden, not removed, stay there on purpose: `show` brings them back from it.
    #[must_use]
    pub fn keeps_hidden(self) -> bool {
        self == Self::Ledger
    }
}

/// What was done to the item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum What {
    /// Taken from the public; can be undone.
    Hide,
    /// Erased.
    Remove,
}

impl What {
    /// The name in the ledger and on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Hide => "hide",
            Self::Remove => "remove",
        }
    }
}

/// Which way it was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    /// Its network said so of this post.
    #[default]
    Upstream,
    /// Its network said so of the whole account.
    Account,
    /// Its author does not want to be shown here, or asked to be shown no longer.
    Wish,
    /// Who wrote it on the page took it back there.
    Page,
    /// Somebody with a role at the event, or a program in their name.
    Hand,
}

impl Way {
    const ALL: [Self; 5] = [Self::Upstream, Self::Account, Self::Wish, Self::Page, Self::Hand];

    /// The name in the ledger and on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Upstream => "upstream",
            Self::Account => "account",
            Self::Wish => "wish",
            Self::Page => "page",
            Self::Hand => "hand",
        }
    }

    pub(crate) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|way| way.name() == name)
    }
}

/// Who asked: never what was said, and of people their role only.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asker {
    /// Which way.
    pub way: Way,
    /// The role of whoever asked by hand; empty for other ways.
    pub role: String,
}

impl Asker {
    /// Somebody with this role.
    #[must_use]
    pub fn hand(role: &str) -> Self {
        let end = role.floor_char_boundary(ROLE_BYTES_MAX);
        Self { way: Way::Hand, role: role[..end].to_owned() }
    }
}

impl From<Way> for Asker {
    fn from(way: Way) -> Self {
        Self { way, role: String::new() }
    }
}

/// One receipt, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The entry that took the item away.
    pub seq: Seq,
    /// The item.
    pub id: ItemId,
    /// What was done to it.
    pub what: What,
    /// On whose account, as the public is told.
    pub by: GoneBy,
    /// Who asked.
    #[serde(flatten)]
    pub asker: Asker,
    /// When it was committed, as the event's clock tells it.
    pub at: Micros,
    /// The entry that showed it again, for what was hidden.
    pub undone: Option<Seq>,
    /// Every surface has told.
    pub complete: bool,
    /// The surfaces, in the order of [`Surface::ALL`].
    pub surfaces: Vec<Clean>,
}

/// One surface of a receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clean {
    /// Which.
    pub surface: Surface,
    /// How it stands.
    pub state: CleanState,
    /// How long after the commit it was clean at the latest, in milliseconds.
    pub after_ms: Option<u64>,
    /// For how long after that others may have kept it, in milliseconds.
    #[serde(default)]
    pub others_keep_ms: u64,
    /// How many said so: processes, or walls.
    pub told: u32,
    /// How many were not heard of any more, and may show it still if they live.
    pub silent: u32,
}

/// How a surface of a receipt stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CleanState {
    /// Nobody has said yet that it is clean.
    Waiting,
    /// The words are not there any more.
    Clean,
    /// No row that can be read holds them, and their room is free; the bytes go when it is used again.
    Vacuumed,
    /// It cannot be known: the server does not let us.
    Refused,
    /// There is no such thing here, or nobody was there.
    Absent,
    /// Hidden words stay there on purpose, where only `show` finds them.
    Kept,
}

impl CleanState {
    /// The state that a mark tells.
    pub(crate) fn of_mark(how: Option<How>) -> Self {
        match how {
            None => Self::Clean,
            Some(How::Vacuumed) => Self::Vacuumed,
            Some(How::Refused) => Self::Refused,
            Some(How::Absent) => Self::Absent,
        }
    }
}

/// A mark: a surface has obeyed everything up to `seq`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Which surface.
    pub surface: Surface,
    /// The last entry that it has obeyed.
    pub seq: Seq,
    /// Since when, by the system's clock.
    pub since: Micros,
    /// How many said so.
    pub told: u32,
    /// How many were not heard of any more.
    pub silent: u32,
    /// What had to be left of it.
    pub how: Option<How>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_wire() {
        for surface in Surface::ALL {
            assert_eq!(serde_json::to_string(&surface).unwrap(), format!("{:?}", surface.name()));
        }
        for way in Way::ALL {
            assert_eq!(Way::of(way.name()), Some(way));
            assert_eq!(serde_json::to_string(&way).unwrap(), format!("{:?}", way.name()));
        }
        assert_eq!(serde_json::to_string(&What::Hide).unwrap(), format!("{:?}", What::Hide.name()));
    }

    #[test]
    fn of_a_long_role_the_beginning_is_kept() {
        assert_eq!(Asker::hand("moderator").role, "moderator");
        let long = Asker::hand(&"é".repeat(40)).role;
        assert!(long.len() <= ROLE_BYTES_MAX && long.starts_with('é'));
    }
}
