//! Lenient JSON: a field of the wrong type costs the field, never the post. Servers that speak a network's API without
//! being it write numbers as strings, null for lists, and lists for nothing.

use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Text; a number counts as its digits, everything else as absent.
pub(crate) fn text<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Any {
        Text(String),
        Unsigned(u64),
        Signed(i64),
        Other(IgnoredAny),
    }
    Ok(match Any::deserialize(from)? {
        Any::Text(text) => Some(text),
        Any::Unsigned(n) => Some(n.to_string()),
        Any::Signed(n) => Some(n.to_string()),
        Any::Other(_) => None,
    })
}

/// A whole number; digits in a text count.
pub(crate) fn number<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Any {
        Number(i64),
        Float(f64),
        Text(String),
        Other(IgnoredAny),
    }
    Ok(match Any::deserialize(from)? {
        Any::Number(n) => Some(n),
        // `as` saturates, which is what a count wants.
        Any::Float(f) => Some(f as i64),
        Any::Text(text) => text.trim().parse().ok(),
        Any::Other(_) => None,
    })
}

/// True only for `true`.
pub(crate) fn flag<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    Ok(Value::deserialize(from)? == Value::Bool(true))
}

/// An object of the expected shape, or nothing.
pub(crate) fn object<'de, D: Deserializer<'de>, T: DeserializeOwned>(from: D) -> Result<Option<T>, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::Null => None,
        value => serde_json::from_value(value).ok(),
    })
}

/// The elements that have the expected shape.
pub(crate) fn list<'de, D: Deserializer<'de>, T: DeserializeOwned>(from: D) -> Result<Vec<T>, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::Array(values) => values.into_iter().filter_map(|v| serde_json::from_value(v).ok()).collect(),
        _ => Vec::new(),
    })
}

/// Texts: in a list, or in one text with commas between them.
pub(crate) fn texts<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    Ok(texts_of(&Value::deserialize(from)?))
}

/// As [`texts`], of a value that has been read.
pub(crate) fn texts_of(value: &Value) -> Vec<String> {
    match value {
        Value::Array(values) => values.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Value::String(text) => text.split(',').map(|one| one.trim().to_owned()).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize, Debug, PartialEq)]
    struct Probe {
        #[serde(default, deserialize_with = "text")]
        text: Option<String>,
        #[serde(default, deserialize_with = "number")]
        number: Option<i64>,
        #[serde(default, deserialize_with = "list")]
        list: Vec<String>,
        #[serde(default, deserialize_with = "object")]
        object: Option<Box<Probe>>,
        #[serde(default, deserialize_with = "flag")]
        flag: bool,
        #[serde(default, deserialize_with = "texts")]
        texts: Vec<String>,
    }

    fn probe(json: &str) -> Probe {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_wrong_type_costs_the_field_only() {
        let wrong = probe(r#"{"text":[1],"number":{"a":1},"list":"no","object":7,"flag":"yes","texts":7}"#);
        assert_eq!(wrong, probe("{}"));
        let odd =
            probe(r#"{"text":18446744073709551615,"number":"-1","list":["a",1,"b"],"object":{"flag":true}}"#);
        assert_eq!(odd.text.as_deref(), Some("18446744073709551615"));
        assert_eq!((odd.number, odd.list.len()), (Some(-1), 2));
        assert!(odd.object.unwrap().flag);
        assert_eq!(probe(r#"{"texts":"DE, XX"}"#), probe(r#"{"texts":["DE", 7, "XX"]}"#));
    }
}
