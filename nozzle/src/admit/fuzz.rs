//! Whatever a draft holds, what admit lets through keeps its bounds. The networks' own fuzz tests end here too.

use model::{Body, Item, Micros, Network};
use testkit::fuzz::{config, near_text, proptest};

use super::tests::assert_harmless;
use super::*;
use crate::source::{BoostOf, Draft, SAMPLE_BYTES_MAX, Upstream, Words};

const RECEIVED: Micros = Micros(1_795_189_320_000_000);
const HTML: [&str; 3] = [
    r#"<p>I agree with <a href="https://s.example/@a" class="u-url mention">@<span>a</span></a>!<br>See <a href="https://w.example/long">
       <span class="invisible">https://</span>w.example</a> <a href="https://s.example/tags/x" class="hashtag" rel="tag">#x</a></p>"#,
    "<pre>a\nb</pre>\u{2067}<a href=\"https://a.example\">a.example</a>\u{2069} e\u{301}\u{301}\u{301}",
    "<a href=\"https://a.example\">https://b.example</a><a href=\"javascript:x\">y</a><script>z</script>",
];
const TEXTS: [&str; 3] = [
    "Look https://a.example/b?c=d, and @karo: #rust\n\n\n\nend?",
    "\u{2067}שלום\u{2069} https://a.example \u{202e}evil e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
    "👩‍👩‍👧 ﷺ İ ｆｕｌｌ\thttps://u:p@h.example http://[::1]/",
];

/// Holds what a network's message leads to against every bound.
pub(crate) fn hold_message(message: Upstream) {
    match message {
        Upstream::Post(draft) | Upstream::Boost { of: BoostOf::Post(draft), .. } => hold(*draft),
        Upstream::Malformed { sample, .. } => assert!(sample.len() <= SAMPLE_BYTES_MAX, "{}", sample.len()),
        _ => {}
    }
}

fn arrival() -> Arrival<'static> {
    Arrival { source: "s", received: RECEIVED, is_late: false, consent: Consent::Live }
}

fn hold(draft: Draft) {
    let Ok(Admitted { item, aliases, reply_to, quotes, .. }) = admit(draft, arrival()) else { return };
    assert_harmless(&item.body, "this draft");
    assert!(aliases.len() <= ALIASES_MAX);
    let names = aliases.iter().chain(&reply_to).chain(&quotes).chain([&item.uid.0]);
    names.for_each(|name| assert!(is_name(name), "{name:?}"));
    hold_lines(&item);
    hold_addresses(&item);
    let written = serde_json::to_string(&item).expect("an item can be written");
    assert_eq!(serde_json::from_str::<Item>(&written).expect("what was written can be read"), item);
    let again = Draft { words: Words::Runs(item.body.0.clone()), ..Draft::new(Network::Mastodon, "again") };
    let again = admit(again, arrival()).map_or_else(|_| Body::default(), |admitted| admitted.item.body);
    if !item.body.is_empty() {
        assert_eq!(again, item.body, "clean words are changed when they are cleaned again");
    }
}

fn hold_lines(item: &Item) {
    let author = &item.author;
    let lines = [&author.id, &author.name, &author.handle].into_iter().chain(&item.title).chain(&item.cover);
    let texts = item.media.iter().flat_map(|m| &m.alt).chain(item.card.iter().flat_map(|c| &c.text));
    let bounded =
        lines.map(|line| (line, LINE_TEXT_BYTES_MAX)).chain(texts.map(|text| (text, ALT_BYTES_MAX)));
    for (text, bytes_max) in bounded {
        assert!(text.len() <= bytes_max, "{} bytes, at most {bytes_max}", text.len());
        assert!(!text.chars().any(char::is_control), "{text:?}");
    }
}

fn hold_addresses(item: &Item) {
    assert!(item.media.len() <= MEDIA_MAX);
    let of_author = item.author.url.iter().chain(&item.author.avatar);
    let of_media = item.media.iter().map(|m| &m.url).chain(item.card.iter().map(|c| &c.url));
    for address in item.url.iter().chain(of_author).chain(of_media) {
        assert_eq!(
            url::checked(address).as_ref(),
            Some(address),
            "an address that is refused the second time"
        );
    }
}

fn with(words: Words) -> Draft {
    Draft { words, network_time: Some(RECEIVED), ..Draft::new(Network::Mastodon, "https://s.example/1") }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn html_is_admitted_within_its_bounds(html in near_text(&HTML)) {
        hold(with(Words::Html(html)));
    }

    #[test]
    fn text_is_admitted_within_its_bounds(text in near_text(&TEXTS)) {
        hold(with(Words::Text(text)));
    }

    #[test]
    fn what_stands_beside_the_words_is_admitted_within_its_bounds(one in near_text(&TEXTS), other in near_text(&TEXTS)) {
        let mut draft = with(Words::Text("words".to_owned()));
        draft.author = Author { id: one.clone(), name: other.clone(), handle: one.clone(), url: Some(other.clone()), avatar: Some(one.clone()) };
        (draft.title, draft.cover, draft.lang) = (Some(one.clone()), Some(other.clone()), Some(one.clone()));
        draft.card = Some(Card { url: "https://a.example".to_owned(), title: one.clone(), text: Some(other.clone()) });
        (draft.url, draft.reply_to, draft.quotes) = (Some(one.clone()), Some(other.clone()), Some(one));
        draft.aliases = vec![other; 20];
        hold(draft);
    }
}
