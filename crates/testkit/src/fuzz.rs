//! Fuzzing without a fuzzer: valid samples, changed as an attacker or a broken server would change them, from a fixed seed.
//!
//! `PERIHELION_FUZZ_CASES` says how many cases each property gets (few by default, so that every test run has them),
//! `PERIHELION_FUZZ_SEED` which ones. What a property is, each crate says in its own `fuzz.rs`.

use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

pub use proptest::proptest;

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::RngSeed;

/// Cases of one property in a short run.
const CASES_USUAL: u32 = 192;
/// The seed of a run that names none.
const SEED_USUAL: u64 = 20_260_601;
/// Changes made to one sample.
const CHANGES_MAX: usize = 6;
/// Bytes that one change adds at most.
const ADDED_BYTES_MAX: usize = 16 * 1024;

/// What breaks readers: numbers beyond every type, depth, broken UTF-8, ends of other formats, marks that change words.
const NASTY: &[&[u8]] = &[
    b"\xff\xfe",
    b"\xc3\x28",
    b"\xed\xa0\x80",
    b"\xf0\x9f",
    b"\0",
    b"\xef\xbb\xbf",
    b"\r",
    b"\n",
    b"\r\n\r\n",
    b"\"",
    b"\\",
    b"\\u0000",
    b"\\ud800",
    b"{",
    b"}",
    b"[",
    b"]",
    b"<",
    b">",
    b"&",
    b"]]>",
    b"<!--",
    b"--!>",
    b"<![CDATA[",
    b"<?x?>",
    b"<!DOCTYPE a [<!ENTITY b \"cc\">]>",
    b"&b;",
    b"&#0;",
    b"&#x110000;",
    b"&amp;lt;",
    b"</",
    b"<a href=\"javascript:alert(1)\">x</a>",
    b"javascript:alert(1)",
    b" data:text/html,x ",
    b"https://u:p@h.example/",
    b"http:\\\\h.example",
    b"null",
    b"true",
    b"-",
    b"1e999",
    b"#",
    b"@",
    b"data: ",
    b"event: ",
    b":",
    b"9999-99-99T99:99:99Z",
    b"-009999-01-01T00:00:00Z",
    "\u{202e}".as_bytes(),
    "\u{2066}".as_bytes(),
    "\u{2069}".as_bytes(),
    "\u{200d}".as_bytes(),
    "\u{301}\u{301}\u{301}\u{301}".as_bytes(),
    "ﷺ".as_bytes(),
    "İ".as_bytes(),
    "日本".as_bytes(),
    "👩‍👩‍👧".as_bytes(),
    "\u{2028}".as_bytes(),
    "https://h.example/ü".as_bytes(),
];
/// What a number is replaced by.
const NUMBERS: &[&str] = &[
    "0",
    "-1",
    "-0.0",
    "1e308",
    "1e999",
    "255",
    "65536",
    "2147483648",
    "4294967296",
    "9007199254740993",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551616",
    "253402300800000000",
    "99999999999999999999999999999999999999999",
];
/// Openings of something that can be nested.
const OPENINGS: &[&str] =
    &["[", "{\"a\":", "{\"reblog\":", "<div>", "<a>", "<schedule>", "((", "&amp;", "\u{2067}"];

/// Bytes that a failure prints as text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Case(Vec<u8>);

impl Deref for Case {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b\"{}\"", self.0.escape_ascii())
    }
}

/// One change of a text.
#[derive(Clone, Debug)]
enum Change {
    Flip { at: Index, bit: u8 },
    Cut { from: Index, bytes: usize },
    End { at: Index },
    Insert { at: Index, nasty: Index },
    Repeat { from: Index, bytes: usize, times: usize },
    Splice { other: Index, from: Index, bytes: usize, to: Index },
    Number { which: Index, with: Index },
    Nest { at: Index, opening: Index, times: usize },
}

/// How a property is run: cases and seed as asked for, nothing written to disk.
#[must_use]
pub fn config() -> ProptestConfig {
    ProptestConfig {
        cases: asked("PERIHELION_FUZZ_CASES", CASES_USUAL),
        rng_seed: RngSeed::Fixed(asked("PERIHELION_FUZZ_SEED", SEED_USUAL)),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

fn asked<T: FromStr>(name: &str, usual: T) -> T {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name} is a number, not {text:?}")),
        Err(_) => usual,
    }
}

/// Bytes near one of the samples: up to six changes.
///
/// # Panics
/// When there is no sample.
pub fn near<S: AsRef<[u8]>>(samples: &[S]) -> impl Strategy<Value = Case> + use<S> {
    let samples: Vec<Vec<u8>> = samples.iter().map(|s| s.as_ref().to_vec()).collect();
    assert!(!samples.is_empty(), "there is something to change");
    (any::<Index>(), prop::collection::vec(change(), 0..=CHANGES_MAX)).prop_map(move |(which, changes)| {
        Case(changes.iter().fold(which.get(&samples).clone(), |bytes, change| change.made(bytes, &samples)))
    })
}

