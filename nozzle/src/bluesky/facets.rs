//! Text and facets to runs. Facets count UTF-8 bytes and may lie: one that overlaps, runs past the end or cuts a
//! character is dropped, and the text stays. Pure.

use model::Run;
use model::extract::{Kind, extract, hashtags, tag_key, without_sign};
use serde_json::Value;

use super::profile_url;
use crate::source::Words;

/// Most facets of a post that are looked at.
const FACETS_MAX: usize = 256;

/// What a post's words came to.
#[derive(Debug, PartialEq)]
pub(super) struct Worded {
    /// The words.
    pub(super) words: Words,
    /// Hashtags that facets name and the words do not show.
    pub(super) unshown: Vec<String>,
    /// Every hashtag that a facet names.
    pub(super) tags: Vec<String>,
}

struct Facet<'a> {
    from: usize,
    to: usize,
    feature: Feature<'a>,
}

enum Feature<'a> {
    Link(&'a str),
    Mention(&'a str),
    Tag(&'a str),
}

/// Cuts a text at its facets.
pub(super) fn words(text: &str, facets: &Value) -> Worded {
    let all = facets.as_array().map(Vec::as_slice).unwrap_or_default();
    let all = &all[..all.len().min(FACETS_MAX)];
    let tags: Vec<String> = all.iter().flat_map(tags_of).map(str::to_owned).collect();
    let mut good: Vec<Facet<'_>> = all.iter().filter_map(|facet| within(text, facet)).collect();
    good.sort_by_key(|facet| (facet.from, facet.to));
    let (mut runs, mut at) = (Vec::new(), 0);
    for facet in good {
        if facet.from < at {
            continue;
        }
        if facet.from > at {
            plain(&text[at..facet.from], &mut runs);
        }
        runs.push(run(&text[facet.from..facet.to], &facet.feature));
        at = facet.to;
    }
    let is_shown = |tag: &str| {
        let same = |run: &Run| matches!(run, Run::Tag { tag: shown } if is_same(shown, tag));
        runs.iter().any(same) || hashtags(text).any(|shown| is_same(shown, tag))
    };
    let unshown = tags.iter().filter(|tag| !is_shown(tag)).cloned().collect();
    if runs.is_empty() {
        return Worded { words: Words::Text(text.to_owned()), unshown, tags };
    }
    if at < text.len() {
        plain(&text[at..], &mut runs);
    }
    Worded { words: Words::Runs(runs), unshown, tags }
}

fn is_same(a: &str, b: &str) -> bool {
    tag_key(a) == tag_key(b)
}

fn features(facet: &Value) -> impl Iterator<Item = Feature<'_>> {
    facet["features"].as_array().into_iter().flatten().filter_map(|feature| {
        let text = |key: &str| feature[key].as_str().filter(|text| !text.is_empty());
        match feature["$type"].as_str()? {
            "app.bsky.richtext.facet#link" => text("uri").map(Feature::Link),
            "app.bsky.richtext.facet#mention" => text("did").map(Feature::Mention),
            "app.bsky.richtext.facet#tag" => text("tag").map(Feature::Tag),
            _ => None,
        }
    })
}

fn tags_of(facet: &Value) -> impl Iterator<Item = &str> {
    features(facet).filter_map(|feature| match feature {
        Feature::Tag(tag) => Some(without_sign(tag)).filter(|tag| !tag.is_empty()),
        Feature::Link(_) | Feature::Mention(_) => None,
    })
}

/// A facet that tells the truth about where it stands.
fn within<'a>(text: &str, facet: &'a Value) -> Option<Facet<'a>> {
    let place = |key: &str| facet["index"][key].as_u64().and_then(|n| usize::try_from(n).ok());
    let (from, to) = (place("byteStart")?, place("byteEnd")?);
    // `get` says no to what is beyond the end, the wrong way round or inside a character.
    text.get(from..to).filter(|shown| !shown.is_empty())?;
    let feature = features(facet).next()?;
    Some(Facet { from, to, feature })
}

