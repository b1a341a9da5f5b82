//! What is told of people. Nothing here asks a database.

use std::fmt;
use std::str::FromStr;

use model::{EventId, Micros};

/// What somebody may at an event, from the least to the most. Each may what the ones before may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// The stage, the walls, the posts to sort.
    Steward,
    /// What is held, hidden, removed and blocked as well.
    Moderator,
    /// Settings, sources, schedule, people and the life of the event as well.
    Organiser,
    /// Everything, at all events.
    Owner,
}

impl Role {
    /// All of them, the least first.
    pub const ALL: [Self; 4] = [Self::Steward, Self::Moderator, Self::Organiser, Self::Owner];

    /// As it is written in forms, logs and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Steward => "steward",
            Self::Moderator => "moderator",
            Self::Organiser => "organiser",
            Self::Owner => "owner",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|role| role.name() == text);
        found.ok_or_else(|| "a role is steward, moderator, organiser or owner".to_owned())
    }
}

/// An account's id, which stays when its names change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonId(pub String);

impl fmt::Display for PersonId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// SHA-256 of a token, in hexadecimal. The token itself is known to its holder alone.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct TokenHash(String);

impl TokenHash {
    /// Of a token.
    #[must_use]
    pub fn of(token: &str) -> Self {
        use sha2::{Digest as _, Sha256};
        Self(Sha256::digest(token.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect())
    }

    pub(super) fn kept(text: String) -> Self {
        Self(text)
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hash]")
    }
}

/// What an account may at one event, or at all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// None: all events.
    pub event: Option<EventId>,
    /// What they are there.
    pub role: Role,
}

/// An account with what it may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: PersonId,
    /// What they sign in with: lower case, no spaces.
    pub login: String,
    /// What others read.
    pub name: String,
    /// Whether they have chosen a password.
    pub has_password: bool,
    /// Since when they are shut out.
    pub disabled: Option<Micros>,
    /// When it was made.
    pub made: Micros,
    /// At most one for each event.
    pub grants: Vec<Grant>,
}

impl Account {
    /// What they are at an event: the most of what they were given there and everywhere.
    #[must_use]
    pub fn role_at(&self, event: EventId) -> Option<Role> {
        self.grants
            .iter()
            .filter(|grant| grant.event.is_none_or(|of| of == event))
            .map(|grant| grant.role)
            .max()
    }

    /// What they are at all events.
    #[must_use]
    pub fn role_everywhere(&self) -> Option<Role> {
        self.grants.iter().filter(|grant| grant.event.is_none()).map(|grant| grant.role).max()
    }
}

/// An account that is to be made.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// Its id, drawn at random.
    pub id: PersonId,
    /// See [`Account::login`].
    pub login: String,
    /// See [`Account::name`].
    pub name: String,
    /// The argon2 hash of its password; empty for none.
    pub password: String,
    /// When it is made.
    pub made: Micros,
}

/// A link that gives one account a password, once.
#[derive(Clone, Debug)]
pub struct OneTimeLink {
    /// Of the token in it.
    pub hash: TokenHash,
    /// When it stops.
    pub ends: Micros,
}

/// A log-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Of the token in the cookie.
    pub hash: TokenHash,
    /// Whose.
    pub person: PersonId,
    /// When it began.
    pub made: Micros,
    /// When it was last used, to about ten minutes.
    pub seen: Micros,
    /// When it stops at the latest.
    pub ends: Micros,
}

/// A link that lets whoever holds it do one thing at one event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capability {
    /// Its id, which stays when its token changes.
    pub id: String,
    /// Of the token in it.
    pub hash: TokenHash,
    /// Where.
    pub event: EventId,
    /// What for: a name of the site's closed list.
    pub kind: String,
    /// What its makers call it.
    pub label: String,
    /// What it may, as JSON of its kind.
    pub what: String,
    /// When it was made.
    pub made: Micros,
    /// When it stops; none: when somebody ends it.
    pub ends: Option<Micros>,
}

/// Something that somebody did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditLine {
    /// When.
    pub at: Micros,
    /// At which event; none: at the installation as a whole.
    pub event: Option<EventId>,
    /// Who; none for the bearer of a key.
    pub person: Option<PersonId>,
    /// The same in words: `moderator:ada`.
    pub who: String,
    /// A short verb.
    pub verb: String,
    /// The id or name of what it was done to.
    pub object: String,
    /// One sentence, without anybody's words: those may have to be forgotten.
    pub sentence: String,
    /// The order that takes it back, as the site writes it; none when there is none.
    pub undo: Option<String>,
}

/// A line as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// Its number; later ones are larger.
    pub n: i64,
    /// What it says.
    pub line: AuditLine,
    /// When it was taken back.
    pub undone: Option<Micros>,
}

/// Which lines are asked for.
#[derive(Clone, Copy, Debug)]
pub struct AuditPage {
    /// Of this event; none: of all, and of the installation.
    pub event: Option<EventId>,
    /// Below this number; none: from the newest.
    pub before: Option<i64>,
    /// At most so many.
    pub limit: u32,
}
