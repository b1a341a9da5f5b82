//! Runs into paragraphs of pieces. A link always shows its real host.

use model::{Body, Run};
use url::{Position, Url};

/// Characters of a path that are shown.
const PATH_CHARS_MAX: usize = 42;

/// One piece of a paragraph. Templates print its texts escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::site) enum Piece {
    /// Plain words.
    Text(String),
    /// A line break.
    Break,
    /// A hashtag without its `#`.
    Tag(String),
    /// A person.
    Mention { text: String, href: Option<String> },
    /// A link shown as its address: the host, then the rest in grey.
    Address { href: String, host: String, rest: String },
    /// A link shown as words of the writer: the host follows them.
    Words { href: String, text: String, host: String },
}

/// The words as paragraphs: two line feeds part paragraphs, one is a line break. Hashtags on a line of their own, as networks set them
/// apart, join the words above.
pub(in crate::site) fn paragraphs(body: &Body) -> Vec<Vec<Piece>> {
    let mut all: Vec<Vec<Piece>> = vec![Vec::new()];
    for run in &body.0 {
        let Run::Text(text) = run else {
            last(&mut all).push(piece(run));
            continue;
        };
        for (i, part) in text.split("\n\n").enumerate() {
            if i > 0 && !last(&mut all).is_empty() {
                all.push(Vec::new());
            }
            for (j, line) in part.split('\n').enumerate() {
                let paragraph = last(&mut all);
                if j > 0 && !paragraph.is_empty() {
                    paragraph.push(Piece::Break);
                }
                if !line.is_empty() {
                    paragraph.push(Piece::Text(line.to_owned()));
                }
            }
        }
    }
    all.retain(|paragraph| paragraph.iter().any(is_seen));
    all.into_iter().fold(Vec::new(), |mut joined: Vec<Vec<Piece>>, paragraph| {
        match joined.last_mut().filter(|_| paragraph.iter().all(is_tag_or_space)) {
            Some(above) => {
                let space = || Piece::Text(" ".to_owned());
                above.push(space());
                above.extend(paragraph.into_iter().map(|p| if p == Piece::Break { space() } else { p }));
            }
            None => joined.push(paragraph),
        }
        joined
    })
}

fn is_tag_or_space(piece: &Piece) -> bool {
    matches!(piece, Piece::Tag(_)) || !is_seen(piece)
}

fn last(all: &mut [Vec<Piece>]) -> &mut Vec<Piece> {
    all.last_mut().expect("it begins with one paragraph and only grows")
}

fn is_seen(piece: &Piece) -> bool {
    match piece {
        Piece::Text(text) => !text.trim().is_empty(),
        Piece::Break => false,
        _ => true,
    }
}

fn piece(run: &Run) -> Piece {
    match run {
        Run::Text(text) => Piece::Text(text.clone()),
        Run::Tag { tag } => Piece::Tag(tag.clone()),
        Run::Mention { mention, url } => {
            Piece::Mention { text: mention.clone(), href: url.as_deref().and_then(web).map(String::from) }
        }
        Run::Link { link, text } => linked(link, text),
    }
}

fn linked(link: &str, text: &str) -> Piece {
    let Some(url) = web(link) else { return Piece::Text(text.to_owned()) };
    let host = host(&url);
    let lower = text.to_lowercase();
    let bare = lower.trim_start_matches("https://").trim_start_matches("http://");
    let is_address = text.is_empty()
        || lower.starts_with("http:")
        || lower.starts_with("https:")
        || bare.trim_start_matches("www.").starts_with(&host);
    let href = url.to_string();
    if !is_address {
        return Piece::Words { href, text: text.to_owned(), host };
    }
    let rest = &url[Position::BeforePath..];
    Piece::Address { href, host, rest: if rest == "/" { String::new() } else { cut(rest) } }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(PATH_CHARS_MAX) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// An http or https address; none for everything else, whatever it claims to be.
pub(in crate::site) fn web(address: &str) -> Option<Url> {
    Url::parse(address).ok().filter(|url| matches!(url.scheme(), "http" | "https"))
}

/// The host as it is shown: without `www.`, in punycode where it has foreign letters, with an unusual port.
pub(in crate::site) fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default().trim_start_matches("www.");
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(link: &str, text: &str) -> Piece {
        piece(&Run::Link { link: link.into(), text: text.into() })
    }

    #[test]
    fn two_line_feeds_part_paragraphs_and_one_breaks_a_line() {
        let body =
            Body(vec![Run::text("a\nb\n\n\n\nc "), Run::Tag { tag: "x".into() }, Run::text("\n\n \n")]);
        let text = |t: &str| Piece::Text(t.into());
        let want = vec![vec![text("a"), Piece::Break, text("b")], vec![text("c "), Piece::Tag("x".into())]];
        assert_eq!(paragraphs(&body), want);
    }

    #[test]
    fn hashtags_on_a_line_of_their_own_join_the_words_above() {
        let tag = |t: &str| Run::Tag { tag: t.into() };
        let text = |t: &str| Piece::Text(t.into());
        let seen = |t: &str| Piece::Tag(t.into());
        let body = Body(vec![
            Run::text("Words.\n\n"),
            tag("a"),
            Run::text(" "),
            tag("b"),
            Run::text("\n"),
            tag("c"),
        ]);
        let one = vec![text("Words."), text(" "), seen("a"), text(" "), seen("b"), text(" "), seen("c")];
        assert_eq!(paragraphs(&body), [one]);
        let body = Body(vec![tag("a"), Run::text("\n\nWords.")]);
        assert_eq!(paragraphs(&body), [vec![seen("a")], vec![text("Words.")]], "nothing stands above");
    }

    #[test]
    fn a_link_shows_the_host_it_leads_to_whatever_it_is_called() {
        let shown = |piece| match piece {
            Piece::Address { host, rest, .. } => format!("{host}|{rest}"),
            Piece::Words { text, host, .. } => format!("{text} ({host})"),
            other => format!("{other:?}"),
        };
        assert_eq!(shown(link("https://www.example.org/a?b#c", "example.org/a")), "example.org|/a?b#c");
        assert_eq!(shown(link("https://evil.example/", "https://bank.example")), "evil.example|");
        assert_eq!(shown(link("https://evil.example/", "bank.example")), "bank.example (evil.example)");
        assert_eq!(shown(link("https://аpple.com/", "")), "xn--pple-43d.com|");
        let long = format!("https://e.example/{}", "é".repeat(60));
        assert!(shown(link(&long, "")).ends_with('…'));
    }

    #[test]
    fn what_leads_nowhere_safe_is_plain_words() {
        for bad in [
            "javascript:alert(1)",
            "data:text/html,x",
            " java\nscript:x",
            "//evil.example",
            "",
            "ftp://x.example/",
        ] {
            assert_eq!(link(bad, "words"), Piece::Text("words".into()), "{bad}");
        }
    }
}
