//! A slug for an event whose name is known: what a form offers before anybody has thought of one.

use super::bad_slug;
use unicode_normalization::UnicodeNormalization;

/// Longest suggestion, in characters; a slug itself may be a little longer.
const CHARS_MAX: usize = 32;

/// The name in lower case, without accents, its words joined by `-`. A name of which nothing is left, or whose slug would hide a page
/// of the site, gets `event` or the year to it. Always a slug that can be.
#[must_use]
pub fn suggest_slug(title: &str, year: i16) -> String {
    let mut slug = String::new();
    for word in words(title) {
        let joint = usize::from(!slug.is_empty());
        if slug.len() + joint + word.len() > CHARS_MAX {
            break;
        }
        if joint > 0 {
            slug.push('-');
        }
        slug.push_str(&word);
    }
    if slug.is_empty() {
        slug.push_str("event");
    }
    match bad_slug(&slug) {
        None => slug,
        Some(_) => format!("{slug}-{year}"),
    }
}

/// Words of a-z and 0-9; a word that is too long is cut.
fn words(title: &str) -> Vec<String> {
    let plain: String =
        title.nfkd().filter(|c| !unicode_normalization::char::is_combining_mark(*c)).collect();
    let plain = plain.to_lowercase().replace('ß', "ss");
    let words = plain.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.map(|word| word.chars().take(CHARS_MAX).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_becomes_a_slug_that_can_be() {
        for (title, want) in [
            ("RustFest Zürich 2026", "rustfest-zurich-2026"),
            ("  Straßen & Brücken! ", "strassen-brucken"),
            ("Admin", "admin-2026"),
            ("AI", "ai-2026"),
            ("大会", "event"),
            ("", "event"),
            ("The Annual Conference on Everything That Was Ever Said", "the-annual-conference-on"),
            ("ﬁne — ½ off", "fine-1-2-off"),
        ] {
            assert_eq!(suggest_slug(title, 2026), want, "{title}");
        }
    }

    proptest::proptest! {
        #[test]
        fn every_name_gets_one(title in "\\PC{0,80}") {
            let slug = suggest_slug(&title, 2026);
            proptest::prop_assert_eq!(bad_slug(&slug), None, "{:?}", slug);
        }
    }
}
