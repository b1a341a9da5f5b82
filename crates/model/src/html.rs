//! Upstream HTML to runs. The tokenizer is html5ever's; no markup survives, so nothing needs to be sanitised later.
//!
//! What Mastodon and its relatives send: paragraphs, breaks, links whose parts are hidden by class (`invisible`) or shortened
//! by class (`ellipsis`), mentions and hashtags as links with classes. Other servers send any HTML they like.

use crate::{Body, Run};
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{
    BufferQueue, CharacterTokens, EndTag, StartTag, Tag, TagToken, Token, TokenSink, TokenSinkResult,
    Tokenizer, TokenizerOpts,
};
use std::cell::RefCell;

/// Deeper nesting is flattened: the words stay, the structure does not.
const DEPTH_MAX: usize = 64;

/// Reads a fragment of HTML as runs. Links keep their address as it stands; the caller decides which addresses it accepts.
#[must_use]
pub fn to_body(html: &str) -> Body {
    let sink = Sink(RefCell::new(Writer::default()));
    let tokenizer = Tokenizer::new(sink, TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from(html));
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    tokenizer.sink.0.into_inner().finish()
}

struct Sink(RefCell<Writer>);

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut writer = self.0.borrow_mut();
        match token {
            CharacterTokens(text) => writer.text(&text),
            TagToken(tag) if tag.kind == StartTag => writer.open(&tag),
            TagToken(tag) if tag.kind == EndTag => writer.close(&tag.name),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

#[derive(PartialEq, Clone, Copy)]
enum Hidden {
    No,
    /// `span.invisible`, or an element whose text is code (script, style).
    Yes,
}

struct Anchor {
    href: String,
    rel_tag: bool,
    mention: bool,
    shown: String,
    ellipsis: bool,
}

#[derive(Default)]
struct Writer {
    body: Body,
    open: Vec<(String, Hidden)>,
    anchor: Option<Anchor>,
    /// Line breaks that stand before the next words: 0, 1 or 2.
    breaks: usize,
}

fn attr<'a>(tag: &'a Tag, name: &str) -> Option<&'a str> {
    tag.attrs.iter().find(|a| &*a.name.local == name).map(|a| &*a.value)
}

fn has_class(tag: &Tag, class: &str) -> bool {
    attr(tag, "class").is_some_and(|c| c.split_ascii_whitespace().any(|c| c == class))
}

fn is_block(name: &str) -> bool {
    matches!(
        name,
        "p" | "div"
            | "blockquote"
            | "ul"
            | "ol"
            | "pre"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "table"
            | "section"
            | "article"
            | "figure"
    )
}

fn is_void(name: &str) -> bool {
    matches!(
        name,
        "br" | "img"
            | "hr"
            | "input"
            | "meta"
            | "link"
            | "wbr"
            | "source"
            | "area"
            | "base"
            | "col"
            | "embed"
            | "track"
    )
}

impl Writer {
    fn hidden(&self) -> bool {
        self.open.iter().any(|(_, h)| *h == Hidden::Yes)
    }

    fn open(&mut self, tag: &Tag) {
        let name = &*tag.name;
        match name {
            "br" => self.break_line(),
            "hr" => self.break_paragraph(),
            "li" | "tr" | "dt" | "dd" => {
                self.end_line();
                if name == "li" {
                    self.text("• ");
                }
            }
            "a" => self.open_anchor(tag),
            _ if is_block(name) => self.break_paragraph(),
            _ => {}
        }
        if has_class(tag, "ellipsis")
            && let Some(anchor) = &mut self.anchor
        {
            anchor.ellipsis = true;
        }
        if is_void(name) || tag.self_closing || self.open.len() >= DEPTH_MAX {
            return;
        }
        let code = matches!(
            name,
            "script"
                | "style"
                | "template"
                | "title"
                | "noscript"
                | "textarea"
                | "iframe"
                | "object"
                | "svg"
                | "math"
                | "head"
        );
        let hidden = if code || has_class(tag, "invisible") { Hidden::Yes } else { Hidden::No };
        self.open.push((name.to_owned(), hidden));
    }

    fn close(&mut self, name: &str) {
        if name == "a" {
            self.close_anchor();
        } else if is_block(name) {
            self.break_paragraph();
        }
        if let Some(at) = self.open.iter().rposition(|(n, _)| n == name) {
            self.open.truncate(at);
        }
    }

    fn text(&mut self, text: &str) {
        if self.hidden() {
            return;
        }
        let preformatted = self.open.iter().any(|(n, _)| n == "pre");
        for (i, line) in text.split('\n').enumerate() {
            if i > 0 {
                if preformatted { self.break_line() } else { self.words(" ") }
            }
            self.words(line);
        }
    }

