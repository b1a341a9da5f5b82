//! Admit against what strangers send: scripts, overrides, towers of marks, addresses that are none, floods.

use model::{Author, Body, Mark, Media, MediaKind, Micros, Network, Run};

use super::*;
use crate::source::{Draft, Revision, Words};

const NOON: Micros = Micros(1_795_189_320_000_000);

fn draft(words: Words) -> Draft {
    Draft { words, network_time: Some(NOON), ..Draft::new(Network::Mastodon, "https://s.example/1") }
}

fn admitted(words: Words) -> Admitted {
    admit(draft(words), Arrival { source: "s", received: NOON, is_late: false, consent: Consent::Live })
        .unwrap()
}

fn text_body(raw: &str) -> Body {
    admitted(Words::Text(format!("a{raw}b"))).item.body
}

fn html_body(raw: &str) -> Body {
    admitted(Words::Html(format!("<p>kept {raw}</p>"))).item.body
}

/// What must hold of every item, whatever it was made of.
pub(super) fn assert_harmless(body: &Body, of: &str) {
    let mut text = 0;
    for run in &body.0 {
        let shown = run.shown();
        text += shown.len();
        for c in shown.chars() {
            assert!(c == '\n' || !c.is_control(), "{of:?} left {c:?}");
            assert!(!matches!(c, '\u{202a}'..='\u{202e}' | '\u{feff}' | '\u{200b}'), "{of:?} left {c:?}");
        }
        let (opened, closed) = isolates(&shown);
        assert_eq!(opened, closed, "{of:?} left an open isolate");
        assert!(most_marks(&shown) <= COMBINING_MARKS_MAX, "{of:?} left a tower");
        let addresses = match run {
            Run::Link { link, .. } => vec![link.as_str()],
            Run::Mention { url: Some(url), .. } => vec![url.as_str()],
            _ => vec![],
        };
        for address in addresses {
            let parsed = ::url::Url::parse(address).unwrap();
            assert!(matches!(parsed.scheme(), "http" | "https"), "{of:?} left {address}");
            assert!(parsed.username().is_empty() && parsed.password().is_none(), "{of:?} left {address}");
            assert!(address.len() <= URL_CHARS_MAX, "{of:?} left a long address");
        }
    }
    assert!(text <= TEXT_BYTES_MAX, "{of:?} left {text} bytes");
    assert!(body.links().count() <= LINKS_MAX, "{of:?} left too many links");
}

fn isolates(text: &str) -> (usize, usize) {
    let opened = text.chars().filter(|c| matches!(c, '\u{2066}'..='\u{2068}')).count();
    (opened, text.chars().filter(|c| *c == '\u{2069}').count())
}

fn most_marks(text: &str) -> usize {
    let mut most = 0;
    let mut run = 0;
    for c in text.chars() {
        run = if unicode_normalization::char::is_combining_mark(c) { run + 1 } else { 0 };
        most = most.max(run);
    }
    most
}

