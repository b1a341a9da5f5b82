//! The command line: what can be asked and how it is explained. What happens then is in `commands`.

use std::path::{Path, PathBuf};

use chassis::workers::Seat;
use clap::{Args, Parser, Subcommand};

mod filing;
mod life;
mod schedule;
mod supervise;
mod user;

pub(crate) use filing::{BenchArgs, FilingCommand, TryArgs};
pub(crate) use life::{BackupArgs, DeleteArgs, LifeCommand, RestoreArgs};
pub(crate) use schedule::ImportArgs;
pub(crate) use supervise::{
    CtlArgs, CtlCommand, LAUNCH, LaunchArgs, LogsArgs, Names, SUPERVISE, SuperviseArgs,
};
pub(crate) use user::{UserAddArgs, UserCommand};

const FIRST_STEPS: &str = "\
First steps:
  perihelion demo                      watch an invented conference, nothing to set up
  perihelion up --event event.toml     your own event on this machine, all in one process
  perihelion check                     which settings are in force, and do the servers answer

Settings come from perihelion.toml; PERIHELION_LIVE_URL and its like override single keys.
RUST_LOG chooses what is logged (default: info), PERIHELION_LOG_FORMAT=json makes logs machine-readable.";

const MODERATE: &str = "\
A post is named by its id (12 characters), by the first 4 or more of them while it is held or hidden, or by the address of \
its page.

  perihelion moderate list rustfest                     what waits, who wrote it, why it is held
  perihelion moderate show rustfest k3f9q2m7xw4d        show a held post, or one that was hidden
  perihelion moderate hide rustfest k3f9 m2p7           take posts from the public; show brings them back
  perihelion moderate remove rustfest k3f9 --law        erase a post for good, because the law says so
  perihelion moderate receipt rustfest k3f9q2m7xw4d     who asked, and when it was gone from where
  perihelion moderate limit rustfest 6c1f... --burst 0  this person may not write on the page any more

A nozzle that runs is asked; where none runs, the ledgers of the data directory are changed themselves. People who write \
on the page have ids of their own, which `list` prints as person:...; how much everybody may write is [onsite_limits] in \
event.toml.";

/// The command that `halley` gives its workers. People have no use for it.
pub(crate) const HALLEY_WORKER: &str = "halley-worker";

/// Where the demo keeps its data.
const DEMO_DIR: &str = "data/demo";
const DEMO: &str = "\
Marginalia 2026 is invented: two days, two rooms, 22 talks, 1,200 posts by 120 people in six languages. Fake servers on \
this machine speak it in Mastodon's and X's own wire formats, with dropped connections, duplicates and silences, and \
the product takes it from there exactly as it would from the real ones. Nothing leaves this machine.

Things to look at while it runs:
  the live page     open the printed address; posts arrive by themselves
  the programme     what was said in each talk, and when
  a talk's page     the conversation that went with it, and under each post why it stands there
  the second day    a talk runs over, two swap, two change rooms, one is called off: posts follow
  behind the scenes with the owner's link: what is on stage, and the posts that no rule could file

One clock drives posts, schedule and pages: 20 times as fast as life, with the night skipped. Ctrl-C stops it, the next \
start goes on from there, and --restart begins anew.";

