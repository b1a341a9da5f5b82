//! Rules against posts: what they hold for, what they must not hold for, and what a file cannot say.

use super::*;
use crate::event::EventFile;
use crate::{Author, Body, Counts, Item, Media, MediaKind, Micros, Network, Retain, Run, Uid};
use proptest::prelude::*;

fn item(text: &str) -> Item {
    Item {
        uid: Uid::new("mastodon", "1"),
        network: Network::Mastodon,
        source: "fosstodon".into(),
        rev: 0,
        url: None,
        when: Micros(0),
        author: Author { id: "7".into(), name: "Ada".into(), handle: "@ada".into(), url: None, avatar: None },
        title: None,
        body: Body::plain(text),
        lang: None,
        cover: None,
        reply_to: None,
        quotes: None,
        media: Vec::new(),
        card: None,
        counts: Counts::default(),
        marks: Vec::new(),
        late: false,
        retain: Retain::Archive,
        tags: Vec::new(),
        at: None,
    }
}

fn linked(address: &str) -> Item {
    Item { body: Body(vec![Run::Link { link: address.into(), text: "here".into() }]), ..item("") }
}

fn file(rules: &str) -> Result<Vec<RuleFile>, String> {
    let source = "[[source]]\nname = \"fosstodon\"\nkind = \"mastodon\"\nurl = \"https://m.example\"\n";
    let text = format!("slug = \"rustfest\"\ntitle = \"RustFest\"\n{source}{rules}\n");
    EventFile::parse(&text).map(|file| file.rules).map_err(|bad| bad.to_string())
}

fn rule(keys: &str) -> Rules {
    Rules::new(&file(&format!("[[rule]]\nname = \"one\"\n{keys}")).expect("a rule"))
}

fn holds_of(rules: &Rules, seen: &Seen<'_>) -> bool {
    !rules.judge(seen).is_empty()
}

fn seen<'a>(item: &'a Item, copies: &'a dyn Fn(&str, i64) -> u32) -> Seen<'a> {
    Seen { item, tags: item.body.tags().count(), shown_before: Some(0), copies }
}

fn holds(rules: &Rules, item: &Item) -> bool {
    holds_of(rules, &seen(item, &|_, _| 0))
}

#[test]
fn words_are_whole_words_and_phrases_whatever_their_case_accents_and_hiding_places() {
    let rules = rule("words = [\"casino\", \"free mint\", \"入門\", \"crème\", \"🍆\"]");
    for text in [
        "CASINO!",
        "go to the(casino)now",
        "ca\u{200b}si\u{ad}no",
        "Ｃａｓｉｎｏ",
        "a  free\n\nMINT, today",
        "free-mint",
        "これはRust入門です",
        "Creme brulee",
        "nice 🍆🍆",
        "casino入門",
    ] {
        assert!(holds(&rules, &item(text)), "{text:?}");
    }
    for text in ["casinos", "a carefree minty day", "free, in a mint", "mint free", "入 門", "", "occasion"]
    {
        assert!(!holds(&rules, &item(text)), "{text:?}");
    }
}

#[test]
fn words_are_found_in_everything_that_readers_see() {
    let rules = rule("words = [\"casino\"]");
    let photo = Media {
        kind: MediaKind::Photo,
        url: "https://p.example/1".into(),
        width: None,
        height: None,
        alt: Some("A casino".into()),
        licence: None,
    };
    let tagged = Body(vec![Run::Tag { tag: "Casino".into() }]);
    let named = Author { name: "Casino king".into(), ..item("").author };
    for said in [
        Item { title: Some("Casino".into()), ..item("x") },
        Item { cover: Some("casino".into()), ..item("x") },
        Item { media: vec![photo], ..item("x") },
        Item { body: tagged, ..item("x") },
        Item { author: named, ..item("x") },
    ] {
        assert!(holds(&rules, &said), "{said:?}");
    }
    let split = Item { title: Some("free".into()), ..item("mint") };
    assert!(!holds(&rule("words = [\"free mint\"]"), &split), "two fields are no phrase");
}

