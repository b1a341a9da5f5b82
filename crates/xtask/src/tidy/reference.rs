//! README's reference names every setting that the program reads, and no other.

use std::collections::BTreeSet;

use super::Finding;
use super::tree::TextFile;

/// How the program takes a setting; the key stands between the next two quotes.
const TAKES: &str = "settings.take(";
const README: &str = "README.md";

/// Compares the keys that `src/config` takes with those that stand in backticks in README's tables.
pub(crate) fn check(files: &[TextFile]) -> Vec<Finding> {
    let taken: BTreeSet<&str> = files
        .iter()
        .filter(|file| file.path.starts_with("src/config"))
        .flat_map(|file| keys(&file.text))
        .collect();
    let Some(readme) = files.iter().find(|file| file.path == README) else {
        return vec![Finding::new(README, 0, "is missing")];
    };
    let named: BTreeSet<&str> = readme.text.lines().filter_map(table_key).collect();
    let absent = taken.iter().filter(|key| !named.contains(*key));
    let mut findings: Vec<Finding> = absent
        .map(|key| {
            Finding::new(README, 0, format!("the settings table lacks a row that begins with | `{key}` |"))
        })
        .collect();
    let is_setting = |key: &&&str| key.contains('.') && !taken.contains(**key);
    let unread = named.iter().filter(is_setting);
    findings.extend(
        unread.map(|key| Finding::new(README, 0, format!("names the setting `{key}`, which nothing reads"))),
    );
    findings
}

fn keys(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices(TAKES).filter_map(|(at, _)| {
        let rest = &text[at + TAKES.len()..];
        rest.trim_start().strip_prefix('"')?.split('"').next()
    })
}

/// The first cell of a table's row, if it is one key in backticks.
fn table_key(line: &str) -> Option<&str> {
    line.strip_prefix("| `")?.split_once("` |").map(|(key, _)| key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(source: &str, readme: &str) -> Vec<String> {
        let file = |path: &str, text: &str| TextFile { path: path.to_owned(), text: text.to_owned() };
        let files = [file("src/config/site.rs", source), file(README, readme)];
        check(&files).iter().map(ToString::to_string).collect()
    }

    const SOURCE: &str =
        "x: settings.take(\"site.listen\", Listen, \"\"), y: settings.take(\n  \"data_dir\", A, \"\")";

    #[test]
    fn complete_reference_passes() {
        let readme = "| `site.listen` | where |\n| `data_dir` | where |\n| `slug` | of an event |\n";
        assert_eq!(findings(SOURCE, readme), Vec::<String>::new());
    }

    #[test]
    fn setting_without_a_row_is_found() {
        let found = findings(SOURCE, "| `site.listen` | where |\nprose about `data_dir`\n");
        assert_eq!(found.len(), 1);
        assert!(found[0].contains("`data_dir`"), "{found:?}");
    }

    #[test]
    fn row_that_nothing_reads_is_found() {
        let found = findings(SOURCE, "| `site.listen` | w |\n| `data_dir` | w |\n| `site.port` | w |\n");
        assert!(found[0].contains("`site.port`, which nothing reads"), "{found:?}");
    }

    #[test]
    fn missing_readme_is_found() {
        assert_eq!(check(&[]).len(), 1);
    }
}
