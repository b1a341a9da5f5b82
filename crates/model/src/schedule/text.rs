//! Bytes to text: by byte order mark, by the encoding that an XML prolog names, and, where nothing is said and the bytes are no
//! UTF-8, by what they look like. Spreadsheets still write Windows-1252 without a word.

use super::BadSchedule;
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use std::borrow::Cow;

/// Bytes in which an XML prolog ends.
const PROLOG_BYTES_MAX: usize = 200;

/// First bytes of files that hold no text, what they are, and what to do with them.
const PACKED: [(&[u8], &str); 5] = [
    (b"\x1f\x8b", "packed with gzip; unpack it and send what is in it"),
    (b"BZh", "packed with bzip2; unpack it and send what is in it"),
    (b"PK\x03\x04", "a ZIP file or a spreadsheet's own format; unpack it, or save the spreadsheet as CSV"),
    (b"\xd0\xcf\x11\xe0", "a spreadsheet's own format; save it as CSV"),
    (b"%PDF", "a PDF; ask the organisers for schedule.json, schedule.xml or the calendar"),
];

/// A file's text, and a remark where its encoding was guessed.
pub(super) struct Text<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) remark: Option<String>,
}

/// The text of a file, without a byte order mark and blanks before it.
///
/// # Errors
/// [`BadSchedule::Broken`] when the encoding that the file names is unknown, or its bytes are not of that encoding.
pub(super) fn decoded(bytes: &[u8]) -> Result<Text<'_>, BadSchedule> {
    if let Some((_, kind)) = PACKED.iter().find(|(head, _)| bytes.starts_with(head)) {
        return Err(BadSchedule::Unknown(format!("it is {kind}")));
    }
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return said(encoding, &bytes[mark..]);
    }
    // Two bytes a letter without a mark: every second byte of plain letters is nothing.
    match bytes {
        [first, 0, ..] if *first != 0 => return said(UTF_16LE, bytes),
        [0, second, ..] if *second != 0 => return said(UTF_16BE, bytes),
        _ => {}
    }
    if let Some(label) = prolog_encoding(bytes) {
        let encoding = Encoding::for_label(label.as_bytes()).ok_or_else(|| {
            BadSchedule::Broken(format!("line 1: the encoding {label:?} is unknown; save the file as UTF-8"))
        })?;
        // A prolog that can be read byte by byte cannot be in the two-byte encoding that it names.
        let is_wide = encoding == UTF_16LE || encoding == UTF_16BE;
        return said(if is_wide { UTF_8 } else { encoding }, bytes);
    }
    Ok(guessed(bytes))
}

fn said<'a>(encoding: &'static Encoding, bytes: &'a [u8]) -> Result<Text<'a>, BadSchedule> {
    if let Some(text) = encoding.decode_without_bom_handling_and_without_replacement(bytes) {
        return Ok(Text { text, remark: None });
    }
    let place = std::str::from_utf8(bytes).err().filter(|_| encoding == UTF_8);
    let place = place.map_or_else(String::new, |e| format!("line {}: ", line_of(bytes, e.valid_up_to())));
    Err(BadSchedule::Broken(format!(
        "{place}the file says that it is {}, and its bytes are not; save it as UTF-8",
        encoding.name()
    )))
}

/// UTF-8; else the encoding that explains the bytes better: UTF-8 with a few slips, or Windows-1252.
pub(super) fn guessed(bytes: &[u8]) -> Text<'_> {
    let Err(first) = std::str::from_utf8(bytes) else {
        return Text { text: String::from_utf8_lossy(bytes), remark: None };
    };
    let line = line_of(bytes, first.valid_up_to());
    let lossy = String::from_utf8_lossy(bytes);
    let slips = lossy.chars().filter(|c| *c == char::REPLACEMENT_CHARACTER).count();
    let letters = lossy.chars().filter(|c| !c.is_ascii()).count() - slips;
    if letters > slips {
        let remark = format!("line {line}: not all of the file is UTF-8; {slips} letters could not be read");
        return Text { text: lossy, remark: Some(remark) };
    }
    let (text, _) = WINDOWS_1252.decode_without_bom_handling(bytes);
    let remark = format!("line {line}: the file is not UTF-8; it was read as Windows-1252");
    Text { text, remark: Some(remark) }
}

/// The encoding that an XML prolog names.
fn prolog_encoding(bytes: &[u8]) -> Option<String> {
    let head = bytes.trim_ascii_start();
    let head = head.get(..PROLOG_BYTES_MAX.min(head.len()))?.strip_prefix(b"<?xml")?;
    let end = head.windows(2).position(|pair| pair == b"?>")?;
    let prolog = std::str::from_utf8(&head[..end]).ok()?;
    let (_, behind) = prolog.split_once("encoding")?;
    let value = behind.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    Some(value[1..].split(quote).next()?.to_owned())
}

/// The line, counted from one, that a byte stands on.
pub(super) fn line_of(bytes: &[u8], at: usize) -> usize {
    1 + bytes.iter().take(at).filter(|b| **b == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> (String, bool) {
        let text = decoded(bytes).unwrap();
        (text.text.into_owned(), text.remark.is_some())
    }

    #[test]
    fn marks_prologs_and_looks_tell_the_encoding() {
        let plain = |text: &str| (text.to_owned(), false);
        assert_eq!(read("\u{feff}[ö]".as_bytes()), plain("[ö]"));
        let wide: Vec<u8> = "[ö]".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(read(&[&[0xff, 0xfe], &wide[..]].concat()), plain("[ö]"));
        assert_eq!(read(&wide), plain("[ö]"));
        let wide: Vec<u8> = "[ö]".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(read(&[&[0xfe, 0xff], &wide[..]].concat()), plain("[ö]"));
        assert_eq!(
            read(b"<?xml version='1.0' encoding='ISO-8859-1'?><a>\xf6</a>").0.chars().rev().nth(4),
            Some('ö')
        );
        assert_eq!(read(b"title\nK\xf6nig"), ("title\nKönig".to_owned(), true));
        assert_eq!(read("a ö ü \u{fffd}".as_bytes()), plain("a ö ü \u{fffd}"));
        assert!(read(b"\xc3\xb6\xc3\xbc \xff").0.starts_with("öü"));
    }

    #[test]
    fn an_encoding_that_is_unknown_or_untrue_is_refused() {
        let why = |bytes: &[u8]| decoded(bytes).err().unwrap().to_string();
        assert!(
            why(b"<?xml version=\"1.0\" encoding=\"latin-99\"?><a/>").contains("\"latin-99\" is unknown")
        );
        assert!(why(b"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<a>\xf6</a>").contains("line 2: "));
    }

    #[test]
    fn what_is_no_text_is_named_with_the_cure() {
        let why = |bytes: &[u8]| decoded(bytes).err().unwrap().to_string();
        assert!(
            why(b"\x1f\x8b\x08\x00").ends_with("it is packed with gzip; unpack it and send what is in it")
        );
        assert!(why(b"PK\x03\x04\x14").contains("save the spreadsheet as CSV"));
        assert!(why(b"%PDF-1.7").contains("it is a PDF"));
    }
}
