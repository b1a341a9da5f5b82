//! What a demo remembers in its data directory, so that a second start goes on where the first one stopped.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::{fs, io};

use serde::{Deserialize, Serialize};

use crate::failure::Failure;

/// The file in the data directory; its presence also says that the directory is a demo's.
const FILE: &str = "demo.json";

/// What is remembered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct State {
    /// Tells apart conferences of different versions of this program.
    pub(crate) edition: u64,
    /// Microseconds of the conference played so far.
    pub(crate) played: i64,
    /// Ports of the fake networks and the pictures, kept because items hold the pictures' addresses (0: any).
    pub(crate) ports: Ports,
}

/// See [`State::ports`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ports {
    pub(crate) mastodon: u16,
    pub(crate) x: u16,
    pub(crate) bluesky: u16,
    pub(crate) flickr: u16,
    pub(crate) blog: u16,
    pub(crate) pictures: u16,
    /// Where the product itself listens for webhooks.
    pub(crate) hooks: u16,
}

/// The demo's data directory.
#[derive(Clone, Debug)]
pub(crate) struct Home(PathBuf);

impl Home {
    /// Takes a directory that is a demo's, or empty, or not there yet. `restart` throws an old demo away.
    ///
    /// # Errors
    /// When it holds anything else, or cannot be made or emptied.
    pub(crate) fn take(path: &Path, restart: bool) -> Result<Self, Failure> {
        let home = Self(path.to_owned());
        let shown = path.display();
        let is_empty = match fs::read_dir(path) {
            Ok(mut files) => files.next().is_none(),
            Err(e) if e.kind() == ErrorKind::NotFound => true,
            Err(e) => {
                return Err(Failure::Asked(format!(
                    "the demo cannot use {shown}: {e}; choose another --data-dir"
                )));
            }
        };
        if !is_empty && !home.file().exists() {
            return Err(Failure::Asked(format!(
                "{shown} holds files that are not the demo's, and the demo leaves them alone: choose another --data-dir"
            )));
        }
        let cleared = if restart && !is_empty { fs::remove_dir_all(path) } else { Ok(()) };
        cleared.and_then(|()| fs::create_dir_all(path)).map_err(|e| {
            Failure::Asked(format!("the demo cannot write to {shown}: {e}; choose another --data-dir"))
        })?;
        Ok(home)
    }

    /// The directory.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// What the last run left, or the beginning.
    ///
    /// # Errors
    /// When it was left by a version whose conference is another one, or is damaged.
    pub(crate) fn remembered(&self, edition: u64) -> Result<State, Failure> {
        let text = match fs::read(self.file()) {
            Ok(text) => text,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(State { edition, ..State::default() }),
            Err(e) => return Err(Failure::Asked(format!("{}: {e}", self.file().display()))),
        };
        match serde_json::from_slice::<State>(&text) {
            Ok(state) if state.edition == edition => Ok(state),
            _ => Err(Failure::Asked(format!(
                "{} was left by another version of this demo: add --restart to begin anew",
                self.0.display()
            ))),
        }
    }

    /// Remembers, replacing what was there in one step.
    ///
    /// # Errors
    /// When the disk refuses.
    pub(crate) fn remember(&self, state: &State) -> io::Result<()> {
        let text = serde_json::to_vec(state).map_err(io::Error::other)?;
        let fresh = self.0.join("demo.json.new");
        fs::write(&fresh, text)?;
        fs::rename(fresh, self.file())
    }

    fn file(&self) -> PathBuf {
        self.0.join(FILE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_start_remembers_and_a_restart_forgets() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("demo");
        let home = Home::take(&path, false).unwrap();
        let state = State {
            edition: 7,
            played: 5,
            ports: Ports { mastodon: 1, x: 2, pictures: 3, ..Ports::default() },
        };
        home.remember(&state).unwrap();
        assert_eq!(Home::take(&path, false).unwrap().remembered(7).unwrap(), state);
        assert!(home.remembered(8).is_err(), "another edition");
        assert_eq!(
            Home::take(&path, true).unwrap().remembered(8).unwrap(),
            State { edition: 8, ..State::default() }
        );
    }

    #[test]
    fn a_directory_with_other_files_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("thesis.txt"), "mine").unwrap();
        assert!(Home::take(dir.path(), true).is_err());
        assert!(dir.path().join("thesis.txt").exists());
    }
}
