//! What kinds of posts there are.

use std::fmt;

/// A kind of post, by what makes it easy or hard to tell what it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Names the speaker, the title, or half a sentence with a name.
    Strong,
    /// A word or two of the subject, a surname, a first name.
    Weak,
    /// Bears the room's hashtag.
    Room,
    /// Says nothing itself; its writer said more in the same talk a while ago.
    Context,
    /// Says nothing, while only one talk is on.
    Plenary,
    /// Answers a post about a talk.
    Reply,
    /// Hours or days after the talk.
    Late,
    /// Before the talk.
    Early,
    /// While the talk was on later than the schedule says, or in another's place.
    Overrun,
    /// In another language than the talk.
    Language,
    /// With slips of the finger in what would tell.
    Typo,
    /// By the speaker.
    Speaker,
    /// A link to the slides.
    Slides,
    /// About the event: about no talk.
    Event,
    /// Shares words, names or rooms with talks, and is about none.
    Hallway,
    /// Nobody but its writer could tell: about no talk.
    Ambiguous,
    /// Answers a post about a talk, and is about something else.
    Drift,
}

impl Kind {
    /// The word for labels and tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Strong => "strong",
            Self::Weak => "weak",
            Self::Room => "room tag",
            Self::Context => "context",
            Self::Plenary => "plenary",
            Self::Reply => "reply",
            Self::Late => "late",
            Self::Early => "early",
            Self::Overrun => "overrun",
            Self::Language => "language",
            Self::Typo => "typo",
            Self::Speaker => "speaker",
            Self::Slides => "slides",
            Self::Event => "event",
            Self::Hallway => "hallway",
            Self::Ambiguous => "ambiguous",
            Self::Drift => "drift",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
