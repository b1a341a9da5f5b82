//! The command line of schedules by hand: `schedule import`.

use clap::Args;

const IMPORT: &str = "\
The whole file is read first: one that cannot be read changes nothing at all. What it changes is said before it is changed, talk \
by talk, with the posts that move; --dry-run stops there. Talks are recognised by guid, code or id, by title and speaker, so a \
talk that moves keeps its conversation. A version that lacks most of the talks is refused once, and believed when it comes again.

A file in which a talk ends before it starts, is in a zone that nobody knows or starts at a time that clocks skip is refused with \
each place; --anyway imports the rest, and talks that are known stay as they were.

  perihelion schedule import rustfest schedule.json --dry-run
  perihelion schedule import rustfest https://rustfest.example/schedule.xml
  perihelion schedule import schedule.ics --event rustfest --handles handles.csv

Handles are lines of talk,handle: the talk by guid, code, id or title, and under which handle somebody speaks there; a third \
column, speaker, says who. They stay when another version is imported.

Exit codes: 0 imported, or nothing had to change; 1 it could not be done; 2 asked wrongly, a bad file, or a version that is not \
believed.";

/// `perihelion schedule import`.
#[derive(Debug, Args)]
#[command(after_help = IMPORT, override_usage = "perihelion schedule import [OPTIONS] [EVENT] <FILE|URL>")]
pub(crate) struct ImportArgs {
    /// The event's slug (or --event), then the schedule's file or address
    #[arg(required = true, num_args = 1..=2, value_name = "EVENT> <FILE|URL")]
    names: Vec<String>,
    /// The event's slug; not needed where the data directory holds one event only
    #[arg(long, value_name = "SLUG")]
    event: Option<String>,
    /// Say what would change, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Import the file although some of its talks cannot be as they stand there
    #[arg(long)]
    pub(crate) anyway: bool,
    /// CSV of talk,handle: who speaks under which handle
    #[arg(long, value_name = "FILE|URL")]
    pub(crate) handles: Option<String>,
    /// Print one JSON object, and nothing else
    #[arg(long)]
    pub(crate) json: bool,
}

impl ImportArgs {
    /// The event's slug, where one was said.
    ///
    /// # Errors
    /// When two were.
    pub(crate) fn event(&self) -> Result<Option<&str>, String> {
        match (&self.names[..], self.event.as_deref()) {
            ([first, _], Some(event)) if first != event => {
                Err(format!("two events are named, {first:?} and {event:?}; name one"))
            }
            ([first, _], _) => Ok(Some(first)),
            (_, event) => Ok(event),
        }
    }

    /// The schedule's path or address.
    pub(crate) fn place(&self) -> &str {
        self.names.last().expect("clap asks for one at least")
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use crate::cli::{Cli, Command, ScheduleCommand};

    fn read(line: &[&str]) -> (Result<Option<String>, String>, String) {
        let line = [&["perihelion", "schedule", "import"], line].concat();
        let Command::Schedule(ScheduleCommand::Import(args)) = Cli::parse_from(line).command else {
            panic!("another command")
        };
        (args.event().map(|event| event.map(str::to_owned)), args.place().to_owned())
    }

    #[test]
    fn the_event_stands_before_the_file_or_behind_its_option_or_nowhere() {
        assert_eq!(read(&["rustfest", "a.json"]), (Ok(Some("rustfest".into())), "a.json".into()));
        assert_eq!(read(&["a.json", "--event", "rustfest"]), (Ok(Some("rustfest".into())), "a.json".into()));
        assert_eq!(read(&["a.json"]), (Ok(None), "a.json".into()));
        assert!(read(&["one", "a.json", "--event", "two"]).0.is_err());
    }
}