/// Words between facets: programs that write posts often give facets to some of their hashtags and links only.
fn plain(text: &str, runs: &mut Vec<Run>) {
    let mut at = 0;
    for found in extract(text) {
        let shown = &text[found.range.clone()];
        let run = match found.kind {
            Kind::Hashtag => Run::Tag { tag: without_sign(shown).to_owned() },
            Kind::Url if shown.contains("://") => {
                Run::Link { link: shown.to_owned(), text: shown.to_owned() }
            }
            // Nobody has said who is meant, or that a bare host is one.
            Kind::Url | Kind::Mention | Kind::Account | Kind::List => continue,
        };
        if found.range.start > at {
            runs.push(Run::text(&text[at..found.range.start]));
        }
        runs.push(run);
        at = found.range.end;
    }
    if at < text.len() {
        runs.push(Run::text(&text[at..]));
    }
}

/// What is shown stays, whatever the facet says it is.
fn run(shown: &str, feature: &Feature<'_>) -> Run {
    match *feature {
        Feature::Link(uri) => Run::Link { link: uri.to_owned(), text: shown.to_owned() },
        Feature::Mention(did) if shown.starts_with('@') => {
            Run::Mention { mention: shown.to_owned(), url: Some(profile_url(did)) }
        }
        Feature::Mention(did) => Run::Link { link: profile_url(did), text: shown.to_owned() },
        Feature::Tag(tag) => {
            let bare = without_sign(shown);
            let is_the_tag = bare.len() < shown.len() && is_same(bare, without_sign(tag));
            if is_the_tag { Run::Tag { tag: bare.to_owned() } } else { Run::text(shown) }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn facet(from: u64, to: u64, kind: &str, key: &str, value: &str) -> Value {
        let name = format!("app.bsky.richtext.facet#{kind}");
        json!({"index": {"byteStart": from, "byteEnd": to}, "features": [{"$type": name, key: value}]})
    }

    #[test]
    fn words_are_cut_where_facets_stand_in_bytes() {
        let text = "Grüße @ada.example: #RustFest, see a.example/x…";
        let facets = json!([
            facet(37, 51, "link", "uri", "https://a.example/xyz"),
            facet(8, 20, "mention", "did", "did:plc:ada"),
            facet(22, 31, "tag", "tag", "rustfest"),
        ]);
        let worded = words(text, &facets);
        let want = vec![
            Run::text("Grüße "),
            Run::Mention {
                mention: "@ada.example".into(),
                url: Some("https://bsky.app/profile/did:plc:ada".into()),
            },
            Run::text(": "),
            Run::Tag { tag: "RustFest".into() },
            Run::text(", see "),
            Run::Link { link: "https://a.example/xyz".into(), text: "a.example/x…".into() },
        ];
        assert_eq!(worded.words, Words::Runs(want));
        assert_eq!((worded.tags, worded.unshown), (vec!["rustfest".to_owned()], vec![]));
    }

    #[test]
    fn a_facet_that_lies_is_dropped_and_the_text_stays() {
        let text = "öl #a";
        for (from, to) in [(1, 3), (4, 99), (5, 5), (6, 4), (u64::MAX, u64::MAX)] {
            let worded = words(text, &json!([facet(from, to, "tag", "tag", "hidden")]));
            assert_eq!(worded.words, Words::Text(text.into()), "{from}..{to}");
            assert_eq!(worded.unshown, ["hidden"], "the tag was meant, wherever it was said to stand");
        }
        let over = json!([
            facet(0, 3, "link", "uri", "https://a.example"),
            facet(2, 6, "link", "uri", "https://b.example")
        ]);
        let Words::Runs(runs) = words(text, &over).words else { panic!() };
        assert_eq!(runs.len(), 3, "{runs:?}");
        for odd in [json!(null), json!("x"), json!([1, null, {"index": [], "features": {}}])] {
            assert_eq!(words(text, &odd).words, Words::Text(text.into()));
        }
    }

    #[test]
    fn a_hashtag_behind_other_words_is_kept_aside() {
        let worded = words("come to the fest", &json!([facet(12, 16, "tag", "tag", "rustfest")]));
        assert_eq!(worded.words, Words::Runs(vec![Run::text("come to the "), Run::text("fest")]));
        assert_eq!(worded.unshown, ["rustfest"]);
    }
}
