//! A CSV of talks and the handles of those who speak there: `talk,handle`, one pair a line, the header first or not at all.
//! Which talk a line means, and whose the handle is there, is decided in `given`.

use super::{BadSchedule, Given};

/// Most lines of a CSV of handles.
const LINES_MAX: usize = 50_000;

/// The pairs of a CSV.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Handles(Vec<Pair>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Pair {
    place: String,
    talk: String,
    handle: String,
}

impl Handles {
    /// The pairs, in the file's order.
    pub fn given(&self) -> impl Iterator<Item = Given<'_>> {
        self.0.iter().map(|pair| Given { place: &pair.place, talk: &pair.talk, handle: &pair.handle })
    }
}

/// Reads a CSV of handles, separated by commas, semicolons or tabs.
///
/// # Errors
/// [`BadSchedule`] with the line that is no pair of a talk and a handle; then nothing of the file is to be used.
pub fn handles(bytes: &[u8]) -> Result<Handles, BadSchedule> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|bad| {
        let line = bytes[..bad.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
        BadSchedule::Broken(format!("line {line} is not UTF-8"))
    })?;
    let mut pairs = Vec::new();
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    for (n, (at, line)) in lines.enumerate() {
        let place = format!("line {}", at + 1);
        if n > LINES_MAX {
            return Err(BadSchedule::Broken(format!("{place}: there are more than {LINES_MAX} lines")));
        }
        // A title may hold commas; a handle never does.
        let Some((talk, handle)) = line.rsplit_once([',', ';', '\t']) else {
            return Err(BadSchedule::Broken(format!(
                "{place}: a talk and a handle are wanted, with a comma between them"
            )));
        };
        let (talk, handle) = (field(talk), field(handle));
        let is_header = n == 0 && handle.to_lowercase().starts_with("handle");
        if is_header {
            continue;
        }
        if talk.is_empty() || !is_handle(&handle) {
            return Err(BadSchedule::Broken(format!(
                "{place}: {handle:?} is no handle; write the talk's guid, code, id or title, a comma, and a handle such as @ana@pub.example"
            )));
        }
        pairs.push(Pair { place, talk, handle });
    }
    Ok(Handles(pairs))
}

fn field(text: &str) -> String {
    let text = text.trim();
    match text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
        Some(quoted) => quoted.replace("\"\"", "\""),
        None => text.to_owned(),
    }
}

fn is_handle(text: &str) -> bool {
    const HANDLE_BYTES_MAX: usize = 300;
    let name = text.trim_start_matches('@');
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, '@' | '.' | '-' | '_' | ':' | '/');
    !name.is_empty() && text.len() <= HANDLE_BYTES_MAX && name.chars().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, String)> {
        let list = handles(text.as_bytes()).unwrap();
        list.given().map(|one| (one.talk.to_owned(), one.handle.to_owned())).collect()
    }

    #[test]
    fn pairs_are_read_with_and_without_a_header_and_titles_may_hold_commas() {
        let pair = |talk: &str, handle: &str| (talk.to_owned(), handle.to_owned());
        assert_eq!(
            read("\u{feff}talk,handle\r\nAB1,@ana@s.example\r\n\r\n"),
            [pair("AB1", "@ana@s.example")]
        );
        assert_eq!(read("\"Zero \"\"copy\"\", again\",bo"), [pair("Zero \"copy\", again", "bo")]);
        assert_eq!(read("talk;handle\nAB1; @x.bsky.example"), [pair("AB1", "@x.bsky.example")]);
    }

    #[test]
    fn what_is_no_pair_is_refused_with_its_line() {
        for (text, line) in
            [("talk,handle\nAB1\n", "line 2"), ("AB1,two words", "line 1"), ("a,b\n,c", "line 2")]
        {
            assert!(handles(text.as_bytes()).unwrap_err().to_string().contains(line), "{text}");
        }
        assert!(handles(b"a,b\n\xff,c").unwrap_err().to_string().contains("line 2"));
    }
}
