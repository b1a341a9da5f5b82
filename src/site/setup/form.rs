//! A form as it came, or as a file fills it. Nothing of it is believed.

use super::super::failure::Failure;
use axum::body::Body;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use model::event::BadEvent;
use nozzle::intake::FORM_KEY;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Fields that are looked at.
const FIELDS_MAX: usize = 128;
/// Largest form that holds settings, in bytes: each byte of an event.toml may be written as three.
pub(super) const FORM_BYTES_MAX: usize = 256 * 1024;

/// Names and values, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    /// Reads a form of at most so many bytes.
    pub(super) async fn read(body: Body, bytes_max: usize) -> Result<Self, Failure> {
        let read = Limited::new(body, bytes_max).collect().await;
        let bytes = read.map_err(|error| match error.is::<LengthLimitError>() {
            true => Failure::TooLarge,
            false => Failure::Bad("That form broke off on its way."),
        })?;
        Ok(Self::parse(&bytes.to_bytes()))
    }

    pub(super) fn parse(body: &[u8]) -> Self {
        let pairs = url::form_urlencoded::parse(body).take(FIELDS_MAX);
        // Browsers end lines in CR LF; files do not.
        Self(pairs.map(|(name, value)| (name.into_owned(), value.replace("\r\n", "\n"))).collect())
    }

    pub(super) fn of<const N: usize>(pairs: [(&str, String); N]) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// What stands in a field, without the space around it; empty where there is no such field.
    pub(super) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.trim())
    }

    /// As [`Form::get`]; none where nothing stands there.
    pub(super) fn said(&self, name: &str) -> Option<String> {
        Some(self.get(name).to_owned()).filter(|value| !value.is_empty())
    }

    /// Whether a box was ticked.
    pub(super) fn is(&self, name: &str) -> bool {
        !self.get(name).is_empty()
    }

    /// Writes into a field.
    pub(super) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0.retain(|(known, _)| known != name);
        self.0.push((name.to_owned(), value.into()));
    }

    /// The key of what this form asks for: the same for a repeated click, another one when something else was typed.
    pub(super) fn key(&self, what: &str) -> String {
        let mut hash = Sha256::new();
        for part in self.0.iter().flat_map(|(name, value)| [name, value]) {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let digest: String = hash.finalize()[..16].iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{FORM_KEY}setup-{what}-{digest}")
    }
}

/// What is wrong, by field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wrong {
    by_field: BTreeMap<String, String>,
    /// What no field of this form can mend.
    other: Vec<String>,
}

impl Wrong {
    pub(super) fn add(&mut self, field: &str, what: impl Into<String>) {
        self.by_field.entry(field.to_owned()).or_insert_with(|| sentence(&what.into()));
    }

    /// Takes what is wrong with a whole file; `fields` are those of this form, as event.toml names them.
    pub(super) fn take(&mut self, bad: &BadEvent, fields: &[&str]) {
        for problem in &bad.0 {
            match problem.what.split_once(": ") {
                Some((key, what)) if fields.contains(&key) => self.add(key, what),
                _ => self.other.push(sentence(&problem.what)),
            }
        }
    }

    pub(super) fn of(&self, field: &str) -> Option<String> {
        self.by_field.get(field).cloned()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_field.is_empty() && self.other.is_empty()
    }

    /// What stands at the head of the page.
    pub(super) fn summary(&self) -> String {
        let here = match self.by_field.len() {
            0 => String::new(),
            1 => "One thing below needs another look; nothing was changed.".to_owned(),
            n => format!("{n} things below need another look; nothing was changed."),
        };
        let parts = std::iter::once(here).chain(self.other.iter().cloned()).filter(|part| !part.is_empty());
        parts.collect::<Vec<_>>().join(" ")
    }
}

/// What a file's checks say, as people read it.
fn sentence(what: &str) -> String {
    let mut chars = what.trim_end_matches('.').chars();
    let first = chars.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", chars.as_str())
}

/// Hashtags or the like: parted by space, comma or line, with or without `#`.
pub(super) fn tags(text: &str) -> Vec<String> {
    let parts = text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';'));
    parts.map(|tag| tag.trim_start_matches('#').to_owned()).filter(|tag| !tag.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_leniently_and_its_key_follows_what_was_typed() {
        let form = Form::parse(b"title=+Rust%20Fest+&words=a%0D%0Ab&title=second&=x&%zz");
        assert_eq!((form.get("title"), form.get("words"), form.get("none")), ("Rust Fest", "a\nb", ""));
        assert_eq!((form.said("none"), form.is("title")), (None, true));
        assert_eq!(
            form.key("new"),
            Form::parse(b"title=+Rust%20Fest+&words=a%0D%0Ab&title=second&=x&%zz").key("new")
        );
        assert_ne!(form.key("new"), Form::parse(b"title=Rust+Fest").key("new"));
    }

    #[test]
    fn what_is_wrong_stands_at_its_field_and_the_rest_at_the_head() {
        let bad = model::event::EventFile::parse("slug = \"a\"\ntitle = \"\"\n[[room]]\n").unwrap_err();
        let mut wrong = Wrong::default();
        wrong.take(&bad, &["slug", "title"]);
        assert!(wrong.of("slug").is_some_and(|what| what.ends_with("(not at an end).")));
        assert!(
            wrong.summary().starts_with("2 things below")
                && wrong.summary().contains("Room: name is missing")
        );
    }

    #[test]
    fn hashtags_are_told_apart_however_they_are_parted() {
        assert_eq!(tags("#rust, fest  #a;b\nc,,"), ["rust", "fest", "a", "b", "c"]);
    }
}
