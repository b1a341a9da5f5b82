//! Rules on single files: sizes, opening docs, unfinished work, paths of one machine.

use super::Finding;
use super::tree::TextFile;

/// Longest source file; a longer one hides a seam.
const LINES_MAX: usize = 400;
/// Files that may be longer, each with its reason.
const LONG_FILES: [(&str, &str); 0] = [];
/// Marks of unfinished work, split so that this file does not find itself.
const UNFINISHED: [&str; 6] = [
    concat!("to", "do!("),
    concat!("unimpl", "emented!("),
    concat!("db", "g!("),
    concat!("#[ign", "ore"),
    concat!("FIX", "ME"),
    concat!("TO", "DO:"),
];
/// Where one person's machine keeps its files.
const MACHINE_PATHS: [&str; 4] =
    [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/Us", "ers/")];

/// All rules of this file over all files.
pub(crate) fn check(files: &[TextFile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files {
        findings.extend(size(file));
        findings.extend(opening_docs(file));
        findings.extend(lines(file));
    }
    findings
}

fn size(file: &TextFile) -> Option<Finding> {
    let is_source = matches!(file.ending(), "rs" | "js" | "css" | "html");
    let lines = file.text.lines().count();
    let is_excused = LONG_FILES.iter().any(|(path, _reason)| *path == file.path);
    (is_source && lines > LINES_MAX && !is_excused).then(|| {
        Finding::new(&file.path, 0, format!("{lines} lines, at most {LINES_MAX}: look for the seam"))
    })
}

fn opening_docs(file: &TextFile) -> Option<Finding> {
    let opens = file.text.lines().find(|line| !line.trim().is_empty());
    (file.ending() == "rs" && !opens.is_some_and(|line| line.starts_with("//!"))).then(|| {
        Finding::new(&file.path, 1, "does not open with `//!`: say what lives here and what does not")
    })
}

fn lines(file: &TextFile) -> Vec<Finding> {
    if file.ending() == "lock" {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        if let Some(mark) = UNFINISHED.iter().find(|mark| line.contains(**mark)) {
            findings.push(Finding::new(&file.path, index + 1, format!("`{mark}`: finish it or take it out")));
        }
        if let Some(path) = MACHINE_PATHS.iter().find(|path| holds_machine_path(line, path)) {
            let message =
                format!("`{path}` exists on one machine only: derive it from the manifest's directory");
            findings.push(Finding::new(&file.path, index + 1, message));
        }
    }
    findings
}

/// An absolute path opens a word or a quotation; inside an address it follows a host name.
fn holds_machine_path(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '}' | '~' | '*' | ')'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> TextFile {
        TextFile { path: path.to_owned(), text: text.to_owned() }
    }

    fn messages(path: &str, text: &str) -> Vec<String> {
        check(&[file(path, text)]).into_iter().map(|finding| finding.to_string()).collect()
    }

    #[test]
    fn clean_file_has_no_findings() {
        assert_eq!(messages("src/a.rs", "//! What lives here.\n\nfn f() {}\n"), Vec::<String>::new());
    }

    #[test]
    fn file_without_opening_docs_is_found() {
        assert!(messages("src/a.rs", "fn f() {}\n")[0].starts_with("src/a.rs:1: does not open"));
    }

    #[test]
    fn long_file_is_found_and_the_limit_itself_is_allowed() {
        let lines = |count: usize| format!("//! Docs.\n{}", "// line\n".repeat(count - 1));
        assert_eq!(messages("src/a.rs", &lines(LINES_MAX)).len(), 0);
        assert!(messages("src/a.rs", &lines(LINES_MAX + 1))[0].contains("401 lines"));
        assert_eq!(messages("data.json", &lines(LINES_MAX + 1)).len(), 0);
    }

    #[test]
    fn every_mark_of_unfinished_work_is_found_with_its_line() {
        for mark in UNFINISHED {
            let found = messages("src/a.rs", &format!("//! Docs.\n    {mark}\n"));
            assert_eq!(found.len(), 1, "{mark}");
            assert!(found[0].starts_with("src/a.rs:2: "), "{found:?}");
        }
    }

    #[test]
    fn machine_paths_are_found_but_not_inside_addresses() {
        for path in MACHINE_PATHS {
            assert_eq!(messages("README.md", &format!("see \"{path}x\"\n")).len(), 1, "{path}");
            assert_eq!(messages("README.md", &format!("https://host.example{path}x\n")).len(), 0, "{path}");
        }
    }
}