/// Gathers what a conference says about itself on many networks, shows it live and keeps it by talk.
#[derive(Debug, Parser)]
#[command(name = "perihelion", version, after_help = FIRST_STEPS, disable_help_subcommand = true)]
pub(crate) struct Cli {
    /// The settings file; without it perihelion.toml is read if it exists
    #[arg(long, global = true, value_name = "FILE", env = "PERIHELION_CONFIG")]
    pub(crate) config: Option<PathBuf>,

    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Play an invented conference into the real product and print the address to open
    Demo(DemoArgs),
    /// Run everything in one process, on embedded stores unless the settings name servers
    Up(UpArgs),
    /// Run the ingest daemon: sources in, ledger and Redis tail out (needs Redis)
    Nozzle,
    /// Run the fan-out daemon: WebSocket, server-sent events, long poll (needs Redis)
    Halley,
    /// One of the processes that `halley` starts when halley.workers is above 1
    #[command(name = HALLEY_WORKER, hide = true)]
    HalleyWorker(WorkerArgs),
    /// Run the archiving daemon (needs Redis)
    Strainer,
    /// Run the pages (needs Redis)
    Site,
    /// Keep the processes of supervisor.toml running: sockets, restarts, limits, logs
    #[command(after_help = SUPERVISE)]
    Supervise(SuperviseArgs),
    /// Ask the supervisor: what runs; start, stop, restart, reload; logs
    Ctl(CtlArgs),
    /// What the supervisor starts first in each process
    #[command(name = LAUNCH, hide = true)]
    Launch(LaunchArgs),
    /// Print the settings in force and where each came from, and test the servers
    Check(CheckArgs),
    /// Events: apply a file, list, show, end, archive, rename, delete
    #[command(subcommand)]
    Event(EventCommand),
    /// Schedules: import one by hand; try how posts would be filed
    #[command(subcommand)]
    Schedule(ScheduleCommand),
    /// Filing: how often the rules are right, on invented posts
    #[command(subcommand)]
    Filing(FilingCommand),
    /// Posts: what is held or hidden; show, hide, remove; how much one person may write
    #[command(subcommand, after_help = MODERATE)]
    Moderate(ModerateCommand),
    /// People who sign in behind the scenes: add, reset, list
    #[command(subcommand)]
    User(UserCommand),
    /// Build a new ledger from Redis and the archive after the old one was lost
    Recover(RecoverArgs),
    /// The archive: rebuild it from the ledger
    #[command(subcommand)]
    Archive(ArchiveCommand),
    /// Copy everything that is kept into a directory or a file, while it runs
    Backup(BackupArgs),
    /// Put a backup into an empty data directory
    Restore(RestoreArgs),
    /// Write an event's public items to standard output, one JSON object per line
    Export(EventName),
}

#[derive(Debug, Args)]
pub(crate) struct WorkerArgs {
    /// Which worker this is, and of how many: 2/4
    pub(crate) seat: Seat,
}

#[derive(Clone, Debug, Args)]
#[command(after_help = DEMO)]
pub(crate) struct DemoArgs {
    /// How many times as fast as life, from 0.1 to 500
    #[arg(long, default_value_t = 20.0, value_name = "TIMES", value_parser = speed)]
    pub(crate) speed: f64,
    /// The port of the pages; without it the first free one from 8080
    #[arg(long)]
    pub(crate) port: Option<u16>,
    /// Where the demo keeps its data: an earlier demo's directory, or an empty one
    #[arg(long, value_name = "DIR", default_value = DEMO_DIR)]
    pub(crate) data_dir: PathBuf,
    /// Begin anew instead of going on where the last run stopped
    #[arg(long)]
    pub(crate) restart: bool,
}

impl DemoArgs {
    /// Whether the directory need not be named to find it again.
    pub(crate) fn is_usual_dir(&self) -> bool {
        self.data_dir == Path::new(DEMO_DIR)
    }
}

fn speed(text: &str) -> Result<f64, String> {
    let speed: f64 = text.parse().map_err(|_| "a number is wanted, such as 20".to_owned())?;
    if (0.1..=500.0).contains(&speed) { Ok(speed) } else { Err("it must lie between 0.1 and 500".to_owned()) }
}

