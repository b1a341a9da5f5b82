//! What the kernel says that processes have cost: processor time and memory.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use nix::unistd::{SysconfVar, sysconf};

/// User and system time of these processes and of their children that have ended, as `/proc/PID/stat` tells it: in ticks.
pub(crate) fn cpu(pids: &[u32]) -> anyhow::Result<Duration> {
    let mut ticks = 0;
    for pid in pids {
        let path = format!("/proc/{pid}/stat");
        let stat =
            std::fs::read_to_string(&path).with_context(|| format!("{path}: the process has ended"))?;
        ticks += ticks_of(&stat).with_context(|| format!("{path} reads otherwise than proc(5) says"))?;
    }
    Ok(tick()? * u32::try_from(ticks)?)
}

/// How exact [`cpu`] is.
pub(crate) fn tick() -> anyhow::Result<Duration> {
    let hertz = sysconf(SysconfVar::CLK_TCK)?.context("the kernel does not tell its ticks")?;
    ensure!(hertz > 0, "{hertz} ticks a second");
    Ok(Duration::from_secs(1) / u32::try_from(hertz)?)
}

/// utime, stime, cutime and cstime: the 14th to the 17th field; the second may hold anything, blanks and brackets too.
fn ticks_of(stat: &str) -> Option<u64> {
    let (_, behind) = stat.rsplit_once(") ")?;
    let fields: Vec<u64> = behind.split(' ').skip(11).take(4).map_while(|field| field.parse().ok()).collect();
    (fields.len() == 4).then(|| fields.iter().sum())
}

/// Memory of these processes in bytes: private pages, and of shared ones their share.
pub(crate) fn pss(pids: &[u32]) -> anyhow::Result<u64> {
    let mut bytes = 0;
    for pid in pids {
        let path = format!("/proc/{pid}/smaps_rollup");
        let text = std::fs::read_to_string(&path).with_context(|| path.clone())?;
        bytes += pss_of(&text).with_context(|| format!("{path} has no Pss line"))?;
    }
    Ok(bytes)
}

fn pss_of(rollup: &str) -> Option<u64> {
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

/// The load average over the last minute, which tells whether something else ran here.
pub(crate) fn load() -> f64 {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().and_then(|word| word.parse().ok()).unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_found_behind_any_name() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 100 0 0 0 11 22 3 4 20 0 1 0 5 6 7";
        assert_eq!(ticks_of(stat), Some(40));
        assert_eq!(ticks_of("7 (a) S 1 7"), None);
        assert_eq!(ticks_of("nonsense"), None);
    }

    #[test]
    fn our_own_cost_is_told() {
        let own = [std::process::id()];
        let before = cpu(&own).expect("told");
        let until = std::time::Instant::now() + 4 * tick().expect("told");
        while std::time::Instant::now() < until {
            std::hint::black_box(pss(&own).expect("told"));
        }
        assert!(cpu(&own).expect("told") > before);
        assert!(pss(&own).expect("told") > 100_000);
        assert_eq!(pss_of("Rss:  9 kB\nPss:   12 kB\nPss_Anon: 3 kB\n"), Some(12 * 1024));
        assert!(cpu(&[u32::MAX]).is_err());
    }
}
