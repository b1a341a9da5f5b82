//! The command line of filing: `schedule try` files posts without an event, `filing bench` measures the rules.

use std::path::PathBuf;

use clap::{Args, Subcommand};

const TRY: &str = "\
Each line of the posts is a JSON object; only id, posted_at and text matter much, everything may be absent:

  {\"id\":\"41\",\"posted_at\":\"2026-06-01T10:07:12+02:00\",\"source\":\"mastodon\",\"author\":{\"handle\":\"@ada@pub.example\",\
\"name\":\"Ada\"},\"text\":\"that borrow checker story #rustfest\",\"reply_to\":null,\"links\":[],\"tags\":[\"rustfest\"],\"lang\":\"en\"}

Each is filed with what the lines before it say, and answered by one line; talk is set when the post is filed, and a guess \
stands beside it:

  {\"id\":\"41\",\"talk\":\"b7c1...\",\"state\":\"filed\",\"score\":0.93,\"reasons\":[\"...\"]}
  {\"id\":\"42\",\"talk\":null,\"state\":\"suggested\",\"score\":0.55,\"reasons\":[\"...\"],\"suggestion\":\"b7c1...\"}

A talk is named by its guid as the file has it, else by its code, else by its id.

  perihelion schedule try schedule.xml posts.ndjson
  perihelion schedule try schedule.json posts.ndjson --event event.toml --handles handles.csv
  tail -F posts.ndjson | perihelion schedule try schedule.xml - --stage stage.csv
  perihelion schedule try schedule.xml posts.ndjson --labels labels.ndjson > filed.ndjson

Exit codes: 0 all lines were read; 1 some could not be, each told with its number; 2 asked wrongly.";

const BENCH: &str = "\
The posts are invented by a seeded generator that knows schedules and people, and nothing of the rules: who names a speaker, \
who quotes half a sentence, who answers, who sits in which room, who is early, late, or talks about lunch. So are their labels. \
Each baseline is let off as many posts as the rules are sure of (equal coverage), the surest first.

  perihelion filing bench                              the demo's own schedule
  perihelion filing bench --schedules ~/schedules      and every schedule in a directory
  perihelion filing bench --seed 7 --posts 20000       other posts, more of them
  perihelion filing bench --keep posts                 and keep them, for schedule try and for your own eyes

Exit codes: 0 every aim is met; 1 one is missed; 2 asked wrongly.";

/// `perihelion schedule try`.
#[derive(Debug, Args)]
#[command(after_help = TRY)]
pub(crate) struct TryArgs {
    /// The schedule's file, in any format that can be imported
    pub(crate) schedule: PathBuf,
    /// The posts, one JSON object per line, sorted by time; - reads standard input
    pub(crate) posts: PathBuf,
    /// The event.toml: hashtags, rooms with their tags, time zone
    #[arg(long, value_name = "FILE")]
    pub(crate) event: Option<PathBuf>,
    /// CSV of talk,handle: who speaks under which handle
    #[arg(long, value_name = "FILE")]
    pub(crate) handles: Option<PathBuf>,
    /// What was really on: lines of {"room","talk","since"} as JSON or CSV
    #[arg(long, value_name = "FILE")]
    pub(crate) stage: Option<PathBuf>,
    /// What is right: lines of {"id","talk","kind"}; precision, coverage and mistakes go to standard error
    #[arg(long, value_name = "FILE")]
    pub(crate) labels: Option<PathBuf>,
}

/// `perihelion filing`.
#[derive(Debug, Subcommand)]
pub(crate) enum FilingCommand {
    /// File invented posts about real schedules, beside three baselines, and say how often each is right
    Bench(BenchArgs),
}

/// `perihelion filing bench`.
#[derive(Debug, Args)]
#[command(after_help = BENCH)]
pub(crate) struct BenchArgs {
    /// Take every schedule in this directory and those below it, too
    #[arg(long, value_name = "DIR")]
    pub(crate) schedules: Option<PathBuf>,
    /// Posts for each schedule
    #[arg(long, value_name = "N", default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    pub(crate) posts: u32,
    /// What the posts are drawn from: the same seed, the same posts
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Write each schedule's posts, labels, presses, handles and event.toml below this directory, to be read or tried
    #[arg(long, value_name = "DIR")]
    pub(crate) keep: Option<PathBuf>,
    /// Print one JSON object instead of tables
    #[arg(long)]
    pub(crate) json: bool,
}
