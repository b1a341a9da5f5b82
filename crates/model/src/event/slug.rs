//! An event's slug: whether a text can be one, and the same event.toml under another one.

use super::check;
use super::{EventFile, Places};

/// Why this can be no slug; none for one that can.
#[must_use]
pub fn bad_slug(slug: &str) -> Option<String> {
    check::slug(slug).err()
}

/// The same event.toml with another slug: its line is written anew, everything else stays as somebody wrote it. None where
/// that line cannot be told from the rest, as in a text that is no event.toml.
#[must_use]
pub fn with_slug(text: &str, slug: &str) -> Option<String> {
    let (before, line) = (EventFile::parse(text).ok()?, Places::of(text).ok()?.line_of("slug"));
    let written = text.split_inclusive('\n').enumerate().map(|(n, old)| match n + 1 == line {
        true => format!("slug = \"{slug}\"{}", remark(old)),
        false => old.to_owned(),
    });
    let written: String = written.collect();
    let after = EventFile::parse(&written).ok()?;
    (after == EventFile { slug: slug.to_owned(), ..before }).then_some(written)
}

/// What stands behind the value: a comment and the end of the line. A slug holds no `#`.
fn remark(line: &str) -> String {
    let comment = line.find('#').map(|at| format!(" {}", &line[at..]));
    comment.unwrap_or_else(|| if line.ends_with('\n') { "\n".to_owned() } else { String::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_line_of_the_slug_is_written_anew() {
        let text = "# ours\ntitle = \"x\" # slug = \"no\"\nslug   = 'old'  # as on the posters\n[[source]]\nname = \"a\"\nkind = \"onsite\"\n";
        let new = with_slug(text, "new-slug").unwrap();
        assert_eq!(new, text.replace("slug   = 'old'  #", "slug = \"new-slug\" #"));
        assert_eq!(
            with_slug("slug = \"old\"\ntitle = \"x\"", "newer").unwrap(),
            "slug = \"newer\"\ntitle = \"x\""
        );
    }

    #[test]
    fn what_cannot_be_a_slug_or_is_no_file_is_not_written() {
        assert_eq!(with_slug("slug = \"old\"\ntitle = \"x\"\n", "Not A Slug"), None);
        assert_eq!(with_slug("no toml", "new"), None);
        assert_eq!(
            with_slug("slug = \"\"\"\nold\"\"\"\ntitle = \"x\"\n", "new"),
            None,
            "a value over two lines"
        );
        assert!(bad_slug("admin").is_some() && bad_slug("rustfest").is_none());
    }
}
