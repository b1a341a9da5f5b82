//! A tweet's text and entities as runs. Both generations of the API escape `&`, `<`, `>` and count code points of the
//! escaped text (both seen in recordings), so entities are cut out before anything is unescaped.

use std::ops::Range;

use model::Run;

/// Entities of one post that are looked for where the network does not say.
const LOST_MAX: usize = 32;

/// What an entity is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// A hashtag, without `#`.
    Tag(String),
    /// An account, without `@`.
    Mention(String),
    /// A short link: where it leads and what is shown for it.
    Link { to: String, shown: String },
    /// A link that stands for something shown elsewhere: a picture, the quoted post.
    Nothing,
}

/// An entity and where it stands, in code points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entity {
    pub(super) start: i64,
    pub(super) end: i64,
    /// The address as the text has it, when it is one.
    pub(super) url: Option<String>,
    pub(super) what: What,
}

/// The text as runs. Entities that do not stand where they claim are looked for, and what is not found is left as the
/// text it is; `end` cuts off what the network itself does not show.
pub(super) fn runs(text: &str, entities: Vec<Entity>, end: Option<i64>) -> Vec<Run> {
    let chars: Vec<char> = text.chars().collect();
    let end = end.and_then(|e| usize::try_from(e).ok()).filter(|e| *e <= chars.len()).unwrap_or(chars.len());
    let mut out = Vec::new();
    let mut at = 0;
    for (place, what) in placed(&chars[..end], entities) {
        words(&mut out, &chars[at..place.start]);
        out.extend(run(&chars[place.clone()], what));
        at = place.end;
    }
    words(&mut out, &chars[at..end]);
    // The space before a link that is not shown.
    if let Some(Run::Text(last)) = out.last_mut() {
        last.truncate(last.trim_end().len());
    }
    out.retain(|run| !matches!(run, Run::Text(words) if words.is_empty()));
    out
}

/// Where the entities stand, in order and apart. The indices of some recordings are off: their text was encoded twice, or cut
/// after they were counted.
fn placed(chars: &[char], mut entities: Vec<Entity>) -> Vec<(Range<usize>, What)> {
    entities.sort_by_key(|entity| entity.start);
    let mut placed: Vec<(Range<usize>, What)> = Vec::new();
    let mut lost = Vec::new();
    for entity in entities {
        let place = usize::try_from(entity.start).ok().zip(usize::try_from(entity.end).ok());
        let place = place.filter(|(from, to)| from < to && *to <= chars.len());
        match place.filter(|(from, to)| stands(&chars[*from..*to], &entity.what)) {
            Some((from, _)) if placed.last().is_some_and(|(before, _)| from < before.end) => {}
            Some((from, to)) => placed.push((from..to, entity.what)),
            None => lost.push(entity),
        }
    }
    for entity in lost.into_iter().take(LOST_MAX) {
        let is_free = |here: &Range<usize>| {
            placed.iter().all(|(other, _)| here.end <= other.start || other.end <= here.start)
        };
        if let Some(place) = occurrences(chars, &written(&entity)).find(is_free) {
            placed.push((place, entity.what));
        }
    }
    placed.sort_by_key(|(place, _)| place.start);
    placed
}

/// How an entity is written in the text.
fn written(entity: &Entity) -> Vec<char> {
    match &entity.what {
        What::Tag(tag) => format!("#{tag}").chars().collect(),
        What::Mention(name) => format!("@{name}").chars().collect(),
        What::Link { .. } | What::Nothing => entity.url.iter().flat_map(|url| url.chars()).collect(),
    }
}

/// Where these words stand by themselves, in whatever case.
fn occurrences(chars: &[char], words: &[char]) -> impl Iterator<Item = Range<usize>> {
    let is_same = |a: &char, b: &char| a == b || a.to_lowercase().eq(b.to_lowercase());
    let goes_on = |c: &char| c.is_alphanumeric() || *c == '_';
    let starts = 0..(chars.len() + 1).saturating_sub(words.len().max(1));
    starts.map(|from| from..from + words.len()).filter(move |place| {
        !place.is_empty()
            && chars[place.clone()].iter().zip(words).all(|(a, b)| is_same(a, b))
            && !chars[..place.start].last().is_some_and(goes_on)
            && !chars.get(place.end).is_some_and(goes_on)
    })
}

fn stands(chars: &[char], what: &What) -> bool {
    match what {
        What::Tag(tag) => matches!(chars[0], '#' | '＃') && chars.len() == tag.chars().count() + 1,
        What::Mention(name) => matches!(chars[0], '@' | '＠') && chars.len() == name.chars().count() + 1,
        What::Link { .. } | What::Nothing => {
            chars.iter().take(4).collect::<String>().eq_ignore_ascii_case("http")
        }
    }
}

fn run(chars: &[char], what: What) -> Option<Run> {
    Some(match what {
        What::Tag(_) => Run::Tag { tag: chars[1..].iter().collect() },
        // As it was written; the network says it in the account's own case.
        What::Mention(name) => Run::Mention {
            mention: format!("@{}", chars[1..].iter().collect::<String>()),
            url: Some(format!("https://x.com/{name}")),
        },
        What::Link { to, shown } => Run::Link { link: to, text: shown },
        What::Nothing => return None,
    })
}

fn words(out: &mut Vec<Run>, chars: &[char]) {
    if !chars.is_empty() {
        out.push(Run::Text(unescape(&chars.iter().collect::<String>())));
    }
}

