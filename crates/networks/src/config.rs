//! Settings of the stand-alone runner: one JSON file, several networks.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use crate::{Error, Faults, Happening, Journal, Matching, Options, Pace, Protocol, Script, Timed, rtweet};

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The networks to run.
    pub networks: Vec<NetworkSettings>,
}

/// One network.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkSettings {
    /// Which wire format.
    pub protocol: Protocol,
    /// Where to listen; a free loopback port when absent.
    pub listen: Option<SocketAddr>,
    /// Bearer token to ask for.
    pub token: Option<String>,
    /// Which posts match.
    #[serde(default)]
    pub matching: Matching,
    /// An archive to speak (see [`rtweet`]).
    pub rtweet: Option<PathBuf>,
    /// Or a file of [`Timed`] happenings, one JSON object a line.
    pub script: Option<PathBuf>,
    /// Pace; the default is as fast as it is read.
    pub pace: Option<Pace>,
    /// Spread evenly over so many seconds (then `pace` does not count).
    pub spread_seconds: Option<f64>,
    /// Faults.
    #[serde(default)]
    pub faults: Faults,
    /// File of the journal; kept in memory when absent.
    pub journal: Option<PathBuf>,
    /// REST calls in a rate-limit window.
    pub calls_max: Option<u32>,
}

impl Settings {
    /// Reads the file.
    ///
    /// # Errors
    /// When it cannot be read or has unknown keys.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(Error::io(format!("read {}", path.display())))?;
        serde_json::from_str(&text).map_err(|e| Error::BadSettings(e.to_string()))
    }
}

impl NetworkSettings {
    /// Reads the posts and makes the options.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn options(&self) -> Result<Options, Error> {
        let happenings = match (&self.rtweet, &self.script) {
            (Some(path), None) => Script::as_read(rtweet::load(path)?).happenings,
            (None, Some(path)) => timed(path)?,
            _ => return Err(Error::BadSettings("exactly one of rtweet and script must be given".into())),
        };
        let script = Script { happenings, pace: self.pace.unwrap_or(Pace::AsRead) };
        let script = match self.spread_seconds {
            Some(seconds) => script.spread_over(Duration::from_secs_f64(seconds.clamp(0.0, 86_400.0))),
            None => script,
        };
        let mut options =
            Options::new(self.protocol, script).matching(self.matching).faults(self.faults.clone());
        if let Some(listen) = self.listen {
            options = options.listen(listen);
        }
        if let Some(token) = &self.token {
            options = options.token(token);
        }
        if let Some(calls_max) = self.calls_max {
            options = options.calls_max(calls_max);
        }
        Ok(match &self.journal {
            Some(path) => options.journal(Journal::file(path)?),
            None => options,
        })
    }
}

/// Reads a script: a [`Timed`] a line, or a bare [`Happening`].
///
/// # Errors
/// When the file cannot be read or a line is neither.
pub fn timed(path: &Path) -> Result<Vec<Timed>, Error> {
    let text = std::fs::read_to_string(path).map_err(Error::io(format!("read {}", path.display())))?;
    let mut out = Vec::new();
    for (n, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let bare = || serde_json::from_str::<Happening>(line).map(|what| Timed { after_ms: 0, what });
        let bad =
            |e: serde_json::Error| Error::BadLine { path: path.to_owned(), line: n + 1, why: e.to_string() };
        out.push(serde_json::from_str::<Timed>(line).or_else(|_| bare()).map_err(bad)?);
    }
    Ok(out)
}