/// Pieces of attacks; every one alone, and every pair, goes through both kinds of words.
const NASTY: &[&str] = &[
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<a href=\"javascript:alert(1)\">x</a>",
    "<a href=\"JaVaScRiPt:alert(1)\">x</a>",
    "<a href=\"java\tscript:alert(1)\">x</a>",
    "<a href=\"&#106;avascript:alert(1)\">x</a>",
    "<a href=\"\u{1}javascript:alert(1)\">x</a>",
    "<a href=\"data:text/html,<script>alert(1)</script>\">x</a>",
    "<a href=\"vbscript:x\">x</a>",
    "<a href=\"//evil.example\">x</a>",
    "<a href=\"http:\\\\evil.example\">x</a>",
    "<a href=\"https:evil.example\">x</a>",
    "<a href=\"https:///evil.example\">x</a>",
    "<a href=\"https://good.example@evil.example/\">x</a>",
    "<a href=\"https://u:p@evil.example/\">x</a>",
    "<a href=\"https://evil.example/\u{202e}cod.exe\">x</a>",
    "<a href=\"blob:https://evil.example/1\">x</a>",
    "<a class=mention href=\"javascript:alert(1)\">@a</a>",
    "<form action=//evil.example><button>x</button></form>",
    "<style>@import '//evil.example'</style>",
    "<template><script>alert(1)</script></template>",
    "{{constructor.constructor('alert(1)')()}}",
    "</script><!--",
    "]]><![CDATA[<script>",
    "\u{202e}dlrow",
    "\u{202a}\u{202b}\u{202d}x\u{202c}",
    "\u{2066}open",
    "\u{2069}closed",
    "\u{2067}one\ntwo\u{2069}",
    "\u{2028}line\u{2029}paragraph",
    "\u{0}\u{7}\u{1b}[31mred\u{1b}[0m\u{9b}31m",
    "\u{feff}\u{200b}\u{2060}",
    "\u{fffe}\u{ffff}\u{1fffe}",
    "\u{e0001}\u{fff9}x\u{fffa}y\u{fffb}",
    "e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
    "z\u{300}\u{300}\u{300}\u{300}\u{300}\u{300}\u{300}\u{200d}\u{300}\u{300}\u{300}\u{300}\u{300}",
    "\u{489}\u{489}\u{489}\u{489}\u{489}\u{489}\u{489}\u{489}\u{489}\u{489}",
    "https://u:p@evil.example/ https://evil.example",
    "javascript://evil.example/%0aalert(1)",
];

#[test]
fn nothing_nasty_gets_through_alone_or_in_pairs() {
    for one in NASTY {
        for body in [html_body(one), text_body(one)] {
            assert_harmless(&body, one);
        }
        for two in NASTY {
            let pair = format!("{one}{two}");
            assert_harmless(&html_body(&pair), &pair);
            assert_harmless(&text_body(&pair), &pair);
            let runs = vec![
                Run::text(*one),
                Run::Link { link: (*two).into(), text: (*one).into() },
                Run::text(*two),
            ];
            assert_harmless(
                &admitted(Words::Runs([vec![Run::text("kept")], runs].concat())).item.body,
                &pair,
            );
        }
    }
}

#[test]
fn text_that_looks_like_markup_stays_text() {
    assert_eq!(admitted(Words::Text("1 < 2 <b>".into())).item.body, Body::plain("1 < 2 <b>"));
    assert_eq!(admitted(Words::Html("1 &lt; 2 <b>x</b>".into())).item.body, Body::plain("1 < 2 x"));
}

#[test]
fn an_address_that_cannot_be_followed_becomes_its_text() {
    for bad in [
        "javascript:alert(1)",
        "//evil.example",
        "http:\\\\evil.example",
        "https://a@b.example/",
        "ftp://x.example",
    ] {
        let runs = vec![Run::Link { link: bad.into(), text: "see".into() }];
        let out = admitted(Words::Runs(runs));
        assert_eq!(out.item.body, Body::plain("see"), "{bad}");
        assert_eq!(out.trimmed, ["url"]);
    }
    let long = format!("https://x.example/{}", "a".repeat(URL_CHARS_MAX));
    let out = admitted(Words::Runs(vec![Run::Link { link: long, text: "see".into() }]));
    assert_eq!(out.item.body, Body::plain("see"));
}

#[test]
fn a_link_never_poses_as_another_host() {
    let link = |link: &str, text: &str| {
        let out = admitted(Words::Runs(vec![Run::Link { link: link.into(), text: text.into() }]));
        out.item.body.0[0].shown()
    };
    assert_eq!(link("https://evil.example/x", "https://bank.example/login"), "evil.example");
    assert_eq!(link("https://evil.example/x", "bank.example/…"), "evil.example");
    assert_eq!(link("https://www.bank.example/login", "bank.example/login"), "bank.example/login");
    assert_eq!(link("https://bank.example/", "read this"), "read this");
    assert_eq!(link("https://\u{430}pple.com/", "\u{430}pple.com"), "xn--pple-43d.com");
    assert_eq!(link("https://bücher.example/", "bücher.example"), "bücher.example");
}

#[test]
fn a_tower_of_ten_thousand_marks_is_eight_high() {
    let tower = format!("Z{}", "\u{35c}".repeat(10_000));
    let text = text_body(&tower).text();
    assert_eq!(text.chars().count(), "aZb".len() + COMBINING_MARKS_MAX);
}

