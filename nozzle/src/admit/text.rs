//! Cleaning one text: control characters, directional overrides and towers of combining marks, none of which may reach
//! beyond the text that holds them. Knows nothing of runs or links.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_segmentation::UnicodeSegmentation;

/// Most combining marks that one base character keeps.
pub const COMBINING_MARKS_MAX: usize = 8;
/// Deepest nesting of directional isolates that is kept.
const ISOLATES_DEPTH_MAX: usize = 8;

/// A text of several lines: NFC, no C0 or C1 but the line feed, no directional embedding or override, isolates only in
/// balanced pairs, bounded combining marks, at most one empty line in a row.
pub(super) fn lines(raw: &str) -> String {
    let plain = without_controls(raw);
    let contained = with_balanced_isolates(&plain);
    few_empty_lines(&few_marks(contained.nfc()))
}

/// A text of one line, trimmed and cut at `bytes_max`; `None` when nothing is left that could be seen.
pub(super) fn line(raw: &str, bytes_max: usize) -> Option<String> {
    // What is far beyond the limit is never looked at: normalising costs time in proportion to its input.
    let raw = &raw[..raw.floor_char_boundary(bytes_max.saturating_mul(16))];
    let one: String = lines(raw).split_whitespace().collect::<Vec<_>>().join(" ");
    let cut = cut(&one, bytes_max);
    has_ink(&cut).then_some(cut)
}

/// Whether there is anything to see: a name of fillers alone is no name. The characters are Unicode's default ignorable ones and
/// those whose picture is empty.
pub(super) fn has_ink(text: &str) -> bool {
    let is_blank = |c: char| {
        c.is_whitespace()
            || matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
                | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
                | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}'
                | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
    };
    !text.chars().all(is_blank)
}

/// The beginning of a text, at most `bytes_max` bytes with the ellipsis that shows the cut, never inside a grapheme.
pub(super) fn cut(text: &str, bytes_max: usize) -> String {
    const ELLIPSIS: &str = "…";
    if text.len() <= bytes_max {
        return text.to_owned();
    }
    if bytes_max < ELLIPSIS.len() {
        return String::new();
    }
    let room = bytes_max - ELLIPSIS.len();
    let end = text.grapheme_indices(true).map(|(at, g)| at + g.len()).take_while(|end| *end <= room).last();
    // A cut inside a pair of isolates would leave the first one open.
    with_balanced_isolates(&format!("{}{ELLIPSIS}", text[..end.unwrap_or(0)].trim_end()))
}

fn without_controls(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut chars = raw.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' if chars.peek() == Some(&'\n') => {}
            '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => out.push('\n'),
            '\t' => out.push(' '),
            c if c.is_control() || is_invisible(c) => {}
            c => out.push(c),
        }
    }
    out
}

/// Characters that are not seen but hide words from searches and readers: zero-width space, joiners of words, embeddings
/// and overrides, deprecated format characters, interlinear annotations, byte order marks, noncharacters. The joiners
/// that scripts and emoji need (U+200C, U+200D) and the marks U+200E, U+200F and U+061C, which turn nothing, stay.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}' | '\u{180e}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fdd0}'..='\u{fdef}' | '\u{e0001}')
        || (c as u32) & 0xfffe == 0xfffe
}

/// Keeps isolates (U+2066 to U+2069) that are opened and closed within one line, at most eight deep.
fn with_balanced_isolates(text: &str) -> String {
    if !text.contains(['\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}']) {
        return text.to_owned();
    }
    let mut dropped: Vec<usize> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    for (at, c) in text.char_indices() {
        match c {
            '\u{2066}'..='\u{2068}' => open.push(at),
            '\u{2069}' => {
                let is_too_deep = open.len() > ISOLATES_DEPTH_MAX;
                match open.pop() {
                    Some(opening) if is_too_deep => dropped.extend([opening, at]),
                    Some(_) => {}
                    None => dropped.push(at),
                }
            }
            '\n' => dropped.append(&mut open),
            _ => {}
        }
    }
    dropped.append(&mut open);
    dropped.sort_unstable();
    text.char_indices().filter(|(at, _)| dropped.binary_search(at).is_err()).map(|(_, c)| c).collect()
}

fn few_marks(text: impl Iterator<Item = char>) -> String {
    let mut marks = 0;
    text.filter(|c| {
        if is_combining_mark(*c) {
            marks += 1;
            return marks <= COMBINING_MARKS_MAX;
        }
        // Joiners and directional characters are no base: a tower interrupted by them is one tower.
        if !matches!(c, '\u{200c}'..='\u{200f}' | '\u{2066}'..='\u{2069}' | '\u{61c}' | '\u{ad}') {
            marks = 0;
        }
        true
    })
    .collect()
}

fn few_empty_lines(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut feeds = 0;
    for c in text.chars() {
        feeds = if c == '\n' { feeds + 1 } else { 0 };
        if feeds <= 2 {
            out.push(c);
        }
    }
    out
}