/// Undoes the network's escaping, once.
pub(super) fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let known =
            [("&amp;", '&'), ("&lt;", '<'), ("&gt;", '>')].into_iter().find(|(e, _)| rest.starts_with(e));
        let (escaped, c) = known.unwrap_or(("&", '&'));
        out.push(c);
        rest = &rest[escaped.len()..];
    }
    out.push_str(rest);
    out
}

/// Whether a list of countries in which something is withheld names all of them: `XX`, or `XY` for a notice under copyright
/// law. A page on the web cannot tell in which country it is read, so what one country withholds stays, as at X itself
/// everywhere else; a moderator can hide it.
pub(super) fn is_everywhere<'a>(mut countries: impl Iterator<Item = &'a String>) -> bool {
    countries.any(|country| ["XX", "XY"].iter().any(|all| country.eq_ignore_ascii_case(all)))
}

/// What a link becomes: pictures and the quoted post are shown elsewhere.
pub(super) fn link(to: Option<&str>, url: Option<&str>, shown: Option<&str>, quoted: Option<&str>) -> What {
    let Some(to) = to.or(url) else { return What::Nothing };
    if let Some(id) = status_id(to)
        && quoted == Some(id)
    {
        return What::Nothing;
    }
    What::Link { to: to.to_owned(), shown: shown.unwrap_or(to).to_owned() }
}

/// The id in the address of a post.
fn status_id(address: &str) -> Option<&str> {
    let rest = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"))?;
    let (host, path) = rest.split_once('/')?;
    let host = host.trim_start_matches("www.").trim_start_matches("mobile.");
    let id = path.split_once("/status/").filter(|_| matches!(host, "twitter.com" | "x.com"))?.1;
    id.split(['/', '?', '#']).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(start: i64, tag: &str) -> Entity {
        Entity {
            start,
            end: start.saturating_add(1 + tag.chars().count() as i64),
            url: None,
            what: What::Tag(tag.into()),
        }
    }

    #[test]
    fn indices_count_code_points_of_the_escaped_text() {
        let text = "🎉 Q&amp;A &lt;3 #日本 @a https://t.co/1 end";
        let link = What::Link { to: "https://example.org/x".into(), shown: "example.org/x".into() };
        let at = |what: &str| text[..text.find(what).unwrap()].chars().count() as i64;
        let entities = vec![
            Entity { start: at("https"), end: at(" end"), url: None, what: link },
            tag(at("#"), "日本"),
            Entity { start: at("@"), end: at("@") + 2, url: None, what: What::Mention("a".into()) },
        ];
        let want = [
            Run::text("🎉 Q&A <3 "),
            Run::Tag { tag: "日本".into() },
            Run::text(" "),
            Run::Mention { mention: "@a".into(), url: Some("https://x.com/a".into()) },
            Run::text(" "),
            Run::Link { link: "https://example.org/x".into(), text: "example.org/x".into() },
            Run::text(" end"),
        ];
        assert_eq!(runs(text, entities, None), want);
    }

    #[test]
    fn entities_whose_indices_are_off_are_looked_for() {
        let at = |place| Entity { start: place, ..tag(0, "tag") };
        for place in [1, -1, 2, 900, i64::MAX] {
            let want = [Run::Tag { tag: "Tag".into() }, Run::text(" é")];
            assert_eq!(runs("#Tag é", vec![at(place)], None), want, "{place}");
        }
        let what = What::Link { to: "https://a.example".into(), shown: "a.example".into() };
        let link = Entity { start: 1, end: 9, url: Some("https://t.co/1".into()), what };
        let want = [
            Run::text("â€¦ "),
            Run::Link { link: "https://a.example".into(), text: "a.example".into() },
            Run::text(" https://t.co/12"),
        ];
        assert_eq!(runs("â€¦ https://t.co/1 https://t.co/12", vec![link], None), want);
    }

    #[test]
    fn entities_that_are_not_there_leave_the_text_as_it_is() {
        for text in ["#tags é", "words#tag", "#ta", "tag", "…"] {
            assert_eq!(runs(text, vec![tag(1, "tag"), tag(900, "tag")], None), [Run::text(text)]);
        }
        let nameless = Entity { url: None, what: What::Nothing, ..tag(3, "x") };
        assert_eq!(runs("words", vec![nameless], None), [Run::text("words")]);
        let cut = runs("a #tag", vec![tag(2, "tag")], Some(4));
        assert_eq!(cut, [Run::text("a #t")]);
        let twice = runs("#tag", vec![tag(0, "tag"), tag(0, "tag")], None);
        assert_eq!(twice, [Run::Tag { tag: "tag".into() }]);
    }

    #[test]
    fn what_the_network_does_not_show_is_cut_off() {
        assert_eq!(runs("words https://t.co/1", Vec::new(), Some(5)), [Run::text("words")]);
        assert_eq!(runs("words", Vec::new(), Some(99)), [Run::text("words")]);
    }

    #[test]
    fn escaping_is_undone_once() {
        assert_eq!(unescape("&amp;lt; &lt;b&gt; & &copy; &"), "&lt; <b> & &copy; &");
    }

    #[test]
    fn the_link_to_the_quoted_post_is_not_shown_twice() {
        let to = |a: &str, quoted| link(Some(a), None, None, quoted);
        assert_eq!(to("https://twitter.com/a/status/12?s=20", Some("12")), What::Nothing);
        assert_eq!(to("https://x.com/a/status/12/photo/1", Some("12")), What::Nothing);
        assert!(matches!(to("https://x.com/a/status/12", Some("13")), What::Link { .. }));
        assert!(matches!(to("https://evil.example/status/12", Some("12")), What::Link { .. }));
    }
}
