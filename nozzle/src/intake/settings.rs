//! The event's own file, as pages change it: read whole with what names this version of it, changed, and applied under the
//! condition that nobody was quicker.

use model::Micros;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The event.toml that is in force. Private: it names the addresses of sources and the rules of moderation, though no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventText {
    /// Names this text; see [`revision`].
    pub revision: String,
    /// The event.toml as it was applied.
    pub text: String,
}

impl EventText {
    /// With the revision that belongs to it.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self { revision: revision(&text), text }
    }
}

/// The name of a version of an event.toml: the same for the same text, so that settings which somebody else has changed and
/// changed back are the ones that were read.
#[must_use]
pub fn revision(text: &str) -> String {
    Sha256::digest(text.as_bytes())[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Body of `edit`: an event.toml that is applied only while the one that it was made of is still in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EditEvent {
    /// The new event.toml.
    pub text: String,
    /// The revision that was read.
    pub revision: String,
}

/// Body of `probe`: a source to be tried, before or after it is applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Probe {
    /// An event.toml with the source in it.
    pub text: String,
    /// The source's name there.
    pub source: String,
}

/// What came of trying a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probed {
    /// Whether the network let us in.
    pub is_connected: bool,
    /// The first posts that were found, at most [`PROBED_POSTS_MAX`].
    pub posts: Vec<ProbedPost>,
    /// What happened, as a sentence for people.
    pub said: String,
    /// What somebody must do, where somebody must.
    pub cure: Option<String>,
}

/// A post that a probe found, as it would be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbedPost {
    /// Display name.
    pub name: String,
    /// Handle.
    pub handle: String,
    /// When it was said.
    pub when: Micros,
    /// Title and words, as plain text, cut to [`PROBED_TEXT_CHARS_MAX`].
    pub text: String,
}

/// Most posts that a probe shows.
pub const PROBED_POSTS_MAX: usize = 3;
/// Longest words of one of them, in characters.
pub const PROBED_TEXT_CHARS_MAX: usize = 280;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_one_name_and_another_text_another() {
        assert_eq!(revision("slug = \"abc\"\n"), revision("slug = \"abc\"\n"));
        assert_ne!(revision("slug = \"abc\"\n"), revision("slug = \"abd\"\n"));
        assert_eq!(revision("").len(), 16);
    }
}
