//! How long words take to read, and the beginning of a post that fits into so many.

/// Words that people read in a minute: adults read English prose silently at about 238 (Brysbaert 2019, a review of 190 studies); a little
/// less here, as every line begins a new thought.
pub(super) const WORDS_PER_MINUTE: usize = 220;
/// Letters of one word at most; a longer one (an address, a compound) counts as several.
const WORD_CHARS_MAX: usize = 15;
/// Characters of scripts without spaces that take as long as a word.
const DENSE_CHARS: usize = 2;

/// How many words these are to a reader.
pub(super) fn words(text: &str) -> usize {
    text.split_whitespace().map(cost).sum()
}

/// The beginning of a text within so many words, and how many it has; an ellipsis says that more follows.
pub(super) fn excerpt(text: &str, words_max: usize) -> (String, usize) {
    let mut out = String::new();
    let mut spent = 0;
    for token in text.split_whitespace() {
        let left = words_max - spent;
        let (part, is_cut) = match cost(token) {
            cost if cost <= left => (token, false),
            _ => (fitting(token, left), true),
        };
        if !part.is_empty() {
            if !out.is_empty() {
                out.push(' ');
            }
            out.push_str(part);
            spent += cost(part);
        }
        if is_cut {
            out.push('…');
            break;
        }
    }
    (out, spent)
}

fn cost(token: &str) -> usize {
    let (mut dense, mut plain) = (0, 0_usize);
    for letter in token.chars() {
        if is_dense(letter) { dense += 1 } else { plain += 1 }
    }
    usize::div_ceil(dense, DENSE_CHARS) + plain.div_ceil(WORD_CHARS_MAX)
}

/// As much of a token as costs `left` at most; nothing of a common word, which is not cut.
fn fitting(token: &str, left: usize) -> &str {
    if cost(token) <= 1 || left == 0 {
        return "";
    }
    let ends = token.char_indices().map(|(at, _)| at).chain([token.len()]);
    let fits = ends.take_while(|end| cost(&token[..*end]) <= left).last();
    &token[..fits.unwrap_or(0)]
}

/// Letters of scripts that set no spaces between words: Chinese, Japanese, Korean, Thai, Lao, Burmese, Khmer.
fn is_dense(letter: char) -> bool {
    matches!(u32::from(letter),
        0x0E00..=0x0EFF | 0x1000..=0x109F | 0x1780..=0x17FF | 0x3040..=0x30FF | 0x3400..=0x9FFF | 0xAC00..=0xD7AF | 0xF900..=0xFAFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_what_a_reader_takes_them_for() {
        assert_eq!(words("Two words"), 2);
        assert_eq!(words(""), 0);
        assert_eq!(words("https://a.example/a/long/address"), 3, "an address takes longer");
        assert_eq!(words("今日は良い天気"), 4, "no spaces are no way around the budget");
    }

    #[test]
    fn an_excerpt_never_exceeds_its_words_and_says_that_it_was_cut() {
        assert_eq!(excerpt("One two three", 3), ("One two three".into(), 3));
        assert_eq!(excerpt("One two three", 2), ("One two…".into(), 2));
        assert_eq!(excerpt("", 2), (String::new(), 0));
        for text in
            ["今日は良い天気ですね", "https://a.example/a/very/long/address/with/no/end", "é́́́́ a\n\nb\u{202e}c"]
        {
            for most in 0..12 {
                let (cut, spent) = excerpt(text, most);
                assert!(spent <= most && words(cut.trim_end_matches('…')) <= most, "{cut} {spent} {most}");
            }
        }
    }
}