#[test]
fn links_are_hosts_with_what_is_under_them_and_addresses_with_what_is_below() {
    let host = rule("links = [\"spam.example\", \"*.bad.example\"]");
    for address in [
        "https://spam.example/x",
        "http://WWW.spam.example",
        "https://a.b.spam.example/?q",
        "https://x.bad.example",
    ] {
        assert!(holds(&host, &linked(address)), "{address}");
    }
    for address in ["https://notspam.example", "https://spam.example.org", "https://x.org/spam.example"] {
        assert!(!holds(&host, &linked(address)), "{address}");
    }
    let path = rule("links = [\"https://t.example/join\"]");
    for address in
        ["https://t.example/join", "http://www.t.example/join/42?utm_source=x", "https://t.example/join?a=1"]
    {
        assert!(holds(&path, &linked(address)), "{address}");
    }
    for address in ["https://t.example/joined", "https://t.example/"] {
        assert!(!holds(&path, &linked(address)), "{address}");
    }
    assert!(
        holds(&rule("links = [\"bücher.example\"]"), &linked("https://xn--bcher-kva.example/")),
        "one host, two spellings"
    );
}

#[test]
fn tags_new_authors_languages_and_copies_are_counted_as_the_rule_says() {
    let tags =
        Item { body: Body(vec![Run::Tag { tag: "a".into() }, Run::Tag { tag: "b".into() }]), ..item("") };
    assert!(holds(&rule("tags = 1"), &tags) && !holds(&rule("tags = 2"), &tags));

    let new = rule("new_author = 2");
    let said = item("hello");
    let of = |shown_before| Seen { shown_before, ..seen(&said, &|_, _| 0) };
    assert!(holds_of(&new, &of(Some(0))) && holds_of(&new, &of(Some(1))));
    assert!(!holds_of(&new, &of(Some(2))) && !holds_of(&new, &of(None)), "who has no id is never new");
    assert_eq!(new.counts_authors_to(), Some(2));

    let languages = rule("languages = [\"en\", \"de\"]");
    let lang = |lang: &str| Item { lang: Some(lang.into()), ..item("x") };
    assert!(holds(&languages, &lang("fr")) && holds(&languages, &lang("pt-BR")));
    for known in ["en", "EN-gb", "de_AT", "und", "zxx", ""] {
        assert!(!holds(&languages, &lang(known)), "{known}");
    }
    assert!(!holds(&languages, &item("x")), "who says nothing passes");

    let copies = rule("copies = 3\nminutes = 5");
    assert_eq!(copies.counts_copies_for(), Some(5 * Micros::MINUTE));
    let link = linked("https://www.a.example/x?utm_source=y");
    let others = |n: u32| {
        move |link: &str, within: i64| {
            if (link, within) == ("a.example/x", 5 * Micros::MINUTE) { n } else { 0 }
        }
    };
    assert!(!holds_of(&copies, &seen(&link, &others(2))), "the third is not more than three");
    assert!(holds_of(&copies, &seen(&link, &others(3))));
    assert!(!holds_of(&copies, &seen(&said, &|_, _| 9)), "no link, no copy");
}

#[test]
fn everything_that_a_rule_names_must_hold_and_sources_narrow_it() {
    let both = rule("new_author = 1\nwords = [\"x\"]\naction = \"reject\"");
    let said = item("x");
    let found = both.judge(&seen(&said, &|_, _| 0));
    assert_eq!(found, [Match { rule: "one".into(), action: RuleAction::Reject }]);
    assert!(!holds_of(&both, &Seen { shown_before: Some(1), ..seen(&said, &|_, _| 0) }));
    assert!(!holds(&both, &item("y")));
    let elsewhere = rule("words = [\"x\"]\nsources = [\"onsite\"]");
    assert!(!holds(&elsewhere, &said) && holds(&elsewhere, &Item { source: "onsite".into(), ..item("x") }));
    assert!(!holds(&Rules::default(), &said) && Rules::default().is_empty());
}

