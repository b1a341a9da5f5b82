//! A CSV of talks and the handles of those who speak there: `talk,handle`, and `speaker` where it is known; a head names the
//! columns in any order, without one they stand in this order. Which talk a line means, and whose the handle is there, is decided
//! in `given`.

use super::csv::rows::{Row, table};
use super::{BadSchedule, Given, text};

/// Most lines of a CSV of handles.
const LINES_MAX: usize = 50_000;
/// Longest handle, in bytes.
const HANDLE_BYTES_MAX: usize = 300;
/// What to write.
const CURE: &str = "write the talk's guid, code, id or title, a comma, and a handle such as @ana@pub.example";

/// The lines of a CSV.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Handles(Vec<Entry>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    place: String,
    talk: String,
    handle: String,
    speaker: String,
}

impl Handles {
    /// What is given, in the file's order.
    pub fn given(&self) -> impl Iterator<Item = Given<'_>> {
        self.0.iter().map(|entry| Given {
            place: &entry.place,
            talk: &entry.talk,
            handle: &entry.handle,
            speaker: Some(entry.speaker.as_str()).filter(|speaker| !speaker.is_empty()),
        })
    }
}

/// Where the columns stand.
struct Columns {
    talk: usize,
    handle: usize,
    speaker: Option<usize>,
}

impl Columns {
    /// By the head; none where the row is no head.
    fn named(head: &Row) -> Option<Self> {
        let at = |names: &[&str]| {
            head.fields.iter().position(|field| names.contains(&field.to_lowercase().as_str()))
        };
        let handle = at(&["handle", "handles", "account"])?;
        let talk = at(&["talk", "code", "guid", "id", "title"])?;
        Some(Self { talk, handle, speaker: at(&["speaker", "name", "person"]) })
    }
}

/// Reads a CSV of handles, separated by commas, semicolons or tabs.
///
/// # Errors
/// [`BadSchedule`] with the line that is no pair of a talk and a handle; then nothing of the file is to be used.
pub fn handles(bytes: &[u8]) -> Result<Handles, BadSchedule> {
    let text = text::decoded(bytes)?.text;
    let mut rows = table(&text).map_err(BadSchedule::Broken)?;
    let named = rows.first().and_then(Columns::named);
    if named.is_some() {
        rows.remove(0);
    }
    if let Some(row) = rows.get(LINES_MAX) {
        let why = format!("line {}: there are more than {LINES_MAX} lines", row.line);
        return Err(BadSchedule::Broken(why));
    }
    rows.into_iter().map(|row| entry(row, named.as_ref())).collect::<Result<_, _>>().map(Handles)
}

fn entry(row: Row, named: Option<&Columns>) -> Result<Entry, BadSchedule> {
    let place = format!("line {}", row.line);
    let broken = |why: String| Err(BadSchedule::Broken(format!("{place}: {why}; {CURE}")));
    let [talk, handle, speaker] = match named {
        Some(columns) => [Some(columns.talk), Some(columns.handle), columns.speaker]
            .map(|at| at.and_then(|at| row.fields.get(at)).cloned().unwrap_or_default()),
        None => bare(row.fields),
    };
    if talk.is_empty() {
        return broken("it names no talk".to_owned());
    }
    if handle.is_empty() {
        return broken("it names no handle".to_owned());
    }
    if !is_handle(&handle) {
        return broken(format!("{handle:?} is no handle"));
    }
    Ok(Entry { place, talk, handle, speaker })
}

/// Talk, handle and speaker of a row without a head. Nobody quotes a title for its commas, and a handle never has any: where
/// there are more than two fields, the handle is the last that begins with `@`, else the last of all.
fn bare(mut fields: Vec<String>) -> [String; 3] {
    while fields.len() > 2 && fields.last().is_some_and(String::is_empty) {
        fields.pop();
    }
    let last = fields.len().saturating_sub(1);
    let at =
        fields.iter().rposition(|field| field.starts_with('@')).filter(|at| *at > 0).unwrap_or(last.max(1));
    let mut behind = fields.split_off(at.min(fields.len())).into_iter();
    let handle = behind.next().unwrap_or_default();
    [fields.join(", "), handle, behind.collect::<Vec<_>>().join(", ")]
}

fn is_handle(text: &str) -> bool {
    let name = text.trim_start_matches('@');
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, '@' | '.' | '-' | '_' | ':' | '/');
    !name.is_empty() && text.len() <= HANDLE_BYTES_MAX && name.chars().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<[String; 3]> {
        let list = handles(text.as_bytes()).unwrap();
        let words = |one: Given<'_>| [one.talk, one.handle, one.speaker.unwrap_or("-")].map(str::to_owned);
        list.given().map(words).collect()
    }

    fn line(talk: &str, handle: &str, speaker: &str) -> [String; 3] {
        [talk, handle, speaker].map(str::to_owned)
    }

    #[test]
    fn pairs_are_read_with_and_without_a_header_and_titles_may_hold_commas() {
        assert_eq!(
            read("\u{feff}talk,handle\r\nAB1,@ana@s.example\r\n\r\n"),
            [line("AB1", "@ana@s.example", "-")]
        );
        assert_eq!(read("\"Zero \"\"copy\"\", again\",bo"), [line("Zero \"copy\", again", "bo", "-")]);
        assert_eq!(read("Zero, one and two,@bo"), [line("Zero, one and two", "@bo", "-")]);
        assert_eq!(read("talk;handle\nAB1; @x.bsky.example"), [line("AB1", "@x.bsky.example", "-")]);
    }

    #[test]
    fn a_third_column_names_the_speaker_and_a_head_may_order_the_columns() {
        let found = [line("AB1", "@b", "Bo, the 2nd"), line("AB2", "c", "-")];
        assert_eq!(read("talk,handle,speaker\nAB1,@b,\"Bo, the 2nd\"\nAB2,c,\n"), found);
        assert_eq!(read("Speaker;Handle;Talk\n\"Bo, the 2nd\";@b;AB1\n;c;AB2"), found);
        assert_eq!(read("AB1,@b,\"Bo, the 2nd\"\nAB2,c,"), found);
        let file = b"talk;handle;speaker\nAB1;@b;J\xf6rg".as_slice();
        assert_eq!(handles(file).unwrap().given().next().unwrap().speaker, Some("Jörg"), "Windows-1252");
    }

    #[test]
    fn what_is_no_pair_is_refused_with_its_line() {
        for (text, line) in [
            ("talk,handle\nAB1\n", "line 2: it names no handle"),
            ("AB1,two words", "line 1: \"two words\" is no handle"),
            ("a,b\n,c", "line 2: it names no talk"),
            ("a,b\n\"c,@d", "line 2: a field begins with a double quote"),
        ] {
            let why = handles(text.as_bytes()).unwrap_err().to_string();
            assert!(why.contains(line), "{text}: {why}");
        }
    }
}
