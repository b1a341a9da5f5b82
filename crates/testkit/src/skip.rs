//! Loud skips and the place of recorded fixtures.

use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Whether a missing server is a failure (`PERIHELION_REQUIRE_SERVERS=1`) and not a skip.
#[must_use]
pub fn require_servers() -> bool {
    std::env::var("PERIHELION_REQUIRE_SERVERS").is_ok_and(|value| value == "1")
}

/// Says on stderr that a test did not run because `what` is missing.
///
/// # Panics
/// When [`require_servers`] holds: then a skip is a failure.
pub fn skip_loudly(what: &str) {
    assert!(!require_servers(), "{what} is missing and PERIHELION_REQUIRE_SERVERS=1 forbids skipping");
    say_skipped(what);
}

/// The path of `name` among the recorded fixtures that lie beside a working copy, or a loud skip.
///
/// Recorded third-party data is never part of the repository, so a fresh clone has none and this never fails.
#[must_use]
pub fn fixtures(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures").join(name);
    if path.exists() {
        return Some(path);
    }
    say_skipped(&format!("fixture {name}"));
    None
}

/// Writes past the test harness, which swallows what a passing test prints.
fn say_skipped(what: &str) {
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    let line = format!("SKIPPED: {test}: {what} is missing\n");
    // A closed stderr is no reason to fail a test.
    std::io::stderr().write_all(line.as_bytes()).ok();
}