/// Text near one of the samples; what is broken UTF-8 becomes replacement characters.
pub fn near_text<S: AsRef<[u8]>>(samples: &[S]) -> impl Strategy<Value = String> + use<S> {
    near(samples).prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

fn change() -> impl Strategy<Value = Change> {
    let place = any::<Index>;
    prop_oneof![
        (place(), 0..8u8).prop_map(|(at, bit)| Change::Flip { at, bit }),
        (place(), 1..64usize).prop_map(|(from, bytes)| Change::Cut { from, bytes }),
        place().prop_map(|at| Change::End { at }),
        (place(), place()).prop_map(|(at, nasty)| Change::Insert { at, nasty }),
        (place(), 1..200usize, 1..300usize).prop_map(|(from, bytes, times)| Change::Repeat {
            from,
            bytes,
            times
        }),
        (place(), place(), 1..200usize, place()).prop_map(|(other, from, bytes, to)| Change::Splice {
            other,
            from,
            bytes,
            to
        }),
        (place(), place()).prop_map(|(which, with)| Change::Number { which, with }),
        (place(), place(), 1..3000usize).prop_map(|(at, opening, times)| Change::Nest { at, opening, times }),
    ]
}

impl Change {
    fn made(&self, mut bytes: Vec<u8>, samples: &[Vec<u8>]) -> Vec<u8> {
        match self {
            Self::Flip { at, bit } if !bytes.is_empty() => {
                let at = at.index(bytes.len());
                bytes[at] ^= 1 << bit;
            }
            Self::Flip { .. } => {}
            Self::Cut { from, bytes: length } => drop(bytes.drain(span(&bytes, *from, *length))),
            Self::End { at } => bytes.truncate(at.index(bytes.len() + 1)),
            Self::Insert { at, nasty } => insert(&mut bytes, *at, NASTY[nasty.index(NASTY.len())]),
            Self::Repeat { from, bytes: length, times } => {
                let piece = bytes[span(&bytes, *from, *length)].to_vec();
                insert(&mut bytes, *from, &bounded(&piece, *times));
            }
            Self::Splice { other, from, bytes: length, to } => {
                let other = other.get(samples);
                insert(&mut bytes, *to, &other[span(other, *from, *length)]);
            }
            Self::Number { which, with } => {
                replace_number(&mut bytes, *which, NUMBERS[with.index(NUMBERS.len())]);
            }
            Self::Nest { at, opening, times } => {
                insert(&mut bytes, *at, &bounded(OPENINGS[opening.index(OPENINGS.len())].as_bytes(), *times));
            }
        }
        bytes
    }
}

fn span(bytes: &[u8], from: Index, length: usize) -> std::ops::Range<usize> {
    let from = from.index(bytes.len() + 1);
    from..(from + length).min(bytes.len())
}

fn insert(bytes: &mut Vec<u8>, at: Index, piece: &[u8]) {
    let at = at.index(bytes.len() + 1);
    bytes.splice(at..at, piece.iter().copied());
}

fn bounded(piece: &[u8], times: usize) -> Vec<u8> {
    piece.repeat(times.min(ADDED_BYTES_MAX / piece.len().max(1)))
}

fn replace_number(bytes: &mut Vec<u8>, which: Index, with: &str) {
    let is_digit = |at: usize| bytes[at].is_ascii_digit();
    let starts: Vec<usize> =
        (0..bytes.len()).filter(|at| is_digit(*at) && (*at == 0 || !is_digit(at - 1))).collect();
    if starts.is_empty() {
        return;
    }
    let from = *which.get(&starts);
    let digits = bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    bytes.splice(from..from + digits, with.bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    use std::collections::BTreeSet;

    fn drawn(n: usize) -> Vec<Case> {
        let mut runner = TestRunner::new(config());
        let strategy = near(&["{\"a\":1,\"b\":[\"words\"]}", "<a>12</a>"]);
        (0..n).map(|_| strategy.new_tree(&mut runner).expect("always something").current()).collect()
    }

    #[test]
    fn a_seed_draws_the_same_cases_every_time() {
        assert_eq!(drawn(50), drawn(50));
    }

    #[test]
    fn cases_differ_and_stay_within_their_size() {
        let cases = drawn(500);
        let distinct: BTreeSet<_> = cases.iter().collect();
        assert!(distinct.len() > 350, "{} distinct", distinct.len());
        assert!(cases.iter().any(|case| std::str::from_utf8(case).is_err()), "nothing is broken UTF-8");
        assert!(cases.iter().any(|case| case.len() > 1000), "nothing is long");
        assert!(cases.iter().all(|case| case.len() <= 64 + CHANGES_MAX * ADDED_BYTES_MAX));
    }
}
