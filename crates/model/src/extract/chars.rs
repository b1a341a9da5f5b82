//! The classes of characters that the rules of extraction name.

use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};

/// `#`, in both widths.
pub(super) fn is_hash(c: char) -> bool {
    matches!(c, '#' | '＃')
}

/// `@`, in both widths.
pub(super) fn is_at(c: char) -> bool {
    matches!(c, '@' | '＠')
}

/// What asks for the emoji or the text form of the character before it.
pub(super) fn is_variation_selector(c: char) -> bool {
    matches!(c, '\u{fe0e}' | '\u{fe0f}')
}

/// Joiners are parts of words in Persian and Indic scripts, and are not seen.
pub(super) fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}')
}

/// A letter or a mark on one: every hashtag has at least one.
pub(super) fn is_tag_letter(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphabetic();
    }
    matches!(c.general_category_group(), GeneralCategoryGroup::Letter | GeneralCategoryGroup::Mark)
}

/// What a hashtag may consist of: letters, marks, decimal digits, and signs that stand inside words of some script.
pub(super) fn is_tag(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric() || c == '_';
    }
    is_joiner(c)
        || is_inside_words(c)
        || is_tag_letter(c)
        || c.general_category() == GeneralCategory::DecimalNumber
}

/// Cyrillic kavyka, Hebrew maqaf and geresh, tildes and sound marks of kana, ditto marks, Tibetan tsheg, the middle dot.
fn is_inside_words(c: char) -> bool {
    matches!(
        c,
        '\u{a67e}'
            | '\u{5be}'
            | '\u{5f3}'
            | '\u{5f4}'
            | '\u{ff5e}'
            | '\u{301c}'
            | '\u{309b}'
            | '\u{309c}'
            | '\u{30a0}'
            | '\u{30fb}'
            | '\u{3003}'
            | '\u{f0b}'
            | '\u{f0c}'
            | '\u{b7}'
    )
}

/// What a screen name may consist of.
pub(super) fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Latin letters with accents, and the accents by themselves: they stand in paths, and do not end a name.
pub(super) fn is_latin_accent(c: char) -> bool {
    matches!(c, '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{24f}' | '\u{253}' | '\u{254}' | '\u{256}' | '\u{257}'
        | '\u{259}' | '\u{25b}' | '\u{263}' | '\u{268}' | '\u{26f}' | '\u{272}' | '\u{289}' | '\u{28b}' | '\u{2bb}'
        | '\u{300}'..='\u{36f}' | '\u{1e00}'..='\u{1eff}')
}

/// Cyrillic letters and marks, as far as paths may hold them.
fn is_cyrillic(c: char) -> bool {
    matches!(c, '\u{400}'..='\u{4ff}')
}

/// Blanks and line ends.
pub(super) fn is_space(c: char) -> bool {
    c.is_whitespace() || c == '\u{180e}'
}

/// Marks that turn the direction of writing.
fn is_directional(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2066}'..='\u{2069}')
}

/// No character at all, or a byte order mark.
fn is_invalid(c: char) -> bool {
    matches!(c, '\u{fffe}' | '\u{feff}' | '\u{ffff}')
}

/// What a label of a host name may consist of beside hyphens: all but ASCII punctuation, blanks and invisible marks.
pub(super) fn is_domain(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric();
    }
    !is_space(c) && !is_directional(c) && !is_invalid(c) && !c.is_control()
}

/// What an address may not follow directly: then it is part of a word, a mail address, a tag or a price.
pub(super) fn is_before_no_url(c: char) -> bool {
    c.is_ascii_alphanumeric() || is_at(c) || is_hash(c) || c == '$' || is_invalid(c)
}

/// What the path of an address may consist of, parentheses aside.
pub(super) fn is_path(c: char) -> bool {
    is_path_end(c)
        || matches!(
            c,
            '!' | '*'
                | '\''
                | ';'
                | ':'
                | ','
                | '.'
                | '$'
                | '%'
                | '['
                | ']'
                | '\u{2013}'
                | '~'
                | '@'
                | '|'
                | '&'
        )
}

/// What a path may end in: a sentence's own punctuation is not the address's.
pub(super) fn is_path_end(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || matches!(c, '+' | '-' | '=' | '_' | '#' | '/')
        || is_cyrillic(c)
        || is_latin_accent(c)
}

/// What the query of an address may consist of.
pub(super) fn is_query(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || matches!(
            c,
            '!' | '?'
                | '*'
                | '\''
                | '@'
                | '('
                | ')'
                | ';'
                | ':'
                | '&'
                | '='
                | '+'
                | '$'
                | '/'
                | '%'
                | '#'
                | '['
                | ']'
                | '-'
                | '_'
                | '.'
                | ','
                | '~'
                | '|'
        )
}

/// What a query may end in.
pub(super) fn is_query_end(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '&' | '=' | '#' | '/')
}