#[derive(Debug, Args)]
pub(crate) struct UpArgs {
    /// Apply this event.toml first
    #[arg(long, value_name = "FILE")]
    pub(crate) event: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum EventCommand {
    /// Create or change the event that a file describes
    Apply(ApplyArgs),
    /// List the events of this data directory
    List,
    /// Print one event's event.toml, as `event apply` takes it; beside it, to standard error, its log position, the addresses of its hooks and how its
    /// sources are doing
    Show(ShowArgs),
    /// Make a secret for a hook, to be shared with its sender
    Secret,
    #[command(flatten)]
    Life(LifeCommand),
}

#[derive(Debug, Args)]
pub(crate) struct ApplyArgs {
    /// The event.toml
    pub(crate) file: PathBuf,
    /// The slug that the event had before: it is renamed, and its old addresses lead to the new ones
    #[arg(long, value_name = "SLUG")]
    pub(crate) rename_from: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// The event's slug
    pub(crate) event: String,
    /// Print how its sources are doing as JSON, and nothing else
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// Test these event files too, without applying them
    #[arg(long = "event", value_name = "FILE")]
    pub(crate) events: Vec<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ScheduleCommand {
    /// Import a schedule from a file or an address, after saying what it changes
    Import(ImportArgs),
    /// File posts of a file offline: which talk each is about, how sure that is, and why
    Try(TryArgs),
}

#[derive(Debug, Subcommand)]
pub(crate) enum ModerateCommand {
    /// List held and hidden posts, the newest last: who, when, why, and the words
    List(ListArgs),
    /// Show posts that are held or were hidden
    Show(SomePosts),
    /// Take posts from the public; `show` brings them back
    Hide(SomePosts),
    /// Erase posts for good, here and in the archive
    Remove(RemoveArgs),
    /// Tell who had a post hidden or removed, and when it was gone from where
    Receipt(ReceiptArgs),
    /// Set how much one person may write on the page, or whether at all
    Limit(LimitArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// The event's slug
    pub(crate) event: String,
    /// List all of them, not only the newest 50
    #[arg(long)]
    pub(crate) all: bool,
    /// Print one JSON object per line, with every word
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SomePosts {
    /// The event's slug
    pub(crate) event: String,
    /// The posts: ids, beginnings of ids, or addresses of their pages
    #[arg(required = true, value_name = "POST")]
    pub(crate) ids: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct RemoveArgs {
    #[command(flatten)]
    pub(crate) posts: SomePosts,
    /// Say that it was removed for legal reasons
    #[arg(long)]
    pub(crate) law: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ReceiptArgs {
    /// The event's slug
    pub(crate) event: String,
    /// The post: its id, or the address of its page
    #[arg(value_name = "POST")]
    pub(crate) id: String,
    /// Print the receipts as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct LimitArgs {
    /// The event's slug
    pub(crate) event: String,
    /// Who: the id behind `person:` in `moderate list`
    pub(crate) person: String,
    /// Posts at once; 0: they may not write
    #[arg(long, value_name = "N", required_unless_present_any = ["per_minute", "reset"])]
    pub(crate) burst: Option<u32>,
    /// Posts that come back each minute
    #[arg(long, value_name = "X")]
    pub(crate) per_minute: Option<f64>,
    /// Give them the event's numbers again
    #[arg(long, conflicts_with_all = ["burst", "per_minute"])]
    pub(crate) reset: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ArchiveCommand {
    /// Throw the archive's rows of an event away and fold its ledger again from zero
    Rebuild(EventName),
}

#[derive(Debug, Args)]
pub(crate) struct EventName {
    /// The event's slug
    pub(crate) event: String,
}

#[derive(Debug, Args)]
pub(crate) struct RecoverArgs {
    /// The event's slug
    pub(crate) event: String,
    /// Go on although the tail in Redis is gone, with what the archive holds
    #[arg(long)]
    pub(crate) without_tail: bool,
    /// Go on although the archive is gone, with what Redis holds
    #[arg(long)]
    pub(crate) without_archive: bool,
    /// Go on although entries between archive and tail are lost for good
    #[arg(long)]
    pub(crate) accept_gap: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn config_may_stand_before_or_after_the_command() {
        for line in
            [["perihelion", "--config", "x.toml", "check"], ["perihelion", "check", "--config", "x.toml"]]
        {
            assert_eq!(Cli::parse_from(line).config, Some(PathBuf::from("x.toml")));
        }
    }
}
