//! `perihelion ctl`: asks the supervisor that runs, and waits until what was asked is done.

mod print;

use std::time::Duration;

use crate::cli::{CtlArgs, CtlCommand, LogsArgs, Names};
use crate::config::Config;
use crate::failure::Failure;
use crate::supervise::client::{Client, Error};
use crate::supervise::status::{TaskOutcome, TaskStatus};
use crate::supervise::wire::{LogsRequest, Request};

/// How often a task is looked at, and a log that is followed.
const LOOK_EVERY: Duration = Duration::from_millis(100);
const FOLLOW_EVERY: Duration = Duration::from_millis(500);

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(why) => Self::Asked(why),
            other => Self::Could(other.into()),
        }
    }
}

/// Asks one thing.
pub(crate) async fn run(config: &Config, args: &CtlArgs) -> Result<(), Failure> {
    let socket = args.socket.clone().unwrap_or_else(|| Client::socket_in(&config.data_dir));
    let client = Client::at(socket);
    let json = args.json;
    match &args.command {
        CtlCommand::Status => {
            let status = client.status().await?;
            print::status(&status, json);
        }
        CtlCommand::Start(names) => {
            act(&client, names, json, |process| Request::Start { process }).await?;
        }
        CtlCommand::Stop(names) => {
            act(&client, names, json, |process| Request::Stop { process }).await?;
        }
        CtlCommand::Restart(args) => {
            let rolling = args.rolling;
            act(&client, &args.names, json, |process| Request::Restart { process, rolling }).await?;
        }
        CtlCommand::Reload => print::reloaded(&client.reload().await?, json),
        CtlCommand::Logs(args) => logs(&client, args, json).await?,
    }
    Ok(())
}

/// One process after the other, so that a rolling restart of all is one of each at a time.
async fn act(
    client: &Client,
    names: &Names,
    json: bool,
    request: impl Fn(String) -> Request,
) -> Result<(), Failure> {
    for name in &names.names {
        let task = client.act(&request(name.clone())).await?;
        if names.no_wait {
            continue;
        }
        let done = finish(client, name, task, json).await?;
        print::task(name, &done, json);
        if done.outcome == TaskOutcome::Failed {
            return Err(Failure::Could(anyhow::anyhow!("{name}: {} failed: {}", done.what, done.says)));
        }
    }
    Ok(())
}

/// Waits until the task is over, and says on the way how far it is.
async fn finish(client: &Client, name: &str, id: u64, json: bool) -> Result<TaskStatus, Failure> {
    let mut said = String::new();
    loop {
        let status = client.status().await?;
        let process = status.processes.into_iter().find(|process| process.name == name);
        let task = process.and_then(|process| process.task).filter(|task| task.id == id);
        let Some(task) = task else {
            return Err(Failure::Could(anyhow::anyhow!(
                "{name}: somebody has asked for something else meanwhile"
            )));
        };
        if task.outcome != TaskOutcome::Doing {
            return Ok(task);
        }
        if !json && task.says != said {
            eprintln!("{name}: {}: {}", task.what, task.says);
            said.clone_from(&task.says);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn logs(client: &Client, args: &LogsArgs, json: bool) -> Result<(), Failure> {
    let mut request =
        LogsRequest { process: args.name.clone(), instance: args.instance, lines: args.lines, after: None };
    loop {
        let lines = client.logs(request.clone()).await?;
        print::logs(&lines, args.instance.is_none(), json);
        if !args.follow {
            return Ok(());
        }
        request.after = Some(lines.next);
        request.lines = crate::supervise::wire::LINES_MAX;
        tokio::time::sleep(FOLLOW_EVERY).await;
    }
}
