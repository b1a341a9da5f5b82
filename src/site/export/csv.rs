//! A table of items (RFC 4180): UTF-8, CRLF behind each line, a head of names, and in each line, in this order:
//!
//! | column | what it holds |
//! | --- | --- |
//! | `id`, `seq` | the item's id, and the number under which it was first public |
//! | `when` | when it was said, RFC 3339, UTC |
//! | `page`, `url` | its page here, and where it was written |
//! | `network`, `source` | where it was said, and which of the event's sources brought it |
//! | `author_name`, `author_handle`, `author_url` | who said it; the handle without its leading `@` |
//! | `title`, `text`, `lang` | its words, links as shown; line feeds stay |
//! | `warning` | what its content warning says; `covered` where it says nothing; empty where there is none |
//! | `reply_to`, `quotes` | ids of items |
//! | `links`, `pictures` | addresses, one per line |
//! | `alt` | what the pictures show, one per line |
//! | `talk`, `room`, `filing`, `filed_by`, `score` | where it is filed: `filed`, `suggested`, `event` or `unsorted`, by `rule` or `person`, how surely |
//! | `question` | `yes` or empty |
//! | `boosts`, `likes`, `replies` | what its network counted |
//!
//! New columns come at the end. What could be a formula stands behind an apostrophe, since spreadsheets run what strangers wrote.

use crate::site::view::time::iso;
use model::{By, FilingState, Mark, Row};

const NAMES: &str = "id,seq,when,page,url,network,source,author_name,author_handle,author_url,title,text,lang,warning,reply_to,quotes,links,\
    pictures,alt,talk,room,filing,filed_by,score,question,boosts,likes,replies";
/// With one of these in front, a cell is a formula to one spreadsheet or another; the wide ones are read as the narrow ones.
const FORMULA: [char; 11] = ['=', '+', '-', '@', '|', '%', '\t', '＝', '＋', '－', '＠'];

/// The first line.
pub(super) fn head() -> Vec<u8> {
    format!("{NAMES}\r\n").into_bytes()
}

/// Adds the line of a shown row whose page is `page`; nothing for others.
pub(super) fn line(out: &mut Vec<u8>, row: &Row, page: &str) {
    let Some(item) = &row.item else { return };
    let filing = row.filing.as_ref();
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let many = |all: &mut dyn Iterator<Item = &str>| all.collect::<Vec<_>>().join("\n");
    let warning = item.cover.as_ref().map(|words| if words.is_empty() { "covered" } else { words });
    let is_question = item.marks.contains(&Mark::Question);
    let cells = [
        row.id.to_string(),
        row.first.to_string(),
        iso(item.when),
        page.to_owned(),
        text(&item.url),
        item.network.name().to_owned(),
        item.source.clone(),
        item.author.name.clone(),
        item.author.handle.trim_start_matches('@').to_owned(),
        text(&item.author.url),
        text(&item.title),
        item.body.text(),
        text(&item.lang),
        warning.unwrap_or_default().to_owned(),
        item.reply_to.map(|id| id.to_string()).unwrap_or_default(),
        item.quotes.map(|id| id.to_string()).unwrap_or_default(),
        many(&mut item.body.links()),
        many(&mut item.media.iter().map(|medium| medium.url.as_str())),
        many(&mut item.media.iter().filter_map(|medium| medium.alt.as_deref())),
        filing.and_then(|filing| filing.talk.as_ref()).map(ToString::to_string).unwrap_or_default(),
        filing.and_then(|filing| filing.room.clone()).unwrap_or_default(),
        filing.map(|filing| state(filing.state)).unwrap_or_default().to_owned(),
        filing.map(|filing| by(filing.by)).unwrap_or_default().to_owned(),
        filing.map(|filing| format!("{:.2}", filing.score)).unwrap_or_default(),
        if is_question { "yes" } else { "" }.to_owned(),
        item.counts.boosts.to_string(),
        item.counts.likes.to_string(),
        item.counts.replies.to_string(),
    ];
    for (n, cell) in cells.iter().enumerate() {
        if n > 0 {
            out.push(b',');
        }
        write(out, cell);
    }
    out.extend(b"\r\n");
}

fn state(state: FilingState) -> &'static str {
    match state {
        FilingState::Filed => "filed",
        FilingState::Suggested => "suggested",
        FilingState::Event => "event",
        FilingState::Unsorted => "unsorted",
    }
}

fn by(by: By) -> &'static str {
    match by {
        By::Rule => "rule",
        By::Person => "person",
    }
}

/// One cell. Controls go: some programs end a cell at U+0000, and a carriage return in front would hide a formula behind it.
fn write(out: &mut Vec<u8>, cell: &str) {
    let seen: String = cell.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    // Spreadsheets pass over what is blank before they look for a formula.
    let is_formula = seen.trim_start().starts_with(FORMULA) || seen.starts_with('\t');
    let seen = if is_formula { format!("'{seen}") } else { seen };
    if seen.contains(['"', ',', '\n', '\t', ';', '\'']) || seen.trim() != seen {
        out.push(b'"');
        out.extend(seen.replace('"', "\"\"").bytes());
        out.push(b'"');
    } else {
        out.extend(seen.bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::tests::entries::{item, post_of, row_of};
    use model::{Body, Run};

    fn cell(words: &str) -> String {
        let mut out = Vec::new();
        write(&mut out, words);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn nothing_that_a_stranger_wrote_is_a_formula() {
        for bad in [
            "=1+1", "+1", "-2", "@SUM(A1)", "|cmd", "%0", "\t=1", "  =1", "\r=1", "\u{0}=1", "＝1", "\n=1",
            "\u{a0}=1",
        ] {
            let kept = cell(bad);
            assert!(kept.trim_start_matches('"').starts_with('\''), "{bad:?} is {kept}");
        }
        assert_eq!(cell("1 + 1 = 2"), "1 + 1 = 2");
    }

    #[test]
    fn a_cell_keeps_quotes_line_feeds_and_every_script() {
        assert_eq!(cell("say \"yes\", please\nאב 😀"), "\"say \"\"yes\"\", please\nאב 😀\"");
        assert_eq!(cell("plain"), "plain");
        assert_eq!(cell("a;b"), "\"a;b\"", "some countries part cells by semicolons");
    }

    #[test]
    fn a_line_has_a_cell_for_each_name() {
        let mut photo = item("1", Body(vec![Run::text("no commas here"), Run::Tag { tag: "x".into() }]));
        photo.cover = Some(String::new());
        let mut out = Vec::new();
        line(&mut out, &row_of(&[post_of(1, photo)]), "https://x.example/p");
        let text = String::from_utf8(out).unwrap();
        assert!(text.ends_with("\r\n") && text.matches(',').count() == NAMES.matches(',').count(), "{text}");
        assert!(text.contains(",ada@social.example,") && text.contains(",covered,"), "{text}");
        assert!(text.contains(",t1,main-hall,filed,rule,0.60,,0,0,0"), "{text}");
    }
}
