//! Extraction against texts that nobody writes: finds stand on character boundaries, in order, apart, and a long text costs
//! no more than its length.

use std::time::{Duration, Instant};

use testkit::fuzz::{config, near_text, proptest};

use super::*;

const TEXTS: [&str; 4] = [
    "RT@karo: see http://t.co/aB1?x=1 (example.com/a_(b)), @a/list #tag＃x @u@h.example.org http://10.0.0.7:80/",
    "これは日本語です。example.com中国語t.co/abcde한국twitter.みんな #日本語 ＠ｆ ✌🏿#x #️⃣ #1 #a#b",
    "http://a_b.c-d.example.co.uk:8080/x(y(z)w)?q=[1]#f... $TVI.CA me@mail.com #x.com @http://x.com foo.xn--p1ai",
    "#۳۴۵هشتگ #می\u{200c}خواهم \u{2067}http://foobar.پاکستان/\u{2069} e\u{301}.com #e\u{301}",
];
/// What 64 KiB may cost in a build without optimisation, on a busy machine of two cores: what is not linear in the length
/// costs seconds.
const COST_MAX: Duration = Duration::from_millis(250);

fn hold(text: &str) {
    let found = extract(text);
    let mut end = 0;
    for find in &found {
        assert!(find.range.start >= end && find.range.end > find.range.start, "{text:?}: {find:?}");
        end = find.range.end;
        let shown = &text[find.range.clone()];
        match find.kind {
            Kind::Hashtag => assert!(shown.starts_with(['#', '＃']) && !shown.contains(char::is_whitespace)),
            Kind::Mention | Kind::Account | Kind::List => assert!(shown.starts_with(['@', '＠'])),
            Kind::Url => assert!(shown.contains('.') && !shown.contains(char::is_whitespace), "{shown:?}"),
        }
    }
    let tags: Vec<&str> = hashtags(text).collect();
    let again: Vec<&str> = found
        .iter()
        .filter(|f| f.kind == Kind::Hashtag)
        .map(|f| without_sign(&text[f.range.clone()]))
        .collect();
    // A mention never takes a hashtag away, so both ways agree.
    assert_eq!(tags, again, "{text:?}");
    for tag in tags {
        assert_eq!(tag_key(&tag_key(tag)), tag_key(tag), "{tag:?}");
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn finds_stand_apart_and_in_order(text in near_text(&TEXTS)) {
        hold(&text);
    }
}

#[test]
fn the_longest_text_costs_no_more_than_its_length() {
    const BYTES: usize = 64 * 1024;
    let units = [
        "a.",
        "a.a_.",
        "a-.",
        "a.com_-.",
        "あ.",
        "。com.",
        "http://",
        "http://a.co",
        "a.co/(",
        "a.co/((",
        "(((",
        "a.co?",
        "?a.co?",
        "@a@a.",
        "@a@",
        "@",
        "#",
        "#a",
        "#é",
        "あ",
        "#あ ",
        "http://a.co/(a(a",
        "中.com.中_",
        "xn--a.",
        "a.みんなみんなみんなみんなみんな.",
        "RT@",
        "t.co/a?",
        "\u{301}",
        "http://中.co ",
        "http://é.co ",
        "é.co ",
        "http://xn--a.co ",
        "@a@a.co.",
        "@aaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaa-aaaaaaaaaaaaaaaaaa",
    ];
    let mut worst = Duration::ZERO;
    for unit in units {
        let text = unit.repeat(BYTES / unit.len());
        // The best of five: the machine may be busy with something else.
        let cost = (0..5).map(|_| {
            let begun = Instant::now();
            let found = extract(&text);
            assert!(found.len() <= text.len());
            begun.elapsed()
        });
        let cost = cost.min().unwrap_or_default();
        println!("extract  64 KiB of {unit:?}: {:.1} ms", cost.as_secs_f64() * 1000.0);
        worst = worst.max(cost);
    }
    assert!(worst < COST_MAX, "{worst:?}");
}
