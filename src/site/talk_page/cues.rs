//! `/{event}/talks/{talk}/cues.vtt`: the conversation as WebVTT cues (W3C, <https://www.w3.org/TR/webvtt1/>), so that any player shows it in
//! step with the recording. `?start=HH:MM:SS` is when the recording's first frame was, on the clocks of the venue; else the talk's beginning.

use super::{Mine, Reading, replay::Recording, whole};
use crate::site::{
    Site, api::answer_as, archive_reads::if_there, failure::Failure, view::item::display_name,
};
use axum::{
    extract::{Path, Query, State},
    response::Response,
};
use http::HeaderMap;
use model::{Item, Micros, Row, TalkId};
use serde::Deserialize;
use std::fmt::Write;

/// How long a post stays: a moment, and as long as its words take, up to a bound. In milliseconds.
const STAYS: i64 = 4_000;
const STAYS_PER_WORD: i64 = 280;
const STAYS_MAX: i64 = 12_000;
/// Letters of a post at most; a player is no page.
const LETTERS_MAX: usize = 280;

#[derive(Deserialize)]
pub(in crate::site) struct Asked {
    start: Option<String>,
}

pub(in crate::site) async fn cues(
    State(site): State<Site>,
    Path((slug, id)): Path<(String, String)>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let event = site.event(&slug).await?;
    let mine = Mine::of(&event, &TalkId(id), site.now(), None).ok_or(Failure::NotFound)?;
    let recording = Recording::parse(asked.start.as_deref(), &mine)?;
    let read = whole(&Reading { site: &site, event: &event, mine: &mine, then: None }).await;
    let rows = if_there(read)?.map_or_else(|| super::without(&event, &mine), |whole| whole.rows);
    Ok(answer_as(
        &headers,
        "text/vtt; charset=utf-8",
        written(&mine.talk.title, &rows, &recording).into_bytes(),
    ))
}

fn written(title: &str, rows: &[Row], recording: &Recording) -> String {
    let mut out = format!("WEBVTT\n\nNOTE What was said during: {}\n\n", flat(title));
    for row in rows {
        let Some(item) = &row.item else { continue };
        let from = item.when.since(recording.first_frame) / 1000;
        if from < 0 {
            continue;
        }
        let words = words(item);
        let stays = STAYS + STAYS_PER_WORD * i64::try_from(words.split(' ').count()).unwrap_or(0);
        let to = from + stays.min(STAYS_MAX);
        let name = flat(display_name(&item.author));
        let _infallible = write!(out, "{}\n{} --> {}\n<v {name}>{words}\n\n", row.id, stamp(from), stamp(to));
    }
    out
}

/// The words in one line, as the text of a cue; what is covered stays covered.
fn words(item: &Item) -> String {
    let text = match &item.cover {
        Some(cover) if cover.is_empty() => "Sensitive: open the post to see it.".to_owned(),
        Some(cover) => format!("Content warning: {cover}"),
        None => match item.title.as_deref() {
            Some(title) if !title.is_empty() => format!("{title}. {}", item.body.text()),
            _ => item.body.text(),
        },
    };
    let cut: String =
        text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(LETTERS_MAX).collect();
    let flat = flat(&cut);
    // A cue without words is not seen; who posted a picture is.
    if flat.is_empty() { "(a picture)".to_owned() } else { flat }
}

/// Text within a cue: one line, no tag, no entity, no arrow.
fn flat(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.split_whitespace().collect::<Vec<_>>().join(" ").chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\0' => out.push('\u{fffd}'),
            letter => out.push(letter),
        }
    }
    out
}

/// `01:02:03.004`.
fn stamp(millis: i64) -> String {
    let seconds = millis / 1000;
    format!("{:02}:{:02}:{:02}.{:03}", seconds / 3600, seconds / 60 % 60, seconds % 60, millis % 1000)
}

/// For a page that names the file: its address with the recording's beginning.
pub(super) fn address(here: &str, start: Option<&str>) -> String {
    start.map_or_else(
        || format!("{here}/cues.vtt"),
        |start| {
            format!(
                "{here}/cues.vtt?{}",
                url::form_urlencoded::Serializer::new(String::new()).append_pair("start", start).finish()
            )
        },
    )
}

/// The moment of a cue's beginning, for the page's own times: `+12:40`, `-0:30`.
pub(super) fn offset(at: Micros, first_frame: Micros) -> String {
    let seconds = at.since(first_frame).div_euclid(Micros::SECOND);
    let (sign, n) = if seconds < 0 { ("\u{2212}", -seconds) } else { ("+", seconds) };
    if n < 3600 {
        format!("{sign}{}:{:02}", n / 60, n % 60)
    } else {
        format!("{sign}{}:{:02}:{:02}", n / 3600, n / 60 % 60, n % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::telling::tests::row;
    use crate::site::tests::entries::NOON;

    #[test]
    fn cues_stand_in_their_order_from_the_first_frame_on_and_nothing_leaves_its_cue() {
        let rows = [
            row("before", "ada", -5, |_| {}),
            row("plain", "ada", 3_723, |item| {
                item.body = model::Body::plain("Two\n\nlines --> and <b>tags</b> &amp;");
            }),
            row("covered", "<v Eve>\n-->", 3_724, |item| item.cover = Some("spiders".into())),
            row("empty", "ada", 3_725, |item| item.body = model::Body::default()),
        ];
        let recording = Recording { first_frame: NOON };
        let text = written("A --> talk\nNOTE", &rows, &recording);
        let want = format!(
            "WEBVTT\n\nNOTE What was said during: A --&gt; talk NOTE\n\n\
             {}\n01:02:03.000 --> 01:02:08.680\n<v ada>Two lines --&gt; and &lt;b&gt;tags&lt;/b&gt; &amp;amp;\n\n",
            rows[1].id
        );
        assert!(text.starts_with(&want), "{text}");
        assert!(
            text.contains("<v &lt;v Eve&gt; --&gt;>Content warning: spiders\n")
                && !text.contains("words of covered")
        );
        assert!(text.contains("(a picture)") && !text.contains("words of before"));
        assert_eq!(text.matches(" --> ").count(), 3, "one arrow for each cue");
    }

    #[test]
    fn offsets_are_told_as_players_tell_them() {
        let at = |seconds: i64| offset(NOON.plus(seconds * Micros::SECOND), NOON);
        assert_eq!([at(0), at(760), at(3_661), at(-30)], ["+0:00", "+12:40", "+1:01:01", "\u{2212}0:30"]);
    }
}
