//! Words that mean the same to filing in every schedule: those that say nothing, those that tell what kind of post it is.
//! English, German, French, Spanish, Italian, Dutch, Portuguese; folded, as [`super::Words`] folds. Lists of a language stand
//! together, so that a reader who knows it can judge it.

mod common;
mod cues;
mod stop;

use std::collections::HashMap;
use std::sync::LazyLock;

/// What a word is known for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::filing) struct Known(u16);

impl Known {
    /// Grammar: it says nothing.
    pub(in crate::filing) const STOP: Self = Self(1);
    /// Said at every conference and in every second post: it says little.
    pub(in crate::filing) const COMMON: Self = Self(2);
    /// Food, travel, the venue, the party.
    pub(in crate::filing) const WIDE: Self = Self(4);
    /// The event as a whole: weaker, as talks speak of conferences, too.
    pub(in crate::filing) const SOFT: Self = Self(8);
    /// Somebody is listening: "speaker", "slide", "demo".
    pub(in crate::filing) const LISTENING: Self = Self(16);
    /// A talk is meant: "talk", "Vortrag", "conf".
    pub(in crate::filing) const TALK: Self = Self(32);
    /// It is still to come.
    pub(in crate::filing) const AHEAD: Self = Self(64);
    /// The writer's own.
    pub(in crate::filing) const MINE: Self = Self(128);
    /// It is over.
    pub(in crate::filing) const PAST: Self = Self(256);
    /// A word for a place in a building: "room", "Saal".
    pub(in crate::filing) const ROOM: Self = Self(512);
    /// A pause of the programme, when it is a title.
    pub(in crate::filing) const BREAK: Self = Self(1024);

    /// True when it is known for one of these.
    pub(in crate::filing) fn is(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Both.
    pub(in crate::filing) fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

static WORDS: LazyLock<HashMap<&'static str, Known>> = LazyLock::new(|| {
    let lists = [
        (Known::STOP, stop::WORDS),
        (Known::COMMON, common::WORDS),
        (Known::WIDE, cues::WIDE),
        (Known::SOFT, cues::SOFT),
        (Known::LISTENING, cues::LISTENING),
        (Known::TALK, cues::TALK),
        (Known::AHEAD, cues::AHEAD),
        (Known::MINE, cues::MINE),
        (Known::PAST, cues::PAST),
        (Known::ROOM, cues::ROOM),
        (Known::BREAK, cues::BREAK),
    ];
    let mut words: HashMap<&'static str, Known> = HashMap::new();
    for (known, texts) in lists {
        for word in texts.iter().flat_map(|text| text.split_whitespace()) {
            let entry = words.entry(word).or_default();
            *entry = entry.or(known);
        }
    }
    words
});

static PAIRS: LazyLock<HashMap<(&'static str, &'static str), Known>> = LazyLock::new(|| {
    let lists = [
        (Known::WIDE, cues::WIDE_PAIRS),
        (Known::SOFT, cues::SOFT_PAIRS),
        (Known::LISTENING, cues::LISTENING_PAIRS),
        (Known::AHEAD, cues::AHEAD_PAIRS),
        (Known::PAST, cues::PAST_PAIRS),
    ];
    let mut pairs: HashMap<(&'static str, &'static str), Known> = HashMap::new();
    for (known, texts) in lists {
        for pair in texts.iter().flat_map(|text| text.split(", ")) {
            if let Some(pair) = pair.split_once(' ') {
                let entry = pairs.entry(pair).or_default();
                *entry = entry.or(known);
            }
        }
    }
    pairs
});

static SAME: LazyLock<HashMap<&'static str, &'static str>> = LazyLock::new(|| {
    let groups = cues::SAME.iter().flat_map(|text| {
        let first = text.split_whitespace().next().unwrap_or_default();
        text.split_whitespace().map(move |word| (word, first))
    });
    groups.collect()
});

/// What a folded word is known for.
pub(in crate::filing) fn known(folded: &str) -> Known {
    WORDS.get(folded).copied().unwrap_or_default()
}

/// What two folded words, one after the other, are known for.
pub(in crate::filing) fn known_pair(first: &str, second: &str) -> Known {
    PAIRS.get(&(first, second)).copied().unwrap_or_default()
}

/// The word that stands for all words of its meaning, where programmes in several languages have the same slots: "opening".
pub(in crate::filing) fn same(folded: &str) -> Option<&'static str> {
    SAME.get(folded).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filing::words::folded;

    #[test]
    fn lists_are_folded_as_texts_are() {
        let words = WORDS.keys().copied().chain(SAME.keys().copied());
        let pairs = PAIRS.keys().flat_map(|(a, b)| [*a, *b]);
        for word in words.chain(pairs) {
            assert_eq!(folded(word), word);
            assert!(word.chars().all(char::is_alphanumeric), "{word:?} is no one word");
        }
    }

    #[test]
    fn a_cue_is_known_in_many_languages() {
        for word in ["lunch", "mittagessen", "dejeuner", "almuerzo", "pranzo", "koffie", "almoco"] {
            assert!(known(word).is(Known::WIDE), "{word}");
        }
        for word in ["talk", "vortrag", "conf", "charla", "intervento", "lezing", "palestra"] {
            assert!(known(word).is(Known::TALK), "{word}");
        }
        assert!(known_pair("looking", "forward").is(Known::AHEAD));
        assert_eq!(same("eroffnung"), same("ouverture"));
    }
}
