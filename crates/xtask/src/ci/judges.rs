//! The outside judges of what the site serves, at pinned versions in a folder below `target/`: the checker of HTML, the checker of
//! accessibility, the reader of subtitles, the reader of feeds, the fuzzer of the API, and Lighthouse for the bench. They come from npm and PyPI through these
//! tools' own settings. A marker says what was installed, so that a second run costs nothing. Tests find them through
//! `PERIHELION_JUDGES`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use clap::Args;

use super::process::run_limited;

/// Names the folder, for us and for the tests (`testkit::judges`).
pub(crate) const FOLDER_VARIABLE: &str = "PERIHELION_JUDGES";
const INSTALL_LIMIT: Duration = Duration::from_secs(10 * 60);
/// Written last, with the pins that it stands for.
const MARKER: &str = "installed.txt";

/// What `judges` may be told.
#[derive(Args)]
pub(crate) struct Options {
    /// Also what only `cargo xtask bench` needs
    #[arg(long)]
    bench: bool,
}

/// Installs what is missing. False when something still is.
pub(crate) fn run(root: &Path, options: &Options) -> bool {
    let folder = folder(root);
    let mut missing = provide(&folder, CI, true);
    if options.bench {
        missing.extend(provide(&folder, BENCH, true));
    }
    println!("judges: {}", folder.display());
    missing.is_empty()
}

/// Judges that are installed in one go, in a folder of their own.
#[derive(Debug)]
pub(crate) struct Part {
    folder: &'static str,
    by: By,
    /// Each with its exact version.
    judges: &'static [&'static str],
    /// What they need, where that is not theirs to pin.
    needs: &'static [&'static str],
    /// Files that are there when it worked.
    proofs: &'static [&'static str],
}

#[derive(Debug, PartialEq, Eq)]
enum By {
    Npm,
    Pip,
}

/// What `cargo xtask ci` needs.
pub(crate) const CI: &[Part] = &[
    Part {
        folder: "npm",
        by: By::Npm,
        judges: &["vnu-jar@26.9.27", "axe-core@4.14.1", "webvtt-parser@2.2.0"],
        needs: &[],
        proofs: &[
            "node_modules/vnu-jar/build/dist/vnu.jar",
            "node_modules/axe-core/axe.min.js",
            "node_modules/webvtt-parser/parser.js",
        ],
    },
    Part {
        folder: "python",
        by: By::Pip,
        judges: &["feedparser==6.0.14", "schemathesis==4.32.5"],
        needs: &[
            "anyio==4.16.0",
            "certifi==2026.10.18",
            "charset-normalizer==3.5.2",
            "click==8.5.1",
            "feedparser-sgmllib==2.1.0",
            "graphql-core==3.3.2",
            "harfile==0.6.0",
            "hypothesis==6.170.15",
            "hypothesis-graphql==0.13.5",
            "idna==3.20",
            "iniconfig==2.3.1",
            "jsonschema-rs==0.60.3",
            "markdown-it-py==4.3.0",
            "MarkupSafe==3.0.4",
            "mdurl==0.1.2",
            "packaging==26.3",
            "pluggy==1.7.0",
            "Pygments==2.21.0",
            "pyrate-limiter==4.5.1",
            "pytest==9.2.0",
            "PyYAML==6.0.3",
            "requests==2.34.2",
            "rich==15.0.0",
            "sortedcontainers==2.4.0",
            "typing-extensions==4.16.0",
            "urllib3==2.8.0",
            "Werkzeug==3.1.9",
        ],
        proofs: &["bin/python", "bin/schemathesis"],
    },
];

/// What `cargo xtask bench` needs besides. The last version that runs on Debian's Node 18 and 20.
pub(crate) const BENCH: &[Part] = &[Part {
    folder: "lighthouse",
    by: By::Npm,
    judges: &["lighthouse@12.8.2"],
    needs: &[],
    proofs: &["node_modules/lighthouse/cli/index.js"],
}];

