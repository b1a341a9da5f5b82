//! Failed tests run once more, alone. Many of ours measure time on whatever machine there is: what fails beside a
//! thousand others and passes by itself says something about the machine. It is told loudly and never hidden; what fails
//! twice, or together with more than a few others, is red.

use std::collections::BTreeSet;

/// More failures than this are no accident: nothing is run again.
pub(crate) const FAILED_MAX: usize = 3;

/// What failed in a run of `cargo test --no-fail-fast`, read from its output.
#[derive(Debug, Default)]
pub(crate) struct Failed {
    /// Names of tests, as the harness prints them.
    pub(crate) tests: BTreeSet<String>,
    /// Targets, as cargo names them for a rerun (`-p nozzle --test intake`).
    pub(crate) targets: BTreeSet<String>,
}

impl Failed {
    /// Reads one line of the output.
    pub(crate) fn read(&mut self, line: &str) {
        if let Some(name) = line.strip_prefix("test ").and_then(|rest| rest.strip_suffix(" ... FAILED")) {
            self.tests.insert(name.to_owned());
        }
        let target = line.split_once("to rerun pass `").and_then(|(_, rest)| rest.strip_suffix('`'));
        self.targets.extend(target.map(str::to_owned));
    }

    /// The arguments of `cargo` that run each failed target with the failed tests only; none when it is not worth it: a
    /// crash that names no test, documentation, too many.
    pub(crate) fn reruns(&self) -> Vec<Vec<String>> {
        let is_few = (1..=FAILED_MAX).contains(&self.tests.len()) && self.targets.len() <= self.tests.len();
        if !is_few || self.targets.iter().any(|target| target.contains("--doc")) {
            return Vec::new();
        }
        let rerun = |target: &String| {
            let mut args = vec!["test".to_owned(), "--locked".to_owned()];
            args.extend(target.split_whitespace().map(str::to_owned));
            args.extend(["--", "--test-threads=1", "--exact"].map(str::to_owned));
            args.extend(self.tests.iter().cloned());
            args
        };
        self.targets.iter().map(rerun).collect()
    }
}

/// How many tests a harness says have passed (`test result: ok. 3 passed; ...`).
pub(crate) fn passed(line: &str) -> usize {
    let count = line.strip_prefix("test result: ok. ").and_then(|rest| rest.split_once(" passed"));
    count.and_then(|(count, _)| count.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(output: &str) -> Failed {
        let mut failed = Failed::default();
        output.lines().for_each(|line| failed.read(line));
        failed
    }

    #[test]
    fn a_failed_test_is_run_again_in_its_target() {
        let one = failed(
            "test a::b ... ok\ntest a::c ... FAILED\nerror: test failed, to rerun pass `-p nozzle --lib`",
        );
        assert_eq!(
            one.reruns(),
            [["test", "--locked", "-p", "nozzle", "--lib", "--", "--test-threads=1", "--exact", "a::c"]]
        );
    }

    #[test]
    fn what_crashes_or_fails_by_the_dozen_is_not_run_again() {
        assert!(failed("error: test failed, to rerun pass `-p nozzle --lib`").reruns().is_empty());
        let many: String = (0..=FAILED_MAX).map(|n| format!("test t{n} ... FAILED\n")).collect();
        assert!(failed(&format!("{many}x, to rerun pass `--lib`")).reruns().is_empty());
        assert!(failed("test x ... FAILED\ne, to rerun pass `-p model --doc`").reruns().is_empty());
    }

    #[test]
    fn passed_tests_are_counted() {
        assert_eq!(passed("test result: ok. 2 passed; 0 failed; 0 ignored"), 2);
        assert_eq!(passed("test result: FAILED. 2 passed; 1 failed"), 0);
    }
}
