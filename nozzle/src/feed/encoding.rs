//! From bytes to text, where the HTTP header, the byte order mark and the XML declaration disagree. In the order of trust:
//! mark, header, declaration, then what the bytes themselves say. Whoever is trusted must also fit: a header that says UTF-8
//! above bytes that are none loses against a declaration that reads them without an error.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// How far into a document its declaration is looked for, in bytes.
const DECLARATION_BYTES_MAX: usize = 1024;

/// The text of a document, and the name of the encoding it was read in. `charset` is what the HTTP header names.
pub(super) fn decode(bytes: &[u8], charset: Option<&str>) -> (String, &'static str) {
    if let Some(wide) = utf_32(bytes) {
        return (wide, "UTF-32");
    }
    if let Some((encoding, mark_bytes)) = Encoding::for_bom(bytes) {
        let (text, is_broken) = encoding.decode_without_bom_handling(&bytes[mark_bytes..]);
        let is_mistaken = is_broken && encoding == UTF_8;
        return if is_mistaken {
            by_bytes(&bytes[mark_bytes..])
        } else {
            (text.into_owned(), encoding.name())
        };
    }
    let named = charset.and_then(named);
    let declared = declared(bytes);
    let mut first_choice = None;
    for encoding in [named, declared, sniffed(bytes)].into_iter().flatten() {
        let (text, is_broken) = encoding.decode_without_bom_handling(bytes);
        let is_absurd = is_wide(encoding) && !text.contains('<') && !text.contains('{');
        if !is_broken && !is_absurd {
            return (text.into_owned(), encoding.name());
        }
        first_choice.get_or_insert(encoding);
    }
    match first_choice.filter(|encoding| *encoding != UTF_8 && !is_wide(encoding)) {
        Some(encoding) => {
            let (text, _is_broken) = encoding.decode_without_bom_handling(bytes);
            (text.into_owned(), encoding.name())
        }
        None => by_bytes(bytes),
    }
}

/// Control characters of C1 are what is left of windows-1252 when somebody took it for ISO 8859-1; nobody means them.
pub(super) fn mended(text: &str) -> Cow<'_, str> {
    let is_c1 = |c: char| ('\u{80}'..='\u{9f}').contains(&c);
    if !text.contains(is_c1) {
        return Cow::Borrowed(text);
    }
    let one = |c: char| match u8::try_from(u32::from(c)) {
        Ok(byte) if is_c1(c) => {
            WINDOWS_1252.decode_without_bom_handling(&[byte]).0.chars().next().unwrap_or(c)
        }
        _ => c,
    };
    Cow::Owned(text.chars().map(one).collect())
}

/// What a label means; labels that name nothing count as not given. What calls itself ASCII is looked at more closely: it
/// usually is something else.
fn named(label: &str) -> Option<&'static Encoding> {
    let label = label.trim_matches(|c: char| c.is_whitespace() || c == '"' || c == '\'');
    if label.eq_ignore_ascii_case("us-ascii") || label.eq_ignore_ascii_case("ascii") {
        return None;
    }
    Encoding::for_label_no_replacement(label.as_bytes())
}

/// UTF-8 when it fits, else what the bytes look most like: nobody has said anything true about them.
fn by_bytes(bytes: &[u8]) -> (String, &'static str) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return (text.to_owned(), UTF_8.name());
    }
    // A few broken characters in UTF-8 are still UTF-8.
    if is_mostly_utf_8(bytes) {
        return (String::from_utf8_lossy(bytes).into_owned(), UTF_8.name());
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    let encoding = detector.guess(None, Utf8Detection::Deny);
    (encoding.decode_without_bom_handling(bytes).0.into_owned(), encoding.name())
}

fn is_mostly_utf_8(bytes: &[u8]) -> bool {
    let (mut good, mut bad) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().bytes().filter(|byte| *byte >= 0xc0).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    good > 4 * bad
}

fn is_wide(encoding: &'static Encoding) -> bool {
    encoding == UTF_16LE || encoding == UTF_16BE
}

/// The encoding that an XML declaration names; one of two bytes a character cannot be declared in single bytes.
fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = &bytes[..bytes.len().min(DECLARATION_BYTES_MAX)];
    let start = head.windows(5).position(|five| five == b"<?xml")?;
    let declaration = String::from_utf8_lossy(&head[start..]);
    let declaration = declaration.split("?>").next()?;
    let value = declaration.split_once("encoding")?.1.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    named(value[1..].split(quote).next()?).filter(|encoding| !is_wide(encoding))
}

/// Two bytes a character, told by the zeros beside the first `<` or `{`; else UTF-8 when it fits.
fn sniffed(bytes: &[u8]) -> Option<&'static Encoding> {
    match bytes {
        [b'<' | b'{', 0, ..] => Some(UTF_16LE),
        [0, b'<' | b'{', ..] => Some(UTF_16BE),
        _ => Some(UTF_8),
    }
}

/// Four bytes a character, which browsers no longer read; feeds in it were seen.
fn utf_32(bytes: &[u8]) -> Option<String> {
    let is_little = match bytes {
        [0xff, 0xfe, 0, 0, ..] | [b'<', 0, 0, 0, ..] => true,
        [0, 0, 0xfe, 0xff, ..] | [0, 0, 0, b'<', ..] => false,
        _ => return None,
    };
    let read = |four: &[u8]| {
        let four = [four[0], four[1], four[2], four[3]];
        let point = if is_little { u32::from_le_bytes(four) } else { u32::from_be_bytes(four) };
        char::from_u32(point).unwrap_or(char::REPLACEMENT_CHARACTER)
    };
    let text: String = bytes.chunks_exact(4).map(read).collect();
    Some(text.trim_start_matches('\u{feff}').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_beats_the_header_and_the_header_beats_the_declaration() {
        let declared = b"<?xml version='1.0' encoding='koi8-r'?><a>\xc1</a>";
        assert!(decode(declared, None).0.contains('а'), "declaration");
        assert!(decode(declared, Some("windows-1252")).0.contains('Á'), "header");
        let marked = [b"\xef\xbb\xbf".as_slice(), "<?xml encoding='koi8-r'?><a>ü</a>".as_bytes()].concat();
        assert_eq!(decode(&marked, Some("koi8-r")), ("<?xml encoding='koi8-r'?><a>ü</a>".into(), "UTF-8"));
    }

    #[test]
    fn who_names_an_encoding_that_does_not_fit_is_not_trusted() {
        let latin = b"<?xml version='1.0' encoding='iso-8859-1'?><a>\xfc</a>";
        assert!(decode(latin, Some("utf-8")).0.contains("<a>ü</a>"));
        assert!(decode(latin, Some("no-such-thing")).0.contains("<a>ü</a>"));
        assert!(decode(b"<a>\xfc</a>", None).0.contains("<a>ü</a>"));
        assert_eq!(decode(b"<?xml encoding='utf-16'?><a/>", None).1, "UTF-8");
        assert_eq!(decode(b"<a>", Some("utf-16")).1, "UTF-8");
    }

    #[test]
    fn characters_of_two_and_four_bytes_are_read_with_and_without_a_mark() {
        let text = "<a>日本</a>";
        let wide = |to: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(to).collect::<Vec<u8>>();
        assert_eq!(decode(&wide(u16::to_le_bytes), None).0, text);
        assert_eq!(decode(&wide(u16::to_be_bytes), None).0, text);
        let four: Vec<u8> = text.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect();
        assert_eq!(decode(&four, Some("utf-8")).0, text);
        assert_eq!(decode(&[b"\xff\xfe\0\0".as_slice(), &four].concat(), None).0, text);
    }
}
