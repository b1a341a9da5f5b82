//! An event.toml out of settings: what a form has changed, and what `event show` prints of an event that was made in a browser.
//!
//! Keys that say what is so anyway are left out, so that a file holds what somebody has said and nothing else. What is read
//! again is what was written; a property test holds that over all keys.

mod over;

use super::{EventFile, RuleFile, SourceFile};
use std::fmt::Write;
use toml::{Table, Value};

/// Keys in the order in which people read them; others follow by name.
const KEYS: [&str; 16] = [
    "slug",
    "title",
    "timezone",
    "starts",
    "ends",
    "place",
    "hashtags",
    "schedule",
    "schedule_poll_seconds",
    "handles",
    "onsite",
    "published",
    "accent_hue",
    "privacy",
    "imprint",
    "retain_until",
];
/// The same within a `[[list]]`.
const KEYS_INSIDE: [&str; 10] =
    ["name", "kind", "url", "streaming_url", "api_url", "api", "tags", "paused", "moderation", "action"];

impl EventFile {
    /// The text of an event.toml that says exactly this.
    #[must_use]
    pub fn write(&self) -> String {
        let mut said = without(full(self), &defaults::<Self>());
        for (list, usual) in [("source", defaults::<SourceFile>()), ("rule", defaults::<RuleFile>())] {
            let parts = said.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten();
            for part in parts.filter_map(Value::as_table_mut) {
                *part = without(std::mem::take(part), &usual);
            }
        }
        let mut text = String::new();
        pairs(&mut text, &said, &KEYS);
        for (name, value) in &said {
            match value {
                Value::Table(inner) => {
                    section(&mut text, &format!("[{name}]"), inner);
                }
                Value::Array(list) if is_of_tables(list) => {
                    for inner in list.iter().filter_map(Value::as_table) {
                        section(&mut text, &format!("[[{name}]]"), inner);
                    }
                }
                _ => {}
            }
        }
        text
    }
}

/// What a file says that says nothing.
fn defaults<T: serde::de::DeserializeOwned + serde::Serialize>() -> Table {
    let empty: T =
        toml::from_str("").expect("every key has a default; what must be said is checked elsewhere");
    full(&empty)
}

/// Every key, those that say what is so anyway included. By way of the text: as values, days would be tables.
fn full(settings: &impl serde::Serialize) -> Table {
    let text = toml::to_string(settings).expect("settings are tables, lists, texts and numbers");
    text.parse().expect("what was written can be read")
}

/// What is said otherwise than usual.
fn without(mut table: Table, usual: &Table) -> Table {
    table.retain(|key, value| usual.get(key) != Some(value));
    table
}

fn is_of_tables(list: &[Value]) -> bool {
    list.first().is_some_and(Value::is_table)
}

/// A heading and what stands below it. Tables within it are written inline.
fn section(text: &mut String, heading: &str, inner: &Table) {
    // Writing to a string cannot fail, here and below.
    let _ = writeln!(text, "\n{heading}");
    pairs_inline(text, inner, &KEYS_INSIDE);
}

/// The keys of the file itself, without those that get a heading.
fn pairs(text: &mut String, table: &Table, order: &[&str]) {
    let own = |value: &Value| !value.is_table() && !value.as_array().is_some_and(|list| is_of_tables(list));
    let table: Table =
        table.iter().filter(|(_, value)| own(value)).map(|(k, v)| (k.clone(), v.clone())).collect();
    pairs_inline(text, &table, order);
}

fn pairs_inline(text: &mut String, table: &Table, order: &[&str]) {
    let place = |key: &str| order.iter().position(|known| *known == key).unwrap_or(order.len());
    let mut keys: Vec<&String> = table.keys().collect();
    keys.sort_by_key(|key| (place(key), key.as_str()));
    for key in keys {
        let _ = writeln!(text, "{key} = {}", table[key.as_str()]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Moderation;

    /// Every key that there is, each with something that is not so anyway.
    const ALL: &str = include_str!("write/all.toml");

    #[test]
    fn every_key_survives_and_the_file_is_read_as_it_was_written() {
        let file = EventFile::parse(ALL).unwrap();
        let text = file.write();
        assert_eq!(EventFile::parse(&text).unwrap(), file, "{text}");
        assert_eq!(EventFile::parse(&text).unwrap().write(), text, "writing again changes nothing");
        let (said, usual) = (full(&file), defaults::<EventFile>());
        for key in said.keys().chain(usual.keys()) {
            assert!(
                said.contains_key(key) && said.get(key) != usual.get(key),
                "write/all.toml does not try {key}"
            );
        }
    }

    /// Some keys of the file above, some parts of its lists in another order, and words that nobody expects.
    fn any_file() -> impl proptest::strategy::Strategy<Value = EventFile> {
        use proptest::prelude::*;
        let keys = proptest::collection::vec(any::<bool>(), 24);
        let words = proptest::option::of("[\\PC\n\t\\\\\"'#=]{0,40}");
        (keys, "\\PC{0,20}", words, any::<u64>()).prop_map(|(keep, title, privacy, seed)| {
            let mut said = full(&EventFile::parse(ALL).unwrap());
            let mut keep = keep.into_iter();
            said.retain(|key, _| key == "slug" || keep.next().unwrap_or(true));
            for list in said
                .iter_mut()
                .filter_map(|(_, value)| value.as_array_mut())
                .filter(|list| is_of_tables(list))
            {
                let by = (seed % list.len() as u64) as usize;
                list.rotate_left(by);
                list.truncate(list.len() - by / 2);
            }
            let mut file: EventFile = toml::from_str(&toml::to_string(&said).unwrap()).unwrap();
            (file.title, file.privacy) = (title, privacy);
            if let Some(source) = file.sources.first_mut() {
                source.paused = seed % 2 == 0;
                source.poll_seconds = u32::try_from(seed % 100).ok();
            }
            file
        })
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_said_is_read_as_it_was_written(file in any_file()) {
            proptest::prop_assert_eq!(toml::from_str::<EventFile>(&file.write()).unwrap(), file);
        }

        #[test]
        fn one_file_written_over_another_says_what_the_one_said(before in any_file(), after in any_file()) {
            let text = format!("# ours\n{}", before.write());
            let written = after.write_over(&text);
            proptest::prop_assert_eq!(toml::from_str::<EventFile>(&written).unwrap(), after, "{}", written);
        }
    }

    #[test]
    fn a_file_holds_what_was_said_and_begins_with_the_name() {
        let mut file =
            EventFile::parse("slug = \"abc\"\ntitle = \"A \\\"B\\\" C\"\nstarts = 2026-06-01\n").unwrap();
        assert_eq!(file.write(), "slug = \"abc\"\ntitle = 'A \"B\" C'\nstarts = 2026-06-01\n");
        let mut source = SourceFile::new("blog", "feed");
        source.url = Some("https://blog.example/feed.xml".to_owned());
        source.moderation = Moderation::Hold;
        file.sources.push(source);
        let want = "\n[[source]]\nname = \"blog\"\nkind = \"feed\"\nurl = \"https://blog.example/feed.xml\"\nmoderation = \"hold\"\n";
        assert!(file.write().ends_with(want), "{}", file.write());
    }
}
