//! How often the live store was asked: from the server's own count of commands.

use std::collections::BTreeMap;

use anyhow::Context as _;

/// Calls of each command since the server's start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Calls(BTreeMap<String, u64>);

impl Calls {
    /// As they stand now.
    pub(super) async fn of(redis: &testkit::Redis) -> anyhow::Result<Self> {
        let said =
            redis.command(&["INFO", "commandstats"]).await.context("asking Redis what it was asked")?;
        Ok(Self::read(&said.text()))
    }

    /// `cmdstat_NAME:calls=N,...`, a line each.
    fn read(said: &str) -> Self {
        let line = |line: &str| {
            let (name, rest) = line.strip_prefix("cmdstat_")?.split_once(":calls=")?;
            Some((name.to_owned(), rest.split(',').next()?.parse().ok()?))
        };
        Self(said.lines().filter_map(line).collect())
    }

    /// What was called since `before`.
    pub(super) fn since(&self, before: &Self) -> Self {
        let count = |(name, calls): (&String, &u64)| (name.clone(), calls - before.0.get(name).unwrap_or(&0));
        Self(self.0.iter().map(count).filter(|(_, calls)| *calls > 0).collect())
    }

    /// Reads of entries: the read script fetches them with one LRANGE, and nothing else in it or in the push script uses that.
    /// The looks once a second that find nothing new are not among them.
    pub(super) fn of_entries(&self) -> u64 {
        self.0.get("lrange").copied().unwrap_or(0)
    }

    /// All scripts: reads with something to fetch, looks that find nothing, and the writer's pushes and heartbeats.
    pub(super) fn of_scripts(&self) -> u64 {
        ["evalsha", "eval", "evalsha_ro", "fcall"].iter().filter_map(|name| self.0.get(*name)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_counted_between_two_looks() {
        let before = Calls::read("# Commandstats\r\ncmdstat_lrange:calls=3,usec=9,usec_per_call=3.00\r\n");
        let after = Calls::read(
            "cmdstat_lrange:calls=5,usec=9\r\ncmdstat_evalsha:calls=7,usec=1\r\ncmdstat_config|get:calls=1,usec=1\r\n",
        );
        let since = after.since(&before);
        assert_eq!((since.of_entries(), since.of_scripts()), (2, 7));
        assert_eq!(after.since(&after), Calls::default());
    }
}
