//! Asking Redis to write its files anew. An entry that was overwritten in memory is still in the append-only file, as the
//! command that once brought it, and in the last snapshot, until the server makes new ones.

use super::client::{Client, Reply};
use crate::Error;
use bytes::Bytes;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How often the server is asked whether it is done.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Longest wait for one file: a server of many gigabytes.
const FILE_WAIT_MAX: Duration = Duration::from_secs(300);
/// How often a rewrite is asked for that another one, begun earlier, is in the way of.
const TRIES_MAX: usize = 3;

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rewritten {
    /// Everything that the server keeps on its disk was written after we asked.
    Done,
    /// It keeps nothing on its disk.
    NothingKept,
    /// It does not let us: another program or a provider looks after its files.
    Refused,
}

/// One of the two files.
struct File {
    ask: (&'static str, Option<&'static str>),
    /// Fields of `INFO persistence` that read 1 while it is being written or waits for it.
    busy: [&'static str; 2],
    /// The field that tells how the last attempt went.
    went: &'static str,
}

const LOG: File = File {
    ask: ("BGREWRITEAOF", None),
    busy: ["aof_rewrite_in_progress", "aof_rewrite_scheduled"],
    went: "aof_last_bgrewrite_status",
};
const SNAPSHOT: File = File {
    ask: ("BGSAVE", Some("SCHEDULE")),
    busy: ["rdb_bgsave_in_progress", "rdb_bgsave_scheduled"],
    went: "rdb_last_bgsave_status",
};

/// Has the server write anew what it keeps, and waits until it has. `key` tells a cluster where.
pub(super) async fn rewrite(client: &dyn Client, key: &str) -> Result<Rewritten, Error> {
    let facts = Facts::ask(client, key).await?;
    let mut kept = Vec::new();
    if facts.is("aof_enabled", "1") {
        kept.push(&LOG);
    }
    if !facts.is("rdb_saves", "0") || takes_snapshots(client, key).await {
        kept.push(&SNAPSHOT);
    }
    if kept.is_empty() {
        return Ok(Rewritten::NothingKept);
    }
    for file in kept {
        if !write(client, key, file).await? {
            return Ok(Rewritten::Refused);
        }
    }
    Ok(Rewritten::Done)
}

/// Whether it is set up to take snapshots now and then; one that does not say may be.
async fn takes_snapshots(client: &dyn Client, key: &str) -> bool {
    let said = client.call("CONFIG", key, vec!["GET".into(), "save".into()]).await;
    match said.and_then(Reply::list) {
        Ok(pair) => !matches!(pair.get(1), Some(Reply::Text(points)) if points.is_empty()),
        Err(_) => true,
    }
}

/// False when the server does not let us.
async fn write(client: &dyn Client, key: &str, file: &File) -> Result<bool, Error> {
    let (command, argument) = file.ask;
    for _ in 0..TRIES_MAX {
        let arguments: Vec<Bytes> = argument.map(Bytes::from).into_iter().collect();
        match client.call(command, key, arguments).await {
            Ok(_) => return finished(client, key, file).await,
            // It began before we asked, and holds what was there then.
            Err(Error::Redis(why)) if why.contains("in progress") => drop(finished(client, key, file).await?),
            Err(Error::Redis(why)) if is_refusal(&why) => return Ok(false),
            Err(error) => return Err(error),
        }
    }
    Err(Error::Redis("another rewrite of its files is always under way".to_owned()))
}

fn is_refusal(why: &str) -> bool {
    ["NOPERM", "unknown command", "not allowed", "disabled"].iter().any(|word| why.contains(word))
}

async fn finished(client: &dyn Client, key: &str, file: &File) -> Result<bool, Error> {
    let deadline = Instant::now() + FILE_WAIT_MAX;
    loop {
        sleep(LOOK_EVERY).await;
        let facts = Facts::ask(client, key).await?;
        if !file.busy.iter().any(|field| facts.is(field, "1")) {
            let went = facts.is(file.went, "ok");
            return if went { Ok(true) } else { Err(Error::Redis("it cannot write its files".to_owned())) };
        }
        if Instant::now() > deadline {
            return Err(Error::Redis("writing its files anew takes too long".to_owned()));
        }
    }
}

/// What a server says of its files.
struct Facts(String);

impl Facts {
    async fn ask(client: &dyn Client, key: &str) -> Result<Self, Error> {
        Ok(Self(client.call("INFO", key, vec!["persistence".into()]).await?.text()?))
    }

    fn is(&self, field: &str, value: &str) -> bool {
        let found = self.0.lines().find_map(|line| line.trim().strip_prefix(field)?.strip_prefix(':'));
        found == Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_read_whole_by_whole_names() {
        let facts =
            Facts("# Persistence\r\naof_enabled:1\r\nrdb_saves:10\r\nrdb_last_bgsave_status:ok\r\n".into());
        assert!(facts.is("aof_enabled", "1") && facts.is("rdb_last_bgsave_status", "ok"));
        assert!(
            !facts.is("rdb_saves", "1") && !facts.is("aof", "1") && !facts.is("rdb_bgsave_in_progress", "1")
        );
        assert!(is_refusal("NOPERM this user has no permissions to run the 'bgsave' command"));
        assert!(is_refusal("ERR unknown command 'BGREWRITEAOF'") && !is_refusal("LOADING"));
    }
}
