//! What judges the rules of filing does not know them: a generator that knew a rule would write what that rule likes.

use super::Finding;
use super::tree::TextFile;

/// Where the labelled posts are invented.
const GENERATOR: &str = "crates/labelled/";
/// The module of the rules, in any use of its name.
const RULES: &str = "filing";

/// Finds every mention of the rules in the generator, in words as in code.
pub(crate) fn check(files: &[TextFile]) -> Vec<Finding> {
    let judges = files.iter().filter(|file| file.path.starts_with(GENERATOR));
    judges
        .flat_map(|file| {
            let lines = file.text.lines().enumerate();
            let knowing = lines.filter(|(_, line)| line.to_lowercase().contains(RULES));
            knowing.map(|(index, _)| {
                let message =
                    "mentions `filing`: who invents the posts may not know the rules that they judge";
                Finding::new(&file.path, index + 1, message)
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(path: &str, text: &str) -> Vec<String> {
        let file = TextFile { path: path.to_owned(), text: text.to_owned() };
        check(&[file]).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_generator_may_know_talks_and_not_the_rules() {
        assert_eq!(
            findings("crates/labelled/src/a.rs", "use model::{Talk, TalkId};\n"),
            Vec::<String>::new()
        );
        let found = findings("crates/labelled/src/a.rs", "//! A.\nuse model::filing::file;\n");
        assert!(found[0].starts_with("crates/labelled/src/a.rs:2: mentions `filing`"), "{found:?}");
        assert_eq!(findings("crates/labelled/src/a.rs", "use model::FilingState;\n").len(), 1);
    }

    #[test]
    fn everybody_else_may_know_them() {
        assert_eq!(findings("src/commands/filing.rs", "use model::filing::file;\n"), Vec::<String>::new());
    }
}
