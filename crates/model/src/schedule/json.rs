//! JSON of any of the kinds we read: held to a number of values before it is built, then told apart by what is in it.

use super::{BadSchedule, ScheduleFile, frab_json, pretalx};
use jiff::tz::TimeZone;
use serde_json::Value;

/// Values in a file at most: each costs some hundred bytes of memory once it is built, whatever it takes in the file.
const VALUES_MAX: usize = 1_000_000;

pub(super) fn parse(text: &str, zone: &TimeZone) -> Result<ScheduleFile, BadSchedule> {
    if values(text) > VALUES_MAX {
        return Err(BadSchedule::TooLarge);
    }
    let root: Value = serde_json::from_str(text)
        .map_err(|e| BadSchedule::Broken(format!("this JSON cannot be read: {e}; export the file again")))?;
    let schedule = root.get("schedule").unwrap_or(&root);
    if let Some(conference) = schedule.get("conference").filter(|c| c.is_object()) {
        return frab_json::parse(schedule, conference, zone);
    }
    pretalx::parse(&root, zone)
}

/// How many values a text of JSON has at most: one, and one more behind each comma, colon and opening outside of strings.
fn values(text: &str) -> usize {
    let (mut count, mut is_string, mut is_escaped) = (1, false, false);
    for byte in text.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_string => is_escaped = true,
            b'"' => is_string = !is_string,
            b',' | b':' | b'[' | b'{' if !is_string => count += 1,
            _ => {}
        }
    }
    count
}

/// A value as text: numbers become text, the empty text nothing.
pub(super) fn text(object: &Value, key: &str) -> Option<String> {
    plain(object.get(key)?)
}

/// See [`text`].
pub(super) fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(s) => Some(s.trim().to_owned()).filter(|s| !s.is_empty()),
        Value::Number(n) => Some(n.to_string()),
        _ => None,
    }
}

/// A value as text, from a text in several languages the one that is asked for, else English, else the first; from an object
/// with a name its name.
pub(super) fn spoken(value: &Value, lang: Option<&str>) -> Option<String> {
    let Value::Object(by_lang) = value else { return plain(value) };
    if let Some(name) = by_lang.get("name") {
        return spoken(name, lang);
    }
    let asked = lang.into_iter().chain(["en"]).find_map(|lang| by_lang.get(lang).and_then(plain));
    asked.or_else(|| {
        let is_lang = |key: &str| {
            key.len() <= 12 && key.split(['-', '_']).next().is_some_and(|k| matches!(k.len(), 2 | 3))
        };
        by_lang.iter().filter(|(key, _)| is_lang(key)).find_map(|(_, value)| plain(value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn other_json_is_refused_with_a_reason() {
        let why = |text: &str| parse(text, &TimeZone::UTC).unwrap_err().to_string();
        for other in ["{}", "[]", "{\"a\":{\"b\":[1,2]}}", "[[[1]]]", "{\"error\":\"not found\"}"] {
            assert!(why(other).contains("neither"), "{other}: {}", why(other));
        }
        assert!(why("{\"schedule\":").contains("line 1"));
        assert!(why(&"[".repeat(100_000)).contains("recursion limit"), "{}", why(&"[".repeat(100_000)));
        assert!(why(&"{\"a\":".repeat(100_000)).contains("recursion limit"));
    }

    #[test]
    fn a_file_of_too_many_values_is_refused_before_it_is_built() {
        let many = format!("[{}0]", "0,".repeat(VALUES_MAX));
        assert_eq!(parse(&many, &TimeZone::UTC), Err(BadSchedule::TooLarge));
        assert_eq!(values(r#"{"a,\":[{":[1,2]}"#), 5);
    }

    #[test]
    fn a_text_in_several_languages_is_taken_in_the_one_asked_for() {
        let both = json!({"en": "Hall", "fr": "Salle"});
        assert_eq!(spoken(&both, Some("fr")).as_deref(), Some("Salle"));
        assert_eq!(spoken(&both, Some("de")).as_deref(), Some("Hall"));
        assert_eq!(spoken(&json!({"de": "Saal"}), None).as_deref(), Some("Saal"));
        assert_eq!(spoken(&json!({"id": 4, "name": {"de": "Saal"}}), None).as_deref(), Some("Saal"));
        assert_eq!(spoken(&json!({}), None), None);
    }
}
