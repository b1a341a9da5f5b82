//! Outside witnesses as processes of their own: the fake networks, one watcher for each transport, and the judge.

use crate::product::{EVENT, Product, TOKEN};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use testkit::Process;

/// The transports that a page can use.
pub(crate) const TRANSPORTS: [&str; 3] = ["ws", "sse", "poll"];

/// A program of this workspace; built when it is not there.
pub(crate) fn tool(package: &str, name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_BIN_EXE_perihelion")).with_file_name(name);
    if !path.exists() {
        let built =
            Command::new(env!("CARGO")).args(["build", "--locked", "-p", package, "--bin", name]).status();
        assert!(built.is_ok_and(|s| s.success()), "{name} cannot be built");
    }
    path
}

/// A fake network that outlives every process of the product.
pub(crate) struct FakeNetwork {
    process: Process,
    pub(crate) url: String,
    pub(crate) journal: PathBuf,
}

impl FakeNetwork {
    /// Starts one. `settings` is what `fake-networks` takes for one network, without token and journal.
    pub(crate) async fn start(dir: &Path, mut settings: Value) -> Self {
        let journal = dir.join("journal.ndjson");
        settings["journal"] = json!(journal);
        settings["token"] = json!(TOKEN);
        let file = dir.join("networks.json");
        std::fs::write(&file, json!({ "networks": [settings] }).to_string())
            .expect("the temporary directory takes a file");
        let mut command = Command::new(tool("networks", "fake-networks"));
        command.arg(&file);
        let mut process = Process::start(command).expect("fake-networks starts");
        let url = process.wait_url(Duration::from_secs(60)).await.expect("fake-networks prints its address");
        Self { process, url, journal }
    }

    /// True when everything of its script has happened.
    pub(crate) fn is_over(&self) -> bool {
        std::fs::read_to_string(&self.journal).is_ok_and(|t| t.lines().any(|l| l.contains(r#""kind":"end""#)))
    }

    /// What it printed.
    pub(crate) fn output(&self) -> String {
        self.process.output()
    }
}

/// One watcher for each transport.
pub(crate) struct Watchers {
    watchers: Vec<(PathBuf, Process)>,
}

impl Watchers {
    pub(crate) fn start(product: &Product) -> Self {
        let watchers = TRANSPORTS.map(|transport| {
            let file = product.place.path().join(format!("frames.{transport}"));
            let mut command = Command::new(tool("judge", "watch"));
            command.args([transport, &product.halley, EVENT]).arg(&file);
            (file, Process::start(command).expect("watch starts"))
        });
        Self { watchers: watchers.into() }
    }

    /// The files of raw frames.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        self.watchers.iter().map(|(file, _)| file.clone()).collect()
    }

    /// Waits until every watcher has seen the entry `top`.
    pub(crate) async fn wait_top(&self, top: u64, limit: Duration) {
        let deadline = Instant::now() + limit;
        for (file, process) in &self.watchers {
            while last_seq(file) < top {
                let at = last_seq(file);
                assert!(
                    Instant::now() < deadline,
                    "{} stopped at {at} of {top}: {}",
                    file.display(),
                    process.output()
                );
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// The highest entry in the whole lines so far; the last line may be half-written.
fn last_seq(file: &Path) -> u64 {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let newest = whole.lines().rev().take(50).filter_map(|l| serde_json::from_str::<Value>(l).ok());
    let seqs = newest.flat_map(|frame| {
        let entries = frame["entries"].as_array().cloned().unwrap_or_else(|| vec![frame]);
        entries.into_iter().filter_map(|e| e["seq"].as_u64())
    });
    seqs.max().unwrap_or(0)
}

/// Asks the judge; fails with everything that it said.
pub(crate) fn judge(journal: &Path, frames: &[PathBuf], export: &Path, dom: Option<&Path>, items: usize) {
    let mut command = judging(&[journal], frames, Some(export), dom);
    command.args(["--items", &items.to_string()]);
    let (is_good, said) = verdict(&mut command);
    eprintln!("{said}");
    assert!(is_good, "the judge said:\n{said}");
}

/// The judge over this evidence, not asked yet.
pub(crate) fn judging(
    journals: &[&Path],
    frames: &[PathBuf],
    export: Option<&Path>,
    dom: Option<&Path>,
) -> Command {
    let mut command = Command::new(tool("judge", "judge"));
    let named = |name: &'static str, path: &Path| [PathBuf::from(name), path.to_owned()];
    command.args(journals.iter().flat_map(|path| named("--journal", path)));
    command.args(frames.iter().flat_map(|path| named("--frames", path)));
    command.args(export.into_iter().flat_map(|path| named("--export", path)));
    command.args(dom.into_iter().flat_map(|path| named("--dom", path)));
    command
}

/// Whether the judge found everything as it was said, and its words.
pub(crate) fn verdict(judge: &mut Command) -> (bool, String) {
    let out = judge.output().expect("the judge starts");
    let said = [out.stdout, out.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    (out.status.success(), said.concat())
}
