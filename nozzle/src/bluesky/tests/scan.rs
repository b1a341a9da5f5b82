//! The look at bytes against a full reading: over well-formed events in any order of members, with escapes and spaces, both
//! come to the same verdict.

use testkit::fuzz::{config, proptest};

use crate::bluesky::Tags;
use crate::bluesky::event::{self, Told};
use crate::bluesky::frame::{Kind, Scanner};

/// Words that mislead readers of bytes.
const WORDS: [&str; 24] = [
    "#rustfest",
    "#RustFest,",
    "＃rustfest",
    "＃ｒｕｓｔｆｅｓｔ",
    "#rustfest🎉",
    "#rustfest26",
    "rustfest",
    "RUSTFEST",
    "#\u{212a}ent",
    "#link",
    "facet#link",
    "{",
    "}",
    "\"",
    "\\",
    "\\u0066",
    "\n",
    "\u{2028}",
    "\"kind\":\"commit\"",
    "\"operation\":\"delete\"",
    "\"tags\"",
    "\"time_us\":1,",
    "app.bsky.feed.post",
    " ",
];

/// Throws dice, the same for the same seed.
struct Dice {
    state: u64,
    /// One of so many things is written otherwise than the network's own hosts do.
    strange: usize,
}

impl Dice {
    fn new(seed: u64) -> Self {
        let mut dice = Self { state: seed ^ 0x9e37_79b9_7f4a_7c15, strange: 1 };
        dice.below(1);
        dice.strange = [6, 40, 1_000_000][dice.below(3)];
        dice
    }

    fn below(&mut self, most: usize) -> usize {
        self.state =
            self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.state ^ self.state >> 29) >> 33).unwrap() % most
    }

    fn is_strange(&mut self) -> bool {
        let strange = self.strange;
        self.one_in(strange)
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn words(&mut self) -> String {
        (0..self.below(4)).map(|_| WORDS[self.below(WORDS.len())]).collect()
    }

    /// A text as JSON, some of it escaped although it need not be.
    fn text(&mut self, text: &str) -> String {
        let is_escaped = self.is_strange();
        let character = |c: char| {
            if is_escaped && self.one_in(4) {
                let mut units = [0; 2];
                return c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")).collect();
            }
            let quoted = serde_json::to_string(&c).unwrap();
            quoted[1..quoted.len() - 1].to_owned()
        };
        let inner: String = text.chars().map(character).collect();
        format!("\"{inner}\"")
    }

    fn words_as_text(&mut self) -> String {
        let words = self.words();
        self.text(&words)
    }

    fn list(&mut self, mut one: impl FnMut(&mut Self) -> String) -> String {
        let list: Vec<String> = (0..self.below(3)).map(|_| one(self)).collect();
        format!("[{}]", list.join(","))
    }

    /// An object whose members mostly stand as they are given.
    fn object(&mut self, members: Vec<(&str, String)>) -> String {
        let space = if self.is_strange() { " " } else { "" };
        let mut members: Vec<String> =
            members.into_iter().map(|(key, value)| format!("{}:{space}{value}", self.text(key))).collect();
        if self.is_strange() {
            members.reverse();
        } else if self.is_strange() {
            let turned = self.below(members.len().max(1));
            members.rotate_left(turned);
        }
        format!("{{{}}}", members.join(","))
    }

    fn facet(&mut self) -> String {
        let kind = ["tag", "link", "mention"][self.below(3)];
        let kind = self.text(&format!("app.bsky.richtext.facet#{kind}"));
        let members = vec![
            ("$type", kind),
            ("tag", self.words_as_text()),
            ("uri", self.words_as_text()),
            ("did", "\"did:plc:b\"".to_owned()),
        ];
        let feature = self.object(members);
        let end = self.below(30).to_string();
        let index = self.object(vec![("byteStart", "0".to_owned()), ("byteEnd", end)]);
        self.object(vec![("features", format!("[{feature}]")), ("index", index)])
    }

    fn record(&mut self) -> String {
        let mut members = vec![("text", self.words_as_text()), ("about", self.words_as_text())];
        if self.one_in(2) {
            members.push(("facets", self.list(Self::facet)));
        }
        if self.one_in(3) {
            members.push(("tags", self.list(Self::words_as_text)));
        }
        if self.one_in(6) {
            members.push((
                "record",
                "{\"collection\":\"app.bsky.feed.post\",\"operation\":\"delete\",\"rkey\":\"z\"}".to_owned(),
            ));
        }
        self.object(members)
    }

    fn event(&mut self) -> String {
        let collection = ["app.bsky.feed.post", "app.bsky.feed.like"][usize::from(self.one_in(6))];
        let operation = ["create", "create", "create", "update", "delete"][self.below(5)];
        let mut commit = vec![
            ("rev", self.words_as_text()),
            ("operation", self.text(operation)),
            ("collection", self.text(collection)),
            ("rkey", self.text("3lbh")),
        ];
        if operation != "delete" || self.one_in(6) {
            commit.push(("record", self.record()));
            commit.push(("cid", self.words_as_text()));
        }
        let kind = ["commit", "account"][usize::from(self.one_in(8))];
        let time = [1_783_175_888_090_631, 0, -1, i64::MAX, i64::MIN][self.below(7).saturating_sub(2)];
        let mut members =
            vec![("did", self.text("did:plc:abc")), ("time_us", time.to_string()), ("kind", self.text(kind))];
        if self.is_strange() {
            members.push(("news", self.record()));
        }
        members.push(("commit", self.object(commit)));
        if self.one_in(6) {
            members.push(("cursor", self.below(1000).to_string()));
        }
        self.object(members)
    }
}

fn is_same_verdict(tags: &Tags, text: &str) -> Kind<'static> {
    let scanner = Scanner::new(tags);
    let look = scanner.look(text);
    let (time, told) = event::read(text, tags);
    if look.time.is_some() {
        assert_eq!(look.time, time, "{text}");
    }
    match (look.kind, told) {
        (Kind::Whole, _) => Kind::Whole,
        (Kind::Unmatched, Told::NotOurs { near, is_update: false, .. }) if near.is_empty() => Kind::Unmatched,
        (Kind::Delete { did, rkey }, Told::Delete { did: read, rkey: read_rkey }) => {
            assert_eq!((did, rkey), (read.as_str(), read_rkey.as_str()), "{text}");
            Kind::Delete { did: "", rkey: "" }
        }
        (look, told) => panic!("{look:?} but {told:?}: {text}"),
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn bytes_and_a_full_reading_come_to_the_same_verdict(seed in proptest::num::u64::ANY) {
        let text = Dice::new(seed).event();
        serde_json::from_str::<serde_json::Value>(&text).expect("well-formed");
        for tags in [&["rustfest"][..], &["link"], &["kent", "köln"], &["rustfest", "link"]] {
            let tags: Vec<String> = tags.iter().map(|tag| (*tag).to_owned()).collect();
            is_same_verdict(&Tags::new(&tags), &text);
        }
    }
}

#[test]
fn the_events_above_are_passed_by_deleted_and_read_in_numbers() {
    let mut counts = [0; 3];
    for seed in 0..2000 {
        let kind = is_same_verdict(&Tags::new(&["rustfest".to_owned()]), &Dice::new(seed * 7919).event());
        counts[match kind {
            Kind::Unmatched => 0,
            Kind::Delete { .. } => 1,
            Kind::Whole => 2,
        }] += 1;
    }
    println!("passed by, deleted, read: {counts:?}");
    assert!(counts.iter().all(|count| *count > 20), "{counts:?}");
}