#[test]
fn balanced_isolates_and_the_joiners_of_scripts_stay() {
    for kept in [
        "\u{2067}שלום\u{2069}!",
        "👩\u{200d}💻",
        "می\u{200c}خواهم",
        "\u{200f}שלום",
        "क्षत्रिय",
        "👍🏽 1\u{fe0f}\u{20e3}",
    ] {
        assert_eq!(admitted(Words::Text(kept.into())).item.body, Body::plain(kept));
    }
}

#[test]
fn words_come_in_one_normal_form() {
    assert_eq!(admitted(Words::Text("Cafe\u{301}".into())).item.body, Body::plain("Café"));
    assert_eq!(admitted(Words::Text("e\u{200b}\u{301}".into())).item.body, Body::plain("é"));
}

#[test]
fn a_huge_post_is_cut_on_a_whole_character_and_says_so() {
    for unit in ["x", "é", "👩‍💻", "שלום ", "word "] {
        let out = admitted(Words::Text(unit.repeat(1_000_000 / unit.len())));
        let text = out.item.body.text();
        assert!(text.len() <= TEXT_BYTES_MAX && text.len() > TEXT_BYTES_MAX - 64, "{}", text.len());
        assert!(text.ends_with('…') && out.trimmed.contains(&"text"));
        assert!(text.trim_end_matches('…').ends_with(unit.trim()), "cut inside {unit:?}");
    }
    assert_harmless(&html_body(&"<b>x</b>".repeat(200_000)), "many tags");
    assert_harmless(&html_body(&"<div>".repeat(200_000)), "deep tags");
}

#[test]
fn twenty_links_and_four_pictures_are_enough() {
    let out = admitted(Words::Text("https://x.example/a ".repeat(30)));
    assert_eq!(out.item.body.links().count(), LINKS_MAX);
    assert_eq!(out.item.body.text().matches("https://x.example/a").count(), 30, "the rest stays as text");
    let picture = |url: &str| Media {
        kind: MediaKind::Photo,
        url: url.into(),
        width: Some(0),
        height: Some(u32::MAX),
        alt: Some("\u{202e}a\nb".into()),
        licence: None,
    };
    let mut draft = draft(Words::Text("x".into()));
    draft.media = vec![picture("javascript:alert(1)")];
    draft.media.extend((0..9).map(|n| picture(&format!("https://x.example/{n}.jpg"))));
    let item = admit(draft, Arrival { source: "s", received: NOON, is_late: false, consent: Consent::Live })
        .unwrap()
        .item;
    assert_eq!(item.media.len(), MEDIA_MAX);
    assert_eq!(item.media[0].url, "https://x.example/0.jpg");
    assert_eq!((item.media[0].width, item.media[0].height), (None, None));
    assert_eq!(item.media[0].alt.as_deref(), Some("a b"));
}

#[test]
fn names_and_handles_are_one_clean_line() {
    let mut draft = draft(Words::Text("x".into()));
    draft.author = Author {
        id: "1".into(),
        name: "Eve\u{202e}\n\u{0}  of\tmany".into(),
        handle: "h".repeat(10_000),
        url: Some("javascript:alert(1)".into()),
        avatar: Some("data:image/svg+xml,<svg onload=alert(1)>".into()),
    };
    let author =
        admit(draft, Arrival { source: "s", received: NOON, is_late: false, consent: Consent::Live })
            .unwrap()
            .item
            .author;
    assert_eq!(author.name, "Eve of many");
    assert!(author.handle.len() <= LINE_TEXT_BYTES_MAX);
    assert_eq!((author.url, author.avatar), (None, None));
}

