//! Cleaning the words of a draft: HTML or text to runs, every run's text cleaned, links checked and counted, the whole
//! cut at its limit.

use model::{Body, Run, html};

use super::{LINE_TEXT_BYTES_MAX, found, text, url};
use crate::source::Words;

/// Longest text of an item over all its runs, in bytes.
pub const TEXT_BYTES_MAX: usize = 8 * 1024;
/// Most links of an item; further ones stay as plain text.
pub const LINKS_MAX: usize = 20;
/// How much raw input is looked at, in bytes: markup is longer than the words in it.
const RAW_BYTES_MAX: usize = 256 * 1024;
/// Longest hashtag, in bytes.
pub(super) const TAG_BYTES_MAX: usize = 200;

/// The words of a draft as clean runs.
pub(super) fn clean(words: &Words, trimmed: &mut Vec<&'static str>) -> Body {
    let runs = match words {
        Words::Html(raw) => html::to_body(head(raw, trimmed)).0,
        // Cleaned first: what is not seen must not cut a tag in two.
        Words::Text(raw) => found::runs(&text::lines(head(raw, trimmed))),
        Words::Runs(runs) => runs.clone(),
    };
    let mut body = Body::default();
    let mut left = TEXT_BYTES_MAX;
    let mut links = 0;
    for run in runs {
        let run = clean_run(run, &mut links, trimmed);
        let length = run.shown().len();
        if length > left {
            trimmed.push("text");
            body.push(Run::Text(text::cut(&run.shown(), left)));
            break;
        }
        left -= length;
        body.push(run);
    }
    trim(joined(body))
}

/// Whether the words hold nothing to see.
pub(super) fn is_blank(body: &Body) -> bool {
    body.0.iter().all(|run| matches!(run, Run::Text(words) if !text::has_ink(words)))
}

/// Whether the words end in a question mark, tags, links, mentions and closing marks behind it aside.
pub(super) fn is_question(body: &Body) -> bool {
    for run in body.0.iter().rev() {
        let Run::Text(text) = run else { continue };
        let end = text.trim_end_matches(|c: char| c.is_whitespace() || ")]}»”’\"'!…".contains(c));
        if !end.is_empty() {
            return end.ends_with(['?', '？', '؟', '\u{37e}', '⁇', '⁈', '‽', '՞', '፧', '꘏']);
        }
    }
    false
}

fn head<'a>(raw: &'a str, trimmed: &mut Vec<&'static str>) -> &'a str {
    if raw.len() > RAW_BYTES_MAX {
        trimmed.push("text");
    }
    &raw[..raw.floor_char_boundary(RAW_BYTES_MAX)]
}

fn clean_run(run: Run, links: &mut usize, trimmed: &mut Vec<&'static str>) -> Run {
    match run {
        Run::Text(raw) => Run::Text(text::lines(&raw[..raw.floor_char_boundary(RAW_BYTES_MAX)])),
        Run::Mention { mention, url: address } => match text::line(&mention, LINE_TEXT_BYTES_MAX) {
            Some(mention) => Run::Mention { mention, url: address.as_deref().and_then(url::checked) },
            None => Run::text(""),
        },
        Run::Tag { tag } => match text::line(tag.trim_start_matches('#'), TAG_BYTES_MAX) {
            Some(tag) if !tag.contains(' ') => Run::Tag { tag },
            Some(words) => Run::Text(words),
            None => Run::text(""),
        },
        Run::Link { link, text: shown } => clean_link(&link, &shown, links, trimmed),
    }
}

fn clean_link(link: &str, shown: &str, links: &mut usize, trimmed: &mut Vec<&'static str>) -> Run {
    let shown = text::line(shown, url::URL_CHARS_MAX);
    match url::checked(link) {
        Some(link) if *links < LINKS_MAX => {
            *links += 1;
            let text = url::shown(&link, &shown.unwrap_or_default());
            Run::Link { link, text }
        }
        checked => {
            trimmed.push(if checked.is_some() { "links" } else { "url" });
            Run::Text(shown.unwrap_or_default())
        }
    }
}

/// Plain runs that have come to stand side by side are cleaned once more as one: an isolate, a tower of marks or a heap
/// of line feeds may have been cut in two by what was dropped between them.
fn joined(body: Body) -> Body {
    let clean = |run| if let Run::Text(t) = run { Run::Text(text::lines(&t)) } else { run };
    Body(body.0.into_iter().map(clean).collect())
}

fn trim(mut body: Body) -> Body {
    if let Some(Run::Text(first)) = body.0.first_mut() {
        *first = first.trim_start().to_owned();
    }
    if let Some(Run::Text(last)) = body.0.last_mut() {
        last.truncate(last.trim_end().len());
    }
    body.0.retain(|run| !matches!(run, Run::Text(t) if t.is_empty()));
    body
}
