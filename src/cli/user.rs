//! `perihelion user`: who signs in behind the scenes.

use archive::people::Role;
use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Make an account and print a one-time link at which its holder chooses a password
    Add(UserAddArgs),
    /// Throw somebody's password and log-ins away and print a new one-time link
    Reset {
        /// What they sign in with
        login: String,
    },
    /// List accounts, what they may and whether they have come yet
    List,
}

#[derive(Debug, Args)]
pub(crate) struct UserAddArgs {
    /// What they will sign in with: a-z, 0-9, dot, hyphen, underscore
    pub(crate) login: String,
    /// What others read; without it the sign-in name
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// steward, moderator, organiser or owner
    #[arg(long)]
    pub(crate) role: Role,
    /// The slug of the one event at which they have this role; without it at all events
    #[arg(long, value_name = "EVENT")]
    pub(crate) event: Option<String>,
}
