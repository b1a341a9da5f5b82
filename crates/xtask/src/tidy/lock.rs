//! Rules on `Cargo.lock`: one public registry, and two crates that may never come in.

use super::Finding;
use super::tree::TextFile;

const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";
/// Banned packages with the reason; `deny.toml` says the same to cargo-deny.
const BANNED: [(&str, &str); 2] = [
    ("aws-lc-sys", "ring is the one TLS provider; find what brings it with `cargo tree -i aws-lc-sys`"),
    ("openssl-sys", "TLS is rustls; find what brings it with `cargo tree -i openssl-sys`"),
];

/// Checks every lock file of the tree.
pub(crate) fn check(files: &[TextFile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.path.ends_with("Cargo.lock")) {
        for (index, line) in file.text.lines().enumerate() {
            findings.extend(line_finding(file, index + 1, line));
        }
    }
    if !files.iter().any(|file| file.path == "Cargo.lock") {
        findings.push(Finding::new("Cargo.lock", 0, "is missing: builds would not be repeatable"));
    }
    findings
}

fn line_finding(file: &TextFile, number: usize, line: &str) -> Option<Finding> {
    let (key, value) = line.split_once(" = ")?;
    let value = value.trim_matches('"');
    match key {
        "source" if value != REGISTRY => Some(Finding::new(
            &file.path,
            number,
            format!("source `{value}`: only crates.io's standard index"),
        )),
        "name" => BANNED
            .iter()
            .find(|(name, _)| *name == value)
            .map(|(name, reason)| Finding::new(&file.path, number, format!("{name} is banned: {reason}"))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(text: &str) -> Vec<Finding> {
        check(&[TextFile { path: "Cargo.lock".to_owned(), text: text.to_owned() }])
    }

    #[test]
    fn standard_registry_and_path_crates_pass() {
        let text = format!(
            "[[package]]\nname = \"ring\"\nsource = \"{REGISTRY}\"\n\n[[package]]\nname = \"model\"\n"
        );
        assert_eq!(findings(&text), []);
    }

    #[test]
    fn other_sources_are_found() {
        assert_eq!(findings("source = \"git+https://example.org/x\"\n").len(), 1);
        assert_eq!(findings("source = \"sparse+https://mirror.example/\"\n")[0].line, 1);
    }

    #[test]
    fn banned_packages_are_found() {
        for (name, _) in BANNED {
            assert!(findings(&format!("[[package]]\nname = \"{name}\"\n"))[0].message.contains("banned"));
        }
    }

    #[test]
    fn missing_lock_file_is_found() {
        assert_eq!(check(&[]).len(), 1);
    }
}
