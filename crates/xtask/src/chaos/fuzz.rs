//! Fuzzing for as long as one likes: every property that a crate's `fuzz.rs` states gets the same time, in rounds with
//! other seeds. What the properties are, and the samples they start from, lives with what they test.

use std::io::{Read as _, Seek as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

/// Cases of a property in one round; rounds with other seeds follow until the time is up.
const CASES: u64 = 4000;
/// A round that takes longer hangs, which is a finding.
const ROUND_LIMIT: Duration = Duration::from_secs(20 * 60);
/// How often a running round is looked at.
const POLL: Duration = Duration::from_millis(20);
/// Where the properties are. Unoptimised on purpose: arithmetic that overflows is a panic there.
const PLACES: [&[&str]; 2] = [
    &["--package", "model", "--test", "fuzz"],
    &["--package", "nozzle", "--package", "halley", "--package", "perihelion", "--lib", "--bins"],
];

/// One property: the test binary that holds it, and its name there.
struct Property {
    binary: PathBuf,
    name: String,
}

/// Gives every property whose name holds one of `only` (all, when that is empty) `length`, `jobs` at a time.
pub(super) fn run(root: &Path, only: &[String], jobs: usize, seed: u64, length: Duration) -> Result<String> {
    let mut waiting = properties(root)?;
    waiting.retain(|property| only.is_empty() || only.iter().any(|part| property.name.contains(part)));
    ensure!(
        !waiting.is_empty(),
        "no property is called so; `cargo test -p nozzle --lib fuzz:: -- --list` lists some"
    );
    let count = waiting.len();
    println!("chaos: fuzz: {count} properties, {jobs} at a time, {} s each", length.as_secs());
    let (waiting, done) = (Mutex::new(waiting), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                while let Some(property) = waiting.lock().expect("a worker does not panic").pop() {
                    let rounds = hold(&property, seed, length);
                    done.lock().expect("a worker does not panic").push((property.name, rounds));
                }
            });
        }
    });
    report(done.into_inner().expect("a worker does not panic"))
}

/// The properties of all places: their binaries are built, then asked.
fn properties(root: &Path) -> Result<Vec<Property>> {
    let mut found = Vec::new();
    for place in PLACES {
        for binary in binaries(root, place)? {
            let list = Command::new(&binary)
                .args(["--list", "--format", "terse"])
                .output()
                .context("cannot list tests")?;
            let names = String::from_utf8_lossy(&list.stdout).into_owned();
            // An integration test called `fuzz` holds nothing else.
            let is_all = place.contains(&"fuzz");
            let tests = names.lines().filter_map(|line| line.strip_suffix(": test"));
            let tests = tests.filter(|name| is_all || name.contains("fuzz::"));
            found.extend(tests.map(|name| Property { binary: binary.clone(), name: name.to_owned() }));
        }
    }
    Ok(found)
}

fn binaries(root: &Path, place: &[&str]) -> Result<Vec<PathBuf>> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut build = Command::new(cargo);
    build.args(["test", "--no-run", "--message-format", "json"]).args(place).current_dir(root);
    let built = build.stderr(Stdio::inherit()).output().context("cannot start cargo")?;
    ensure!(built.status.success(), "the tests do not build");
    let messages = String::from_utf8_lossy(&built.stdout).into_owned();
    let executable = |line: &str| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        let is_test = message.pointer("/profile/test")?.as_bool()?;
        is_test.then(|| message.get("executable")?.as_str().map(PathBuf::from))?
    };
    Ok(messages.lines().filter_map(executable).collect())
}

/// Rounds of one property until its time is up; how many there were.
fn hold(property: &Property, seed: u64, length: Duration) -> Result<u64> {
    let started = Instant::now();
    let mut rounds = 0;
    while rounds == 0 || started.elapsed() < length {
        round(property, seed.wrapping_add(rounds))?;
        rounds += 1;
    }
    Ok(rounds)
}

/// One round. Silent unless it finds something: there are hundreds.
fn round(property: &Property, seed: u64) -> Result<()> {
    let mut said = tempfile::tempfile()?;
    let mut command = Command::new(&property.binary);
    command.args(["--exact", &property.name]).stdin(Stdio::null());
    command.env("PERIHELION_FUZZ_CASES", CASES.to_string()).env("PERIHELION_FUZZ_SEED", seed.to_string());
    command.stdout(said.try_clone()?).stderr(said.try_clone()?);
    let mut child = command.spawn().with_context(|| format!("cannot start {}", property.binary.display()))?;
    let limit = Instant::now() + ROUND_LIMIT;
    let status = loop {
        match child.try_wait()? {
            Some(status) => break status,
            None if Instant::now() > limit => {
                child.kill()?;
                break child.wait()?;
            }
            None => std::thread::park_timeout(POLL),
        }
    };
    if status.success() {
        return Ok(());
    }
    let mut words = String::new();
    said.rewind()?;
    said.read_to_string(&mut words)?;
    bail!("PERIHELION_FUZZ_SEED={seed} PERIHELION_FUZZ_CASES={CASES} ({status})\n{words}")
}

fn report(mut done: Vec<(String, Result<u64>)>) -> Result<String> {
    done.sort_by(|a, b| a.0.cmp(&b.0));
    let mut failed = Vec::new();
    for (name, rounds) in &done {
        match rounds {
            Ok(rounds) => println!("chaos: fuzz: {:>9} cases  {name}", rounds * CASES),
            Err(error) => {
                println!("chaos: fuzz: FAILED  {name}: {error:#}");
                failed.push(name.as_str());
            }
        }
    }
    if failed.is_empty() {
        return Ok(format!("{} properties without a finding", done.len()));
    }
    bail!("{}", failed.join(", "))
}