#[test]
fn readers_reports_hide_only_where_a_rule_says_so() {
    let rules = rule("reports = 2\naction = \"reject\"\nsources = [\"fosstodon\"]");
    assert!(rules.reported("fosstodon", 2).is_empty() && rules.reported("onsite", 9).is_empty());
    assert_eq!(rules.reported("fosstodon", 3).len(), 1);
    assert!(!holds(&rules, &item("x")), "what nobody reported is not its affair");
    assert!(rule("words = [\"x\"]").reported("fosstodon", 999).is_empty());
}

#[test]
fn rules_that_cannot_be_are_refused_with_the_line_and_the_cure() {
    for (keys, want) in [
        ("", "says nothing"),
        ("words = [\"...\"]", "no letter"),
        ("links = [\"spam\"]", "neither a host"),
        ("links = [\"ftp://a.example\"]", "neither a host"),
        ("languages = [\"english please\"]", "is no language"),
        ("tags = 5000", "between 0 and 1000"),
        ("new_author = 0", "between 1 and 1000"),
        ("copies = 3\nminutes = 9999", "between 1 and 1440"),
        ("words = [\"x\"]\nminutes = 5", "goes with copies"),
        ("reports = 3", "action = \"reject\""),
        ("reports = 3\nwords = [\"x\"]\naction = \"reject\"", "a rule of its own"),
        ("words = [\"x\"]\nsources = [\"nowhere\"]", "no source \"nowhere\""),
        ("words = [\"x\"]\naction = \"delete\"", "expected"),
        ("word = [\"x\"]", "unknown field"),
    ] {
        let why = file(&format!("[[rule]]\nname = \"one\"\n{keys}")).unwrap_err();
        assert!(why.contains(want) && why.contains("line "), "{keys}: {why}");
    }
    let twice = "[[rule]]\nname = \"a\"\ntags = 1\n[[rule]]\nname = \"a\"\ntags = 2";
    let why = file(twice).unwrap_err();
    assert!(why.contains("line 11") && why.contains("its own"), "{why}");
    let many: String = (0..=RULES_MAX).map(|n| format!("[[rule]]\nname = \"{n}\"\ntags = 1\n")).collect();
    assert!(file(&many).unwrap_err().contains("at most 32 rules"));
    let long: Vec<String> = (0..=WORDS_MAX).map(|n| format!("\"w{n}\"")).collect();
    let long = format!("[[rule]]\nname = \"a\"\nwords = [{}]", long.join(", "));
    assert!(file(&long).unwrap_err().contains("at most 2000 words"));
}

#[test]
fn as_many_words_as_may_be_are_looked_for_in_the_longest_post_in_no_time() {
    let words: Vec<String> = (0..WORDS_MAX).map(|n| "a ".repeat(n % 50 + 1) + &n.to_string()).collect();
    let rules = Rules::new(&[RuleFile { name: "many".into(), words, ..RuleFile::default() }]);
    let said = item(&"a ".repeat(4096));
    let began = std::time::Instant::now();
    for _ in 0..10 {
        assert!(!holds(&rules, &said));
    }
    assert!(began.elapsed().as_secs() < 2, "{:?} for ten posts", began.elapsed());
}

proptest! {
    #[test]
    fn a_word_of_letters_is_found_wherever_it_stands_by_itself(word in "[a-zà-ž]{1,12}", before in "[ -~]{0,20}", after in "[ -~]{0,20}") {
        let rules = Rules::new(&[RuleFile { name: "w".into(), words: vec![word.to_uppercase()], ..RuleFile::default() }]);
        let text = format!("{before} {word}, {after}");
        prop_assert!(holds(&rules, &item(&text)));
    }

    #[test]
    fn no_text_makes_a_rule_panic(text in any::<String>(), word in any::<String>(), link in any::<String>()) {
        let file = RuleFile { name: "w".into(), words: vec![word], links: vec![link.clone()], ..RuleFile::default() };
        let rules = Rules::new(&[file]);
        let _ = holds(&rules, &item(&text));
        let _ = holds(&rules, &linked(&link));
    }
}
