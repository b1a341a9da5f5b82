//! Plain text to runs: the hashtags, mentions and addresses that `model::extract` finds in it. What is safe to follow is
//! decided later, run by run.

use model::Run;
use model::extract::{Found, Kind, extract, without_sign};

use super::body::{TAG_BYTES_MAX, TEXT_BYTES_MAX};

/// How much text is looked at, in bytes: more than an item can hold, whatever is cut from it.
const LOOKED_AT_BYTES_MAX: usize = 2 * TEXT_BYTES_MAX;
/// Endings of files that are top-level domains as well: `main.rs` and `setup.py` in a sentence are files.
const FILE_ENDINGS: [&str; 12] =
    ["rs", "py", "md", "sh", "pl", "so", "ps", "cc", "zip", "mov", "app", "java"];

/// A text as runs.
pub(super) fn runs(text: &str) -> Vec<Run> {
    let (text, rest) = text.split_at(text.floor_char_boundary(LOOKED_AT_BYTES_MAX));
    let mut runs = Vec::new();
    let mut at = 0;
    for found in extract(text) {
        let Some(run) = run(text, &found) else { continue };
        runs.push(Run::text(&text[at..found.range.start]));
        runs.push(run);
        at = found.range.end;
    }
    runs.push(Run::text(format!("{}{rest}", &text[at..])));
    runs
}

fn run(text: &str, found: &Found) -> Option<Run> {
    let shown = &text[found.range.clone()];
    match found.kind {
        Kind::Hashtag => {
            let tag = without_sign(shown);
            (tag.len() <= TAG_BYTES_MAX).then(|| Run::Tag { tag: tag.to_owned() })
        }
        // Nobody says on which network.
        Kind::Mention => Some(Run::Mention { mention: shown.to_owned(), url: None }),
        Kind::Account => {
            let (name, host) = without_sign(shown).split_once('@')?;
            // Where Mastodon and those who speak its language keep a person's page.
            Some(Run::Mention { mention: shown.to_owned(), url: Some(format!("https://{host}/@{name}")) })
        }
        Kind::List => None,
        Kind::Url => link(shown),
    }
}

fn link(shown: &str) -> Option<Run> {
    let has_protocol = shown.contains("://");
    if !has_protocol && is_file(shown) {
        return None;
    }
    let link = if has_protocol { shown.to_owned() } else { format!("https://{shown}") };
    Some(Run::Link { link, text: shown.to_owned() })
}

fn is_file(name: &str) -> bool {
    let ending = name.split_once('.').map_or("", |(_, ending)| ending);
    FILE_ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_a_text_becomes_runs() {
        let want = [
            Run::text("Ask "),
            Run::Mention { mention: "@karo".into(), url: None },
            Run::text(" or "),
            Run::Mention { mention: "@bo@s.example".into(), url: Some("https://s.example/@bo".into()) },
            Run::text(": "),
            Run::Tag { tag: "RustFest".into() },
            Run::text(", "),
            Run::Link { link: "https://rustfest.eu/a".into(), text: "rustfest.eu/a".into() },
            Run::text("!"),
        ];
        assert_eq!(runs("Ask @karo or @bo@s.example: #RustFest, rustfest.eu/a!"), want);
    }

    #[test]
    fn files_and_lists_stay_words() {
        for text in ["see main.rs and README.md", "@karo/bo", "no more"] {
            let shown: String = runs(text).iter().map(Run::shown).collect();
            assert_eq!(shown, text);
            assert!(runs(text).iter().all(|run| matches!(run, Run::Text(_))), "{text}");
        }
        assert!(
            runs("https://main.rs and main.rs/x").iter().filter(|r| matches!(r, Run::Link { .. })).count()
                == 2
        );
    }

    #[test]
    fn what_is_too_long_stays_words() {
        let long = format!("#{} {} #end", "a".repeat(TAG_BYTES_MAX + 1), "b ".repeat(LOOKED_AT_BYTES_MAX));
        let runs = runs(&long);
        assert_eq!(runs.iter().map(Run::shown).collect::<String>(), long);
        assert!(runs.iter().all(|run| matches!(run, Run::Text(_))));
    }
}
