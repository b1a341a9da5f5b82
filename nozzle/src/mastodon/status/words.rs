//! The words of a status: its content, and what else its author wrote that the content does not hold (the choices of a
//! poll, attachments that can only be linked to, hashtags kept apart).

use model::html;
use serde::Deserialize;

use crate::source::TAGS_MAX;
use crate::wire::lenient;

#[derive(Deserialize)]
pub(super) struct Poll {
    #[serde(default, deserialize_with = "lenient::list")]
    options: Vec<Choice>,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default, deserialize_with = "lenient::text")]
    title: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Tag {
    #[serde(default, deserialize_with = "lenient::text")]
    name: Option<String>,
}

/// Most choices of a poll that are shown; Mastodon allows 4, its relatives 20.
const CHOICES_MAX: usize = 20;

/// The content with a line for each choice of a poll and each link. Custom emoji stay the `:codes:` that they are.
pub(super) fn words(content: String, poll: Option<Poll>, links: &[String]) -> String {
    let mut out = content;
    let choices = poll.map(|poll| poll.options).unwrap_or_default();
    let titles = choices.into_iter().filter_map(|choice| choice.title);
    let lines: Vec<String> =
        titles.take(CHOICES_MAX).map(|title| format!("<li>{}</li>", escaped(&title))).collect();
    if !lines.is_empty() {
        out.push_str(&format!("<ul>{}</ul>", lines.concat()));
    }
    for link in links {
        out.push_str(&format!("<p><a href=\"{0}\">{0}</a></p>", escaped(link)));
    }
    out
}

/// Hashtags that the server names and the content does not show.
pub(super) fn tags_outside(tags: Vec<Tag>, content: &str) -> Vec<String> {
    let names = tags.into_iter().filter_map(|tag| tag.name).filter(|name| !name.trim().is_empty());
    let names: Vec<String> = names.take(TAGS_MAX).collect();
    if names.is_empty() {
        return names;
    }
    let shown = html::to_body(content).text().to_lowercase();
    names.into_iter().filter(|name| !shown.contains(&format!("#{}", name.to_lowercase()))).collect()
}

/// Warnings are plain text on Mastodon and HTML elsewhere.
pub(super) fn plain(warning: &str) -> String {
    if warning.contains('<') || warning.contains('&') {
        html::to_body(warning).text()
    } else {
        warning.to_owned()
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