/// Where the judges of this checkout live.
pub(crate) fn folder(root: &Path) -> PathBuf {
    let named = std::env::var_os(FOLDER_VARIABLE).filter(|named| !named.is_empty());
    named.map_or_else(|| root.join("target/judges"), PathBuf::from)
}

/// Makes the parts present if it may, and returns the first pins of those that are missing.
pub(crate) fn provide(folder: &Path, parts: &[Part], may_install: bool) -> Vec<String> {
    let mut missing = Vec::new();
    for part in parts {
        if part.is_present(folder) || (may_install && part.install(folder)) {
            continue;
        }
        println!("ci: MISSING {}: run without --no-install, and with a network", part.judges.join(", "));
        missing.push(part.judges.join(", "));
    }
    missing
}

impl Part {
    fn is_present(&self, folder: &Path) -> bool {
        let place = folder.join(self.folder);
        let is_marked = fs::read_to_string(place.join(MARKER)).is_ok_and(|marked| marked == self.marker());
        is_marked && self.proofs.iter().all(|proof| place.join(proof).exists())
    }

    fn pins(&self) -> impl Iterator<Item = &'static str> {
        self.judges.iter().chain(self.needs).copied()
    }

    fn marker(&self) -> String {
        self.pins().collect::<Vec<_>>().join("\n")
    }

    /// From nothing: what an earlier run left half done, or at other versions, goes first.
    fn install(&self, folder: &Path) -> bool {
        let place = folder.join(self.folder);
        println!("ci: installing {} below {}", self.judges.join(", "), folder.display());
        fs::remove_dir_all(&place).ok();
        if let Err(error) = fs::create_dir_all(&place) {
            println!("ci: {}: {error}", place.display());
            return false;
        }
        let is_done = match self.by {
            By::Npm => {
                let mut npm = Command::new("npm");
                npm.args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--no-save"]);
                npm.args(["--no-package-lock", "--prefix"]).arg(&place);
                succeeds(npm.args(self.pins()))
            }
            By::Pip => {
                let mut pip = Command::new(place.join("bin/python"));
                pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]);
                succeeds(Command::new("python3").args(["-m", "venv"]).arg(&place))
                    && succeeds(pip.args(self.pins()))
            }
        };
        is_done && fs::write(place.join(MARKER), self.marker()).is_ok() && self.is_present(folder)
    }
}

fn succeeds(command: &mut Command) -> bool {
    match run_limited(command, INSTALL_LIMIT) {
        Ok(ran) => ran.succeeded,
        Err(error) => {
            println!("ci: {error:#}");
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PART: Part =
        Part { folder: "f", by: By::Npm, judges: &["a@1"], needs: &["b@2"], proofs: &["a.jar"] };

    #[test]
    fn a_part_counts_as_there_only_with_its_marker_its_pins_and_its_files() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("f");
        fs::create_dir(&place).unwrap();
        fs::write(place.join("a.jar"), "").unwrap();
        assert!(!PART.is_present(folder.path()), "half an installation has no marker");
        fs::write(place.join(MARKER), "a@1\nb@1").unwrap();
        assert!(!PART.is_present(folder.path()), "these are other versions");
        fs::write(place.join(MARKER), PART.marker()).unwrap();
        assert!(PART.is_present(folder.path()));
        assert!(provide(folder.path(), &[PART], false).is_empty());
        fs::remove_file(place.join("a.jar")).unwrap();
        assert_eq!(provide(folder.path(), &[PART], false), ["a@1"]);
    }

    #[test]
    fn every_pin_names_an_exact_version() {
        for part in CI.iter().chain(BENCH) {
            let sign = if part.by == By::Npm { "@" } else { "==" };
            assert!(part.pins().all(|pin| pin.split_once(sign).is_some_and(|(_, v)| v.contains('.'))));
        }
    }
}
