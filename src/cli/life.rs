//! `perihelion event end|reopen|archive|rename|delete`: what becomes of an event as a whole; `backup` and `restore`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum LifeCommand {
    /// End an event: its sources stop, nobody writes on the page any more, and the page says so
    End(EndArgs),
    /// Take back that an event is over or archived
    Reopen(LifeEvent),
    /// Archive an event: it can only be read any more, and words can still be taken away
    Archive(LifeEvent),
    /// Give an event another slug; its old addresses lead to the new ones
    Rename(RenameArgs),
    /// Delete an event for good: ledger, tail, archive and pictures
    Delete(DeleteArgs),
}

#[derive(Debug, Args)]
pub(crate) struct LifeEvent {
    /// The event's slug
    pub(crate) event: String,
}

#[derive(Debug, Args)]
pub(crate) struct EndArgs {
    /// The event's slug
    pub(crate) event: String,
    /// When it ends, such as 2026-06-02T20:00:00+02:00; without it now
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct RenameArgs {
    /// The event's slug
    pub(crate) event: String,
    /// Its new slug
    pub(crate) to: String,
}

#[derive(Debug, Args)]
pub(crate) struct DeleteArgs {
    /// The event's slug
    pub(crate) event: String,
    /// Do not ask for the slug once more
    #[arg(long)]
    pub(crate) yes: bool,
}

/// What `backup` says of itself.
pub(crate) const BACKUP: &str = "\
Works while everything runs. In the backup are every event's ledger (all that was accepted), the archive, accounts and audit log, \
settings and keys; not in it are pictures, which are fetched again, and the tail in Redis, which is written again. It holds keys and \
people's words: keep it as you keep those.

With an archive in PostgreSQL, its rows are not copied: a ledger holds all that they were made of, and restore folds them again. \
Accounts and the audit log, which only PostgreSQL holds, are written row by row, so no pg_dump is needed and no version of it matters.

A directory is made, or, when the name ends in .tar, one file.";

/// What `restore` says of itself.
pub(crate) const RESTORE: &str = "\
Stop the daemons first. The data directory of the settings has to be empty. Every file is checked against the backup's checksums \
before anything is written. Each log goes on under a new name: readers who saw what came after the backup are told that it is another \
log, and numbers are not used twice. What Redis holds beyond the backup is taken over.";

#[derive(Debug, Args)]
#[command(after_help = BACKUP)]
pub(crate) struct BackupArgs {
    /// A directory that does not exist yet or is empty, or a file whose name ends in .tar
    pub(crate) to: PathBuf,
}

#[derive(Debug, Args)]
#[command(after_help = RESTORE)]
pub(crate) struct RestoreArgs {
    /// The backup: its directory or its .tar
    pub(crate) from: PathBuf,
    /// Go on although Redis does not answer, or lacks entries between the backup and its tail
    #[arg(long)]
    pub(crate) without_tail: bool,
    /// Put the archive back to the backup although PostgreSQL holds more
    #[arg(long)]
    pub(crate) accept_loss: bool,
}