#[test]
fn what_has_no_name_or_no_content_is_rejected_with_a_reason() {
    let arrival = Arrival { source: "s", received: NOON, is_late: false, consent: Consent::Live };
    let reject = |draft: Draft| admit(draft, arrival).unwrap_err();
    let named = |native: &str| Draft { words: Words::Text("x".into()), ..Draft::new(Network::X, native) };
    assert_eq!(reject(named("")), Rejection::Identity);
    assert_eq!(reject(named("1\n2")), Rejection::Identity);
    assert_eq!(reject(named(&"1".repeat(NAME_BYTES_MAX))), Rejection::Identity);
    let stolen = Draft { uid: model::Uid("mastodon:1".into()), ..named("1") };
    assert_eq!(reject(stolen), Rejection::Identity);
    for nothing in ["", " \n\t ", "\u{202e}\u{200b}", "\u{3164}\u{ad}", "<script>x</script>"] {
        assert_eq!(reject(draft(Words::Html(nothing.into()))), Rejection::Empty, "{nothing:?}");
    }
}

#[test]
fn a_question_is_seen_behind_tags_links_and_brackets() {
    let is_question = |words: Words| admitted(words).item.marks == [Mark::Question];
    assert!(is_question(Words::Text("Really? https://x.example".into())));
    assert!(is_question(Words::Text("(Is it?)".into())));
    assert!(is_question(Words::Text("本当ですか？".into())));
    assert!(is_question(Words::Text("هل هذا صحيح؟".into())));
    let tagged = vec![Run::text("Who knows? "), Run::Tag { tag: "rustfest".into() }];
    assert!(is_question(Words::Runs(tagged)));
    assert!(!is_question(Words::Text("What? No.".into())));
    assert!(!is_question(Words::Text("https://x.example/?q".into())));
}

#[test]
fn a_backfilled_post_is_late_unless_it_is_fresh() {
    let late = |minutes: i64| {
        let mut draft = draft(Words::Text("x".into()));
        draft.network_time = Some(NOON.plus(-minutes * Micros::MINUTE));
        admit(draft, Arrival { source: "s", received: NOON, is_late: true, consent: Consent::Live })
            .unwrap()
            .item
            .late
    };
    assert!(late(10));
    assert!(!late(0), "the overlap of a backfill with the stream");
    assert!(late(-60), "a date in the future says nothing");
    let undated = Draft { network_time: None, ..draft(Words::Text("x".into())) };
    let arrival = Arrival { source: "s", received: NOON, is_late: true, consent: Consent::Live };
    assert!(admit(undated, arrival).unwrap().item.late);
    assert!(!admitted(Words::Text("x".into())).item.late);
}

#[test]
fn counts_revisions_and_languages_are_taken_within_reason() {
    let mut draft = draft(Words::Text("x".into()));
    draft.counts = DraftCounts { boosts: Some(-1), likes: Some(i64::MAX), replies: None };
    draft.revision = Revision::EditedAt(Micros(-5));
    draft.lang = Some("en-GB".into());
    let item =
        admit(draft.clone(), Arrival { source: "s", received: NOON, is_late: false, consent: Consent::Live })
            .unwrap()
            .item;
    assert_eq!((item.counts.boosts, item.counts.likes, item.counts.replies), (0, u32::MAX, 0));
    assert_eq!((item.rev, item.lang.as_deref()), (0, Some("en-GB")));
    for bad in ["und", "<b>", "e", "", "english-language-of-the-very-long-kind", "en_GB"] {
        draft.lang = Some(bad.into());
        let item = admit(
            draft.clone(),
            Arrival { source: "s", received: NOON, is_late: false, consent: Consent::Live },
        )
        .unwrap()
        .item;
        assert_eq!(item.lang, None, "{bad}");
    }
}

#[test]
fn hashtags_told_beside_the_words_are_kept_once_each_and_within_reason() {
    let mut draft = draft(Words::Runs(vec![Run::text("at "), Run::Tag { tag: "RustFest".into() }]));
    draft.tags = vec!["rustfest".into(), "hall1".into(), " \u{202e} ".into()];
    draft.tags.extend((0..100).map(|n| format!("tag{n}")));
    let arrival = Arrival { source: "s", received: NOON, is_late: false, consent: Consent::Live };
    let admitted = admit(draft, arrival).unwrap();
    assert_eq!(&admitted.item.tags[..2], ["hall1", "tag0"]);
    assert!(admitted.item.tags.len() < crate::source::TAGS_MAX);
    assert_eq!(&admitted.tags[..3], ["RustFest", "rustfest", "hall1"]);
}
