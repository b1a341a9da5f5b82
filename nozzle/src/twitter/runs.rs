//! A tweet's text and entities as runs. Both generations of the API escape `&`, `<`, `>` and count code points of the
//! escaped text (both seen in recordings), so entities are cut out before anything is unescaped.

use model::Run;

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
    pub(super) what: What,
}

/// The text as runs. Entities that do not stand where they claim are left as the text they are; `end` cuts off what the
/// network itself does not show.
pub(super) fn runs(text: &str, mut entities: Vec<Entity>, end: Option<i64>) -> Vec<Run> {
    let chars: Vec<char> = text.chars().collect();
    let end = end.and_then(|e| usize::try_from(e).ok()).filter(|e| *e <= chars.len()).unwrap_or(chars.len());
    entities.sort_by_key(|e| e.start);
    let mut out = Vec::new();
    let mut at = 0;
    for entity in entities {
        let (Ok(from), Ok(to)) = (usize::try_from(entity.start), usize::try_from(entity.end)) else {
            continue;
        };
        if from < at || to > end || from >= to || !stands(&chars[from..to], &entity.what) {
            continue;
        }
        words(&mut out, &chars[at..from]);
        out.extend(run(&chars[from..to], entity.what));
        at = to;
    }
    words(&mut out, &chars[at.min(end)..end]);
    // The space before a link that is not shown.
    if let Some(Run::Text(last)) = out.last_mut() {
        last.truncate(last.trim_end().len());
    }
    out.retain(|run| !matches!(run, Run::Text(words) if words.is_empty()));
    out
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
            what: What::Tag(tag.into()),
        }
    }

    #[test]
    fn indices_count_code_points_of_the_escaped_text() {
        let text = "🎉 Q&amp;A &lt;3 #日本 @a https://t.co/1 end";
        let link = What::Link { to: "https://example.org/x".into(), shown: "example.org/x".into() };
        let at = |what: &str| text[..text.find(what).unwrap()].chars().count() as i64;
        let entities = vec![
            Entity { start: at("https"), end: at(" end"), what: link },
            tag(at("#"), "日本"),
            Entity { start: at("@"), end: at("@") + 2, what: What::Mention("a".into()) },
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
    fn entities_that_lie_are_text() {
        for bad in [tag(1, "tag"), tag(-1, "tag"), tag(2, "tag"), tag(900, "tag"), tag(i64::MAX, "t")] {
            assert_eq!(runs("#tag é", vec![bad.clone()], None), [Run::text("#tag é")], "{bad:?}");
        }
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
