//! What each command does: one file per command. Parts are put together in `wiring`.

mod archive;
mod backup;
mod check;
mod ctl;
mod event;
mod export;
mod filing;
mod life;
mod moderate;
mod recover;
mod restore;
mod roles;
mod schedule;
mod schedule_try;
mod sources;
mod supervise;
mod user;

use crate::cli::{
    ArchiveCommand, Cli, Command, EventCommand, FilingCommand, ModerateCommand, ScheduleCommand,
};
use crate::config::{self, Config};
use crate::failure::Failure;
use crate::supervise::launch;
use crate::{demo, runtime};

/// Runs one command to its end.
pub(crate) fn run(cli: Cli) -> Result<(), Failure> {
    if let Command::Demo(args) = cli.command {
        return runtime::demo(|fate| demo::start(args, fate));
    }
    if let Command::Launch(args) = &cli.command {
        return Err(launch::launch(args));
    }
    if let Command::HalleyWorker(args) = cli.command {
        return roles::halley_worker(args.seat, cli.config.as_deref());
    }
    if let Command::Schedule(ScheduleCommand::Try(args)) = &cli.command {
        return schedule_try::run(args);
    }
    if let Command::Filing(FilingCommand::Bench(args)) = &cli.command {
        return filing::bench::run(args);
    }
    let config = config::load(cli.config.as_deref())?;
    let config = &config;
    match cli.command {
        Command::Demo(_) => unreachable!("the demo has settings of its own and was started above"),
        Command::HalleyWorker(_) => unreachable!("a worker is told its settings and was started above"),
        Command::Up(args) => runtime::daemon(|fate| roles::up(config, args, fate)),
        Command::Nozzle => runtime::daemon(|fate| roles::nozzle(config, fate)),
        Command::Halley => runtime::daemon(|fate| roles::halley(config, fate)),
        Command::Strainer => runtime::daemon(|fate| roles::strainer(config, fate)),
        Command::Site => runtime::daemon(|fate| roles::site(config, fate)),
        Command::Supervise(args) if args.check => supervise::check(config, &args),
        Command::Supervise(args) => {
            let file = cli.config.as_deref();
            runtime::supervisor(|fate| async move { supervise::run(config, file, &args, fate).await })
        }
        Command::Ctl(args) => runtime::command(ctl::run(config, &args)),
        Command::Launch(_) => unreachable!("it becomes another program above"),
        Command::Check(args) => runtime::command(check::run(config, &args.events)),
        Command::Event(EventCommand::Apply(args)) => runtime::command(event::apply(config, &args)),
        Command::Event(EventCommand::Life(command)) => runtime::command(life::run(config, &command)),
        Command::Event(EventCommand::List) => runtime::command(event::list(config)),
        Command::Event(EventCommand::Secret) => {
            event::secret();
            Ok(())
        }
        Command::Event(EventCommand::Show(name)) => {
            runtime::command(event::show(config, &name.event, name.json))
        }
        Command::Schedule(ScheduleCommand::Import(args)) => runtime::command(schedule::import(config, &args)),
        Command::Schedule(ScheduleCommand::Try(_)) => unreachable!("it needs no settings and was run above"),
        Command::Filing(_) => unreachable!("it needs no settings and was run above"),
        Command::Moderate(command) => runtime::command(moderate(config, &command)),
        Command::Export(name) => runtime::command(export::run(config, &name.event)),
        Command::Archive(ArchiveCommand::Rebuild(name)) => {
            runtime::command(archive::rebuild(config, &name.event))
        }
        Command::Backup(args) => runtime::command(backup::run(config, &args)),
        Command::Restore(args) => runtime::command(restore::run(config, &args)),
        Command::User(command) => runtime::command(user::run(config, &command)),
        Command::Recover(args) => runtime::command(recover::run(config, &args)),
    }
}

async fn moderate(config: &Config, command: &ModerateCommand) -> Result<(), Failure> {
    match command {
        ModerateCommand::List(args) => moderate::list(config, args).await,
        ModerateCommand::Show(args) => moderate::show(config, args).await,
        ModerateCommand::Hide(args) => moderate::hide(config, args).await,
        ModerateCommand::Remove(args) => moderate::remove(config, args).await,
        ModerateCommand::Receipt(args) => moderate::receipt(config, args).await,
        ModerateCommand::Limit(args) => moderate::limit(config, args).await,
    }
}
