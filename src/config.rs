//! The settings of `perihelion.toml`: one struct per section, each in its own file with every key's
//! meaning, default and unit. Order of precedence: environment, file, default. Nothing is read from a global
//! later; what a part needs is handed to it by `wiring`.

mod archive;
mod file;
mod halley;
mod http;
mod kinds;
mod live;
mod nozzle;
mod secret;
mod settings;
mod site;
mod strainer;

use std::path::{Path, PathBuf};

pub(crate) use archive::{ArchiveConfig, ArchiveUrl};
pub(crate) use halley::HalleyConfig;
pub(crate) use http::HttpConfig;
pub(crate) use live::{LiveConfig, LiveUrl};
pub(crate) use nozzle::NozzleConfig;
pub(crate) use secret::SecretUrl;
pub(crate) use settings::{Effective, Problem};
pub(crate) use site::{SiteConfig, reachable};
pub(crate) use strainer::StrainerConfig;

use chassis::Secret;
use settings::Settings;

use crate::bounded;

/// The file that is read when `--config` is not given.
pub(crate) const DEFAULT_FILE: &str = "perihelion.toml";
/// Longest settings file, in bytes.
const FILE_BYTES_MAX: u64 = 64 * 1024;

/// Every setting of a process, checked.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    /// Where ledgers, the embedded archive, tokens and caches live. Key `data_dir`, default `data`.
    pub(crate) data_dir: PathBuf,
    pub(crate) live: LiveConfig,
    pub(crate) archive: ArchiveConfig,
    pub(crate) http: HttpConfig,
    pub(crate) site: SiteConfig,
    pub(crate) halley: HalleyConfig,
    pub(crate) nozzle: NozzleConfig,
    pub(crate) strainer: StrainerConfig,
    /// What is in force and where each value came from, for `perihelion check`.
    pub(crate) effective: Vec<Effective>,
    /// The file that was read, or would be read if it existed.
    pub(crate) file: ConfigFile,
    /// What it said, for processes that must not read it anew; it may hold passwords.
    pub(crate) text: Secret<String>,
}

/// Which file the settings came from.
#[derive(Debug, Clone)]
pub(crate) struct ConfigFile {
    pub(crate) path: PathBuf,
    /// False when it does not exist and nobody asked for it by name.
    pub(crate) was_read: bool,
}

/// Reads the settings from `asked` (or [`DEFAULT_FILE`], which may be absent) and the environment.
/// All problems are reported at once.
pub(crate) fn load(asked: Option<&Path>) -> Result<Config, Vec<Problem>> {
    let path = asked.unwrap_or(Path::new(DEFAULT_FILE)).to_path_buf();
    let text = match bounded::read_text(&path, FILE_BYTES_MAX) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && asked.is_none() => None,
        Err(error) => return Err(vec![Problem::new(format!("cannot read {}: {error}", path.display()))]),
    };
    let file = ConfigFile { path, was_read: text.is_some() };
    read(text.as_deref().unwrap_or_default(), environment(), file)
}

/// Settings from a file that another process has read, and the environment, which is the same.
pub(crate) fn handed(text: &Secret<String>, path: Option<&Path>) -> Result<Config, Vec<Problem>> {
    let path = path.unwrap_or(Path::new(DEFAULT_FILE)).to_path_buf();
    read(text.expose(), environment(), ConfigFile { path, was_read: true })
}

fn environment() -> Vec<(String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| name.starts_with(settings::ENV_PREFIX))
        .collect()
}

/// Settings from a text alone, without file and environment: for the demo, which writes its own.
pub(crate) fn of_text(text: &str) -> Result<Config, Vec<Problem>> {
    read(text, Vec::new(), ConfigFile { path: DEFAULT_FILE.into(), was_read: false })
}

fn read(text: &str, environment: Vec<(String, String)>, file: ConfigFile) -> Result<Config, Vec<Problem>> {
    let mut settings = Settings::new(file::parse(text)?, environment);
    let data_dir = settings.take("data_dir", kinds::FilePath, "data");
    let live = LiveConfig::read(&mut settings);
    let archive = ArchiveConfig::read(&mut settings);
    let http = HttpConfig::read(&mut settings);
    let site = SiteConfig::read(&mut settings);
    let halley = HalleyConfig::read(&mut settings);
    let nozzle = NozzleConfig::read(&mut settings);
    let strainer = StrainerConfig::read(&mut settings);
    let effective = settings.finish()?;
    let text = Secret::new(text.to_owned());
    Ok(Config { data_dir, live, archive, http, site, halley, nozzle, strainer, effective, file, text })
}

#[cfg(test)]
mod tests;
