//! The parts of a post's text: where its tags, mentions, links and media links stand. Every renderer walks these.

use crate::ids;
use crate::post::{Link, Media, Post};

/// A piece of text in reading order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part<'a> {
    Words(&'a str),
    /// Without `#`.
    Tag(&'a str),
    /// Without `@`.
    Mention(&'a str),
    Link(&'a Link),
    /// The short link that stands for attachment number n.
    Media(usize),
}

/// Cuts the text of `post` into its parts.
pub(crate) fn parts(post: &Post) -> Vec<Part<'_>> {
    let mut out = Vec::new();
    let (mut rest, mut words_from, mut at) = (post.text.as_str(), 0, 0);
    while let Some(c) = rest.chars().next() {
        if let Some((part, bytes)) = part_at(post, at, rest) {
            if at > words_from {
                out.push(Part::Words(&post.text[words_from..at]));
            }
            out.push(part);
            at += bytes;
            words_from = at;
        } else {
            at += c.len_utf8();
        }
        rest = &post.text[at..];
    }
    if at > words_from {
        out.push(Part::Words(&post.text[words_from..at]));
    }
    out
}

fn part_at<'a>(post: &'a Post, at: usize, rest: &'a str) -> Option<(Part<'a>, usize)> {
    match rest.as_bytes()[0] {
        b'h' => {
            let media = |(n, m): (usize, &'a Media)| {
                let shown = m.shown.as_deref().filter(|s| !s.is_empty() && rest.starts_with(s))?;
                Some((Part::Media(n), shown.len()))
            };
            let link = |l: &'a Link| {
                (!l.shown.is_empty() && rest.starts_with(&l.shown)).then_some((Part::Link(l), l.shown.len()))
            };
            post.media
                .iter()
                .enumerate()
                .find_map(media)
                .or_else(|| longest(post.links.iter().filter_map(link)))
        }
        b'#' if starts_word(post, at) => {
            named(&post.tags, &rest[1..]).map(|tag| (Part::Tag(tag), tag.len() + 1))
        }
        b'@' if starts_word(post, at) => {
            named(&post.mentions, &rest[1..]).map(|handle| (Part::Mention(handle), handle.len() + 1))
        }
        _ => None,
    }
}

fn longest<'a>(found: impl Iterator<Item = (Part<'a>, usize)>) -> Option<(Part<'a>, usize)> {
    found.max_by_key(|(_, bytes)| *bytes)
}

fn starts_word(post: &Post, at: usize) -> bool {
    !post.text[..at]
        .chars()
        .next_back()
        .is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '&' || c == '/')
}

/// The beginning of `rest` that equals one of `names` (ASCII case aside), as `rest` writes it.
fn named<'a>(names: &[String], rest: &'a str) -> Option<&'a str> {
    let fits = |name: &&String| {
        rest.get(..name.len()).is_some_and(|r| !r.is_empty() && r.eq_ignore_ascii_case(name))
            && !rest[name.len()..].chars().next().is_some_and(in_word)
    };
    names.iter().filter(fits).map(|name| &rest[..name.len()]).max_by_key(|found| found.len())
}

fn in_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Fills in what a post leaves to be found: tags, mentions and links of its text, and its original's.
pub(crate) fn complete(mut post: Post) -> Post {
    if let Some(original) = post.retweet_of.take() {
        post.retweet_of = Some(Box::new(complete(*original)));
    }
    if post.tags.is_empty() {
        post.tags = marked(&post.text, '#', in_word);
    }
    if post.mentions.is_empty() {
        post.mentions = marked(&post.text, '@', |c| c.is_ascii_alphanumeric() || "_@.-".contains(c));
    }
    if post.links.is_empty() {
        let shown = |m: &Media, l: &Link| m.shown.as_deref() == Some(&l.shown);
        post.links = addresses(&post.text);
        post.links.retain(|l| !post.media.iter().any(|m| shown(m, l)));
    }
    post
}

fn marked(text: &str, mark: char, inside: impl Fn(char) -> bool) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        if c == mark && !(in_word(before) || before == '/' || before == '&') {
            let word: String = text[at + c.len_utf8()..].chars().take_while(|c| inside(*c)).collect();
            let word = word.trim_end_matches(['.', '-', '@']);
            if word.chars().any(char::is_alphabetic) && !out.iter().any(|o| o == word) {
                out.push(word.to_owned());
            }
        }
        before = c;
    }
    out
}

fn addresses(text: &str) -> Vec<Link> {
    let starts = text
        .match_indices("http")
        .filter(|(at, _)| text[*at..].starts_with("https://") || text[*at..].starts_with("http://"));
    starts
        .map(|(at, _)| {
            let end = text[at..].find(char::is_whitespace).map_or(text.len(), |n| at + n);
            let shown =
                text[at..end].trim_end_matches(['.', ',', ')', '!', '?', ':', ';', '"', '…']).to_owned();
            Link { expanded: shown.clone(), shown }
        })
        .collect()
}

/// HTML-escapes as both Twitter interfaces do: `&`, `<` and `>` only.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// What stands in a tweet for a link: itself when it is short already, else the shortener's address.
pub(crate) fn short(link: &Link) -> String {
    if link.shown.starts_with("https://t.co/") { link.shown.clone() } else { ids::t_co(&link.expanded) }
}

/// What both Twitter interfaces show for an address: without scheme, 30 characters at most.
pub(crate) fn display(address: &str) -> String {
    let bare = address.trim_start_matches("https://").trim_start_matches("http://");
    let bare = bare.strip_prefix("www.").unwrap_or(bare);
    if bare.chars().count() <= 30 { bare.to_owned() } else { bare.chars().take(26).chain(['…']).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_found_where_they_stand() {
        let post = complete(Post::new(
            "1",
            0,
            "a",
            "Hi @karo@pixels.example: #RustFest, see https://a.example/x. a#b q@c.d",
        ));
        assert_eq!(
            parts(&post),
            vec![
                Part::Words("Hi "),
                Part::Mention("karo@pixels.example"),
                Part::Words(": "),
                Part::Tag("RustFest"),
                Part::Words(", see "),
                Part::Link(&Link {
                    shown: "https://a.example/x".into(),
                    expanded: "https://a.example/x".into()
                }),
                Part::Words(". a#b q@c.d"),
            ]
        );
    }

    #[test]
    fn parts_give_the_text_back() {
        let post = complete(Post::new("1", 0, "a", "日本 #日本語 #rust2 #rust @x_y é https://a.example/ü #"));
        let text: String = parts(&post)
            .iter()
            .map(|p| match p {
                Part::Words(w) => (*w).to_owned(),
                Part::Tag(t) => format!("#{t}"),
                Part::Mention(m) => format!("@{m}"),
                Part::Link(l) => l.shown.clone(),
                Part::Media(_) => String::new(),
            })
            .collect();
        assert_eq!(text, post.text);
    }
}
