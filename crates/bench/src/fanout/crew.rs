//! The generators of one run, as processes: more than one when there are more connections than a process may have files.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail};
use nix::sys::resource::{Resource, getrlimit};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command as Process};

use super::control::{Answer, Command, Connect, Connected, Report};
use super::subscriber::Manner;
use super::{GENERATOR, PART};

/// Files that a generator has open besides its connections, and some room.
const OTHER_FILES: u64 = 64;
/// What a generator may take beyond the wait that it was told.
const GRACE: Duration = Duration::from_secs(20);

/// See the module. Dropping it ends the generators.
pub(crate) struct Crew {
    members: Vec<Member>,
}

struct Member {
    child: Child,
    commands: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    connections: usize,
}

impl Crew {
    /// Starts as many generators as so many connections need, all on the same core when one is given.
    pub(crate) fn start(connections: usize, core: Option<usize>) -> anyhow::Result<Self> {
        let (_, files) = getrlimit(Resource::RLIMIT_NOFILE)?;
        let each = usize::try_from(files.saturating_sub(OTHER_FILES))?.max(1);
        let count = connections.div_ceil(each).max(1);
        let members = (0..count).map(|at| Member::start(core, share(connections, count, at)));
        Ok(Self { members: members.collect::<anyhow::Result<_>>()? })
    }

    /// Their processes.
    pub(crate) fn pids(&self) -> Vec<u32> {
        self.members.iter().filter_map(|member| member.child.id()).collect()
    }

    /// Opens all connections.
    pub(crate) async fn connect(
        &mut self,
        to: SocketAddr,
        manner: &Manner,
        wait: Duration,
    ) -> anyhow::Result<Connected> {
        for (at, member) in (0u8..).zip(&mut self.members) {
            let connect = Connect {
                to,
                manner: manner.clone(),
                connections: member.connections,
                from: Ipv4Addr::new(127, 0, at, 2),
                wait_ms: millis(wait),
            };
            member.tell(&Command::Connect(connect)).await?;
        }
        self.connected(wait).await
    }

    /// From now on, messages from `first` to `last` are looked for.
    pub(crate) async fn expect(&mut self, first: u64, last: u64) -> anyhow::Result<()> {
        self.order(|_| Command::Expect { first, last }).await
    }

    /// What was seen, as soon as everybody has everything or the wait is over.
    pub(crate) async fn report(&mut self, wait: Duration) -> anyhow::Result<Report> {
        for member in &mut self.members {
            member.tell(&Command::Report { wait_ms: millis(wait) }).await?;
        }
        let mut sum = Report::default();
        for member in &mut self.members {
            match member.hear(wait).await? {
                Answer::Report(report) => sum.add(&report),
                other => bail!("a generator answered {other:?}"),
            }
        }
        Ok(sum)
    }

    /// Lets so many connections read only now and then, or never (any more).
    pub(crate) async fn slow(&mut self, connections: usize, every: Option<Duration>) -> anyhow::Result<()> {
        let count = self.members.len();
        let every_ms = every.map(millis);
        self.order(|at| Command::Slow { connections: share(connections, count, at), every_ms }).await
    }

    /// Lets so many connections a second go and come back.
    pub(crate) async fn churn(&mut self, each_second: u32) -> anyhow::Result<()> {
        let (count, all) = (self.members.len(), each_second as usize);
        self.order(|at| Command::Churn { each_second: share(all, count, at) as u32 }).await
    }

    /// Lets so many connections go.
    pub(crate) async fn leave(&mut self, connections: usize) -> anyhow::Result<()> {
        let count = self.members.len();
        self.order(|at| Command::Leave { connections: share(connections, count, at) }).await
    }

    /// Lets those that went come back, all at once.
    pub(crate) async fn come_back(&mut self, wait: Duration) -> anyhow::Result<Connected> {
        for member in &mut self.members {
            member.tell(&Command::Return { wait_ms: millis(wait) }).await?;
        }
        self.connected(wait).await
    }

    /// Closes all connections and waits for the generators' end.
    pub(crate) async fn close(mut self) -> anyhow::Result<()> {
        self.order(|_| Command::Close).await?;
        for member in &mut self.members {
            let status = tokio::time::timeout(GRACE, member.child.wait())
                .await
                .context("a generator does not end")??;
            anyhow::ensure!(status.success(), "a generator ended with {status}");
        }
        Ok(())
    }

    async fn order(&mut self, command: impl Fn(usize) -> Command) -> anyhow::Result<()> {
        for (at, member) in self.members.iter_mut().enumerate() {
            member.tell(&command(at)).await?;
        }
        for member in &mut self.members {
            match member.hear(Duration::ZERO).await? {
                Answer::Done {} => {}
                other => bail!("a generator answered {other:?}"),
            }
        }
        Ok(())
    }

    async fn connected(&mut self, wait: Duration) -> anyhow::Result<Connected> {
        let mut sum = Connected::default();
        for member in &mut self.members {
            match member.hear(wait).await? {
                Answer::Connected(one) => sum.add(&one),
                other => bail!("a generator answered {other:?}"),
            }
        }
        Ok(sum)
    }
}

impl Member {
    fn start(core: Option<usize>, connections: usize) -> anyhow::Result<Self> {
        let mut child = Process::new(std::env::current_exe()?)
            .args([PART, GENERATOR])
            .args(core.map(|core| core.to_string()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("starting a generator")?;
        let commands = child.stdin.take().context("a generator without stdin")?;
        let answers = BufReader::new(child.stdout.take().context("a generator without stdout")?).lines();
        Ok(Self { child, commands, answers, connections })
    }

    async fn tell(&mut self, command: &Command) -> anyhow::Result<()> {
        let mut line = serde_json::to_vec(command)?;
        line.push(b'\n');
        self.commands.write_all(&line).await.context("a generator has ended")
    }

    async fn hear(&mut self, wait: Duration) -> anyhow::Result<Answer> {
        let line = tokio::time::timeout(wait + GRACE, self.answers.next_line()).await;
        let line = line.context("a generator does not answer")??.context("a generator has ended")?;
        Ok(serde_json::from_str(&line)?)
    }
}

/// Of so many, what falls to one of `count`.
fn share(all: usize, count: usize, at: usize) -> usize {
    all / count + usize::from(at < all % count)
}

fn millis(wait: Duration) -> u64 {
    u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up() {
        for (all, count) in [(10, 3), (2, 4), (30_000, 2), (0, 1)] {
            assert_eq!((0..count).map(|at| share(all, count, at)).sum::<usize>(), all);
        }
    }
}
