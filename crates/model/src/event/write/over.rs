//! Settings written over a file that somebody has written by hand: what is said otherwise is written anew, everything else stays as it
//! is, comments and order included.

use super::{EventFile, Table, Value, full};
use toml_edit::{ArrayOfTables, DocumentMut, Item, Table as Lines};

/// The text with `after` in the place of what it says; none where that cannot be done line by line.
pub(super) fn over(text: &str, before: &Table, after: &Table, fresh: &str) -> Option<String> {
    let mut lines: DocumentMut = text.parse().ok()?;
    let fresh: DocumentMut = fresh.parse().ok()?;
    table(lines.as_table_mut(), before, after, fresh.as_table());
    Some(lines.to_string())
}

/// Writes what is said otherwise. `fresh` holds, of `after`, what is not so anyway.
fn table(lines: &mut Lines, before: &Table, after: &Table, fresh: &Lines) {
    for key in before.keys().filter(|key| !after.contains_key(*key)) {
        lines.remove(key);
    }
    for (key, value) in after.iter().filter(|(key, value)| before.get(*key) != Some(*value)) {
        match (lines.get_mut(key), value, fresh.get(key)) {
            (Some(Item::ArrayOfTables(old)), Value::Array(after), Some(Item::ArrayOfTables(fresh))) => {
                let before = before.get(key).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
                *old = list(old, before, after, fresh);
            }
            (Some(Item::Table(old)), Value::Table(after), fresh) => {
                let none = (Table::new(), Lines::new());
                let before = before.get(key).and_then(Value::as_table).unwrap_or(&none.0);
                table(old, before, after, fresh.and_then(Item::as_table).unwrap_or(&none.1));
            }
            (Some(Item::Value(old)), value, _) => {
                // A list that becomes empty, and the like, is said as such where it was said before.
                let Ok(mut new) = value.to_string().parse::<toml_edit::Value>() else { continue };
                *new.decor_mut() = old.decor().clone();
                *old = new;
            }
            (_, _, Some(fresh)) => drop(lines.insert(key, fresh.clone())),
            (_, _, None) => drop(lines.remove(key)),
        }
    }
}

/// A `[[list]]`: a part that goes by the same name stays what it is, where it is.
fn list(old: &ArrayOfTables, before: &[Value], after: &[Value], fresh: &ArrayOfTables) -> ArrayOfTables {
    let name = |value: &Value| value.get("name").cloned();
    let mut used = vec![false; before.len()];
    let mut written = ArrayOfTables::new();
    for (part, fresh) in after.iter().zip(fresh.iter()) {
        let is_it = |n: &usize| !used[*n] && name(&before[*n]) == name(part);
        let at = (0..before.len()).find(is_it);
        let known = at.and_then(|at| Some((at, old.get(at)?.clone(), before[at].as_table()?)));
        match (known, part.as_table()) {
            (Some((at, mut lines, before)), Some(after)) => {
                used[at] = true;
                table(&mut lines, before, after, fresh);
                written.push(lines);
            }
            _ => {
                let mut lines = fresh.clone();
                // Where it stands in the fresh text says nothing of this one: behind the part before it.
                lines.set_position(None);
                written.push(lines);
            }
        }
    }
    written
}

impl EventFile {
    /// The text of an event.toml that says exactly this, written over `text`: lines that say what is still so stay as they are, with
    /// their comments. A text on which that cannot be done is written anew.
    #[must_use]
    pub fn write_over(&self, text: &str) -> String {
        let fresh = self.write();
        let written =
            Self::parse(text).ok().and_then(|before| over(text, &full(&before), &full(self), &fresh));
        written.filter(|text| Self::parse(text).as_ref() == Ok(self)).unwrap_or(fresh)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Moderation, Onsite, SourceFile};

    const HAND: &str = "# Ours.\nslug = \"abc\"\ntitle = 'Old'   # as on the posters\nonsite = \"off\"\nhashtags = [\n  \"one\", # the first\n]\n\n\
        # The walls.\n[wall]\ndelay = 5\n\n# A server of friends.\n[[source]]\nname = \"a\"\nkind = \"feed\"\nurl = \"https://a.example/feed\" # moved\n\n\
        [[source]]\nname = \"b\"\nkind = \"feed\"\nurl = \"https://b.example/feed\"\n";

    #[test]
    fn what_is_said_otherwise_is_written_anew_and_the_rest_stays_as_somebody_wrote_it() {
        let mut file = EventFile::parse(HAND).unwrap();
        assert_eq!(file.write_over(HAND), HAND);
        file.title = "New".into();
        file.sources[0].moderation = Moderation::Hold;
        let text = file.write_over(HAND);
        let want = HAND
            .replace("'Old'   #", "\"New\"   #")
            .replace("feed\" # moved\n", "feed\" # moved\nmoderation = \"hold\"\n");
        assert_eq!(text, want);
        file.onsite = Onsite::Open;
        file.sources.remove(0);
        file.sources
            .push(SourceFile { url: Some("https://c.example/feed".into()), ..SourceFile::new("c", "feed") });
        file.wall.delay = 0;
        let text = file.write_over(&text);
        assert_eq!(EventFile::parse(&text).unwrap(), file, "{text}");
        assert!(
            text.contains("onsite = \"open\"\n")
                && text.contains("\"one\", # the first")
                && text.contains("delay = 0"),
            "{text}"
        );
        assert!(!text.contains("moved") && text.contains("https://c.example/feed"), "{text}");
    }

    #[test]
    fn a_text_that_cannot_be_written_over_is_written_anew() {
        let mut file =
            EventFile::parse("slug = \"abc\"\ntitle = \"x\"\nsource = [{ name = \"a\", kind = \"feed\" }]\n")
                .unwrap();
        file.sources[0].paused = true;
        for text in
            ["no toml", "", "slug = \"abc\"\ntitle = \"x\"\nsource = [{ name = \"a\", kind = \"feed\" }]\n"]
        {
            assert_eq!(EventFile::parse(&file.write_over(text)).unwrap(), file, "{text}");
        }
    }
}
