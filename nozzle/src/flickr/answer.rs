//! What Flickr's answers say: a document in JSON, in JSON wrapped for a script, or in XML; and `stat: fail`, which comes
//! with HTTP 200 and says by its code who must act.

use serde_json::Value;

use super::xml;
use crate::source::{SourceEnd, sample};

/// A failure that Flickr names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fail {
    /// Flickr's number for it; -1 when it gives none.
    pub(super) code: i64,
    /// Flickr's words.
    pub(super) message: String,
}

/// Why there is no document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// `stat: fail`.
    Fail(Fail),
    /// Not an answer of Flickr's, or half of one; a short word for its kind.
    Garbage(&'static str),
}

/// Reads an answer's body.
pub(super) fn read(body: &[u8]) -> Result<Value, Unread> {
    let text = body.trim_ascii();
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let document = match text.first() {
        None => return Err(Unread::Garbage("empty")),
        Some(b'<') => {
            xml::to_json(text).ok_or(Unread::Garbage(if is_html(text) { "html" } else { "xml" }))?
        }
        Some(_) => serde_json::from_slice::<Value>(unwrapped(text)).map_err(|_| Unread::Garbage("json"))?,
    };
    match document.get("stat").and_then(Value::as_str) {
        Some("fail") => Err(Unread::Fail(Fail::of(&document))),
        _ if document.is_object() => Ok(document),
        _ => Err(Unread::Garbage("json")),
    }
}

/// `jsonFlickrApi({...})`, or any other function's name that a proxy put there.
fn unwrapped(text: &[u8]) -> &[u8] {
    let name = text.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
    let inner = text[name..].strip_prefix(b"(").filter(|_| name > 0);
    let inner = inner.map(|rest| rest.strip_suffix(b";").unwrap_or(rest).trim_ascii_end());
    inner.and_then(|rest| rest.strip_suffix(b")")).unwrap_or(text)
}

fn is_html(text: &[u8]) -> bool {
    let head = String::from_utf8_lossy(&text[..text.len().min(200)]).to_lowercase();
    head.contains("<html") || head.contains("<!doctype html")
}

impl Fail {
    fn of(document: &Value) -> Self {
        let code = match &document["code"] {
            Value::Number(n) => n.as_i64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        let message = document["message"].as_str().unwrap_or_default();
        Self { code: code.unwrap_or(-1), message: sample(message.as_bytes()) }
    }

    /// It may pass by itself. The words count before the code, which varies for the same trouble.
    pub(super) fn is_passing(&self) -> bool {
        let words = self.message.to_lowercase();
        words.contains("not currently available")
            || words.contains("currently unavailable")
            || matches!(self.code, 0 | 10 | 105 | 106 | 201)
    }

    /// The photo that was asked for is gone (1), or no longer for everybody (2).
    pub(super) fn is_gone(&self) -> bool {
        matches!(self.code, 1 | 2) && !self.is_passing()
    }

    /// What it means for the source.
    pub(super) fn end(&self, key_env: Option<&str>) -> SourceEnd {
        let words = format!("Flickr says {}: {}", self.code, self.message);
        if self.is_passing() {
            return SourceEnd::Refused(words);
        }
        match self.code {
            96..=100 => SourceEnd::NeedsCredentials(format!("{words}; {}", cure(key_env))),
            // The others are the search's own: too many tags, arguments that contradict each other.
            1..=9 | 11..=19 | 95 | 111 | 112 | 114..=116 => SourceEnd::Misconfigured(words),
            _ => SourceEnd::Refused(words),
        }
    }
}

/// How to come by a key.
pub(super) fn cure(key_env: Option<&str>) -> String {
    match key_env {
        Some(name) => {
            format!("set {name} to a Flickr API key (https://www.flickr.com/services/apps/create/)")
        }
        None => "name the variable that holds a Flickr API key as key_env".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fail(body: &str) -> Fail {
        match read(body.as_bytes()) {
            Err(Unread::Fail(fail)) => fail,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn one_document_is_read_from_every_wrapping() {
        let want = read(br#"{"stat":"ok","photos":{"total":"1"}}"#).unwrap();
        for same in [
            "\u{feff}{\"stat\":\"ok\",\"photos\":{\"total\":\"1\"}}\n",
            r#"jsonFlickrApi({"stat":"ok","photos":{"total":"1"}})"#,
            r#"jsonFlickrApi({"stat":"ok","photos":{"total":"1"}});"#,
            r#"<?xml version="1.0"?><rsp stat="ok"><photos total="1"/></rsp>"#,
        ] {
            assert_eq!(read(same.as_bytes()).as_ref(), Ok(&want), "{same}");
        }
    }

    #[test]
    fn what_is_no_answer_is_named_by_its_kind() {
        for (body, kind) in [
            ("", "empty"),
            ("<!DOCTYPE html><html>down</html>", "html"),
            ("<rsp stat=\"ok\"><photos", "xml"),
            ("jsonFlickrApi({\"stat\":", "json"),
            ("[1]", "json"),
            ("\u{0}\u{1}", "json"),
        ] {
            assert_eq!(read(body.as_bytes()), Err(Unread::Garbage(kind)), "{body:?}");
        }
    }

    #[test]
    fn a_failure_says_who_must_act() {
        let end = |code: i64, message: &str| {
            fail(&format!(r#"{{"stat":"fail","code":{code},"message":"{message}"}}"#)).end(Some("KEY"))
        };
        for code in [96, 97, 98, 99, 100] {
            let SourceEnd::NeedsCredentials(why) = end(code, "Invalid API Key") else { panic!("{code}") };
            assert!(why.contains("Invalid API Key") && why.contains("set KEY"), "{why}");
        }
        for code in [1, 3, 95, 111, 112, 116] {
            assert!(matches!(end(code, "no"), SourceEnd::Misconfigured(_)), "{code}");
        }
        for code in [0, 10, 105, 106, 201, -1, 4711] {
            assert!(matches!(end(code, "no"), SourceEnd::Refused(_)), "{code}");
        }
        let passing = end(1, "Sorry, the Flickr API service is not currently available.");
        assert!(matches!(passing, SourceEnd::Refused(_)), "the words count before the code");
    }

    #[test]
    fn only_a_photo_that_is_named_as_gone_is_gone() {
        let gone = |code: &str, words: &str| {
            fail(&format!(r#"<rsp stat="fail"><err code="{code}" msg="{words}"/></rsp>"#)).is_gone()
        };
        assert!(gone("1", "Photo not found") && gone("2", "Permission denied"));
        assert!(!gone("1", "Service is not currently available") && !gone("105", "x") && !gone("", "x"));
    }
}
