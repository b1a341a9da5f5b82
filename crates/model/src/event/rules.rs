//! `[[rule]]` in event.toml: which posts wait for a moderator, or are not shown at all. What organisers may write is here; how
//! it is compared with posts is in [`judge`](Rules), and the words in `words`. Nothing here remembers anything: what is known
//! of authors and links is handed in.

mod check;
mod judge;
#[cfg(test)]
mod tests;
mod words;

pub(super) use check::problems;
pub use judge::{Match, Rules, Seen};

use serde::{Deserialize, Serialize};

/// Most rules of an event.
pub const RULES_MAX: usize = 32;
/// Most words, links and languages of all rules of an event together.
pub const WORDS_MAX: usize = 2_000;
/// Longest word, phrase or link, in characters.
pub const WORD_CHARS_MAX: usize = 100;
/// Longest name of a rule, in characters.
pub const NAME_CHARS_MAX: usize = 60;
/// Longest time within which copies of a link are counted, in minutes: a day.
pub const MINUTES_MAX: u32 = 24 * 60;
/// The time within which copies of a link are counted where the rule does not say, in minutes.
pub const MINUTES: u32 = 10;
/// Largest number that a rule may count to.
pub const COUNT_MAX: u32 = 1_000;

/// One rule. What it names must all hold, so that `new_author = 1` with `links = ["bit.ly"]` asks for both.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleFile {
    /// A name of your choice, unique in the event; moderators read it beside what it holds.
    #[serde(default)]
    pub name: String,
    /// What becomes of a post for which it holds.
    #[serde(default)]
    pub action: RuleAction,
    /// Only posts of these sources; absent: of all, those written on the page included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sources: Option<Vec<String>>,
    /// Holds for a post with one of these words or phrases: whole words, whatever their case and accents.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<String>,
    /// Holds for a post with a link to one of these hosts (their subdomains included) or addresses (and what lies below them).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<String>,
    /// Holds for a post with more hashtags than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<u32>,
    /// Holds until so many posts of the same author have been shown here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_author: Option<u32>,
    /// Holds for a post that says it is in none of these languages (`en`, `de`). Most posts say nothing reliable; those that
    /// say nothing at all pass.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub languages: Vec<String>,
    /// Holds for a post with a link that more than so many posts have brought within `minutes`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copies: Option<u32>,
    /// Minutes within which copies are counted; absent: [`MINUTES`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes: Option<u32>,
    /// Hides a post that more than so many readers have reported. Without such a rule reports only reach the moderators.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reports: Option<u32>,
}

/// What becomes of a post for which a rule holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RuleAction {
    /// It waits for a moderator.
    #[default]
    Hold,
    /// It is hidden; a moderator can show it all the same.
    Reject,
}

impl RuleAction {
    /// The name in event.toml.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Reject => "reject",
        }
    }
}
