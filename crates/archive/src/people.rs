//! People and the door: accounts, what they may, their log-ins, one-time links, capability links, and who did what. Tables `site_*` in the
//! archive's database, written by the site and by `perihelion user` alone, and no part of any log: `archive rebuild` does not touch them.
//!
//! # What holds
//!
//! **Nothing here opens anything by itself.** Tokens are kept as SHA-256 ([`TokenHash`]), passwords as the text of their argon2 hash.
//!
//! **Every change moves one number**, [`People::version`], first thing in its transaction: changes come one after the other, and a process
//! that remembers people sees that it has to look again.
//!
//! **There is always somebody to ask.** A change that would leave no owner who can sign in is refused ([`Done::LastOwner`]).
//!
//! **It is durable at once**, unlike the archive's rows, which a ledger can bring back.
//!
//! Who may do what is decided by the site; hashing passwords is its part, too.

mod changes;
mod reads;
mod store;
mod types;

pub(crate) use store::Store;
pub use store::open;
pub use types::{
    Account, AuditLine, AuditPage, AuditRow, Capability, Grant, NewAccount, OneTimeLink, PersonId, Role,
    Session, TokenHash,
};

use async_trait::async_trait;
use model::{EventId, Micros};

use crate::Error;

/// Accounts of one installation; more are refused.
pub const ACCOUNTS_MAX: u32 = 1_000;
/// Log-ins of one account; with one more, the oldest ends.
pub const SESSIONS_MAX: u32 = 20;
/// Capability links of one event; more are refused.
pub const CAPABILITIES_MAX: u32 = 100;
/// Lines of the audit log; with more, the oldest go.
pub const AUDIT_ROWS_MAX: u32 = 100_000;

/// What came of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// It is so now.
    Yes,
    /// There is no such account, link or line, or no longer.
    Gone,
    /// The name, or what was to be the first of its kind, is there already.
    Taken,
    /// It would leave nobody who owns the installation and can sign in.
    LastOwner,
    /// There are as many as there may be.
    Full,
}

/// What can be changed. Each is one transaction.
#[derive(Clone, Debug)]
pub enum Change {
    /// The first owner, with a password: [`Done::Taken`] when there is an owner already.
    FirstOwner(NewAccount),
    /// A new account. Without a password it cannot sign in until its link was used.
    Add(NewAccount, Option<Grant>, Option<OneTimeLink>),
    /// A role at an event or at all of them; none takes it away.
    Grant(PersonId, Option<EventId>, Option<Role>),
    /// Shuts an account out and ends its log-ins, or lets it in again.
    Disable(PersonId, Option<Micros>),
    /// Throws password and log-ins away and makes a link instead.
    Reset(PersonId, OneTimeLink),
    /// Uses a link that has not ended at this moment: its account gets this password.
    UseLink(TokenHash, String, Micros),
    /// A new password; all log-ins end but this one.
    Password(PersonId, String, Option<TokenHash>),
    /// The same password hashed otherwise, if it is still this one. Nothing else changes.
    Rehash(PersonId, String, String),
    /// A log-in begins. [`Done::Gone`] when the account may not.
    SignIn(Session),
    /// One log-in ends.
    SignOut(TokenHash),
    /// All log-ins of an account end.
    SignOutAll(PersonId),
    /// When these log-ins were last used.
    Seen(Vec<(TokenHash, Micros)>),
    /// A capability link, new or changed (by its id); a changed token kills the one before.
    Capability(Capability),
    /// A capability link ends.
    EndCapability(EventId, String),
    /// Lines for the audit log.
    Audit(Vec<AuditLine>),
    /// A line of the audit log is being taken back; [`Done::Taken`] when it was already, or cannot be.
    Undo(i64, Micros),
}

/// People over either database. Every method fails within seconds while the database is down ([`crate::Class::Retry`]).
#[async_trait]
pub trait People: std::fmt::Debug + Send + Sync {
    /// Makes the tables, or brings them up to date; the archive's with them.
    async fn prepare(&self) -> Result<(), Error>;
    /// A number that moves with every change that a process may remember otherwise.
    async fn version(&self) -> Result<i64, Error>;
    /// Whether somebody owns the installation.
    async fn has_owner(&self) -> Result<bool, Error>;
    /// All accounts with what they may, by login name.
    async fn accounts(&self) -> Result<Vec<Account>, Error>;
    /// One account.
    async fn account(&self, id: &PersonId) -> Result<Option<Account>, Error>;
    /// The account of a login name (lower case) and its password's hash; empty while it has none.
    async fn login(&self, login: &str) -> Result<Option<(Account, String)>, Error>;
    /// The account for which a link stands that has not ended at this moment.
    async fn link(&self, hash: &TokenHash, now: Micros) -> Result<Option<Account>, Error>;
    /// A log-in that has not ended at this moment, of an account that is not disabled.
    async fn session(&self, hash: &TokenHash, now: Micros) -> Result<Option<(Session, Account)>, Error>;
    /// How many log-ins stand, by account.
    async fn sessions(&self, now: Micros) -> Result<Vec<(PersonId, u32)>, Error>;
    /// All capability links that have not ended at this moment, by event and age.
    async fn capabilities(&self, now: Micros) -> Result<Vec<Capability>, Error>;
    /// Lines of the audit log below `before`, the newest first: of one event, or of all.
    async fn audit(&self, page: AuditPage) -> Result<Vec<AuditRow>, Error>;
    /// One line of it.
    async fn audit_row(&self, n: i64) -> Result<Option<AuditRow>, Error>;
    /// Changes something. Never left half-way, whoever goes away meanwhile.
    async fn change(&self, change: Change) -> Result<Done, Error>;
}