    fn words(&mut self, words: &str) {
        if let Some(anchor) = &mut self.anchor {
            anchor.shown.push_str(words);
            return;
        }
        let at_start = self.body.0.is_empty() || self.breaks > 0;
        let words = if at_start { words.trim_start() } else { words };
        if !words.is_empty() {
            self.flush_breaks();
            self.body.push(Run::text(words));
        }
    }

    fn flush_breaks(&mut self) {
        if self.breaks > 0 && !self.body.0.is_empty() {
            self.body.push(Run::text("\n".repeat(self.breaks)));
        }
        self.breaks = 0;
    }

    fn break_line(&mut self) {
        self.breaks = (self.breaks + 1).min(2);
    }

    fn end_line(&mut self) {
        self.breaks = self.breaks.max(1);
    }

    fn break_paragraph(&mut self) {
        self.breaks = 2;
    }

    fn open_anchor(&mut self, tag: &Tag) {
        self.close_anchor();
        let rel_tag = attr(tag, "rel").is_some_and(|r| r.split_ascii_whitespace().any(|r| r == "tag"));
        self.anchor = Some(Anchor {
            href: attr(tag, "href").unwrap_or("").trim().to_owned(),
            rel_tag: rel_tag || has_class(tag, "hashtag"),
            mention: has_class(tag, "mention") && !has_class(tag, "hashtag"),
            shown: String::new(),
            ellipsis: false,
        });
    }

    fn close_anchor(&mut self) {
        let Some(anchor) = self.anchor.take() else { return };
        let shown = anchor.shown.trim();
        if shown.is_empty() {
            return;
        }
        self.flush_breaks();
        let url = Some(anchor.href.clone()).filter(|h| !h.is_empty());
        match (shown.strip_prefix('#'), shown.starts_with('@')) {
            (Some(tag), _) if anchor.rel_tag && !tag.is_empty() => {
                self.body.push(Run::Tag { tag: tag.to_owned() });
            }
            (_, true) if anchor.mention => self.body.push(Run::Mention { mention: shown.to_owned(), url }),
            _ if url.is_none() => self.body.push(Run::text(shown)),
            _ => {
                let text = if anchor.ellipsis { format!("{shown}…") } else { shown.to_owned() };
                self.body.push(Run::Link { link: anchor.href, text });
            }
        }
    }

    fn finish(mut self) -> Body {
        self.close_anchor();
        if let Some(Run::Text(last)) = self.body.0.last_mut() {
            last.truncate(last.trim_end().len());
            if last.is_empty() {
                self.body.0.pop();
            }
        }
        self.body
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mastodon_status_becomes_runs() {
        let html = r#"<p>I agree with <span class="h-card"><a href="https://s.example/@a" class="u-url mention">@<span>a</span></a></span>!<br>See <a href="https://w.example/long/path" rel="nofollow"><span class="invisible">https://</span><span class="ellipsis">w.example/long</span><span class="invisible">/path</span></a></p><p><a href="https://s.example/tags/rustfest" class="mention hashtag" rel="tag">#<span>RustFest</span></a></p>"#;
        let want = vec![
            Run::text("I agree with "),
            Run::Mention { mention: "@a".into(), url: Some("https://s.example/@a".into()) },
            Run::text("!\nSee "),
            Run::Link { link: "https://w.example/long/path".into(), text: "w.example/long…".into() },
            Run::text("\n\n"),
            Run::Tag { tag: "RustFest".into() },
        ];
        assert_eq!(to_body(html).0, want);
    }

    #[test]
    fn markup_that_runs_never_survives() {
        let html = "<script>alert(1)</script><img src=x onerror=alert(1)>a<svg><b onload=x>hid</b></svg> &lt;b&gt; <style>p{}</style>b";
        assert_eq!(to_body(html), Body::plain("a <b> b"));
    }

    #[test]
    fn broken_markup_loses_no_words() {
        assert_eq!(to_body("<p>one<p>two</div><a href=''>three").text(), "one\n\ntwo\n\nthree");
        assert_eq!(to_body(&"<div>".repeat(5000)).text(), "");
        assert_eq!(to_body("<ul><li>a</li><li>b</li></ul>").text(), "• a\n• b");
    }

    #[test]
    fn preformatted_lines_stay_lines() {
        assert_eq!(to_body("<pre><code>a\nb</code></pre>").text(), "a\nb");
        assert_eq!(to_body("<p>a\nb</p>").text(), "a b");
    }
}
