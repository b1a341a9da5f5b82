//! The three forms of an answer. XML is the plain one; Flickr's JSON is made of it, and this goes the way back.

use serde_json::{Map, Value, json};

use super::Fail;
use crate::http::{self as web, Answer, Query};

/// How the caller wants its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Json,
    /// Wrapped in a call of this function.
    Script(String),
    Xml,
    Unknown,
}

impl Form {
    pub(super) fn of(query: &Query) -> Self {
        match query.get("format") {
            None | Some("rest") => Self::Xml,
            Some("json") if query.is_on("nojsoncallback") => Self::Json,
            Some("json") => Self::Script(query.get("jsoncallback").unwrap_or("jsonFlickrApi").to_owned()),
            Some(_) => Self::Unknown,
        }
    }

    pub(super) fn content_type(&self) -> &'static str {
        match self {
            Self::Json => "application/json; charset=utf-8",
            Self::Script(_) => "text/javascript; charset=utf-8",
            Self::Xml | Self::Unknown => "text/xml; charset=utf-8",
        }
    }

    pub(super) fn body(&self, document: &Value) -> String {
        match self {
            Self::Json => document.to_string(),
            Self::Script(name) => format!("{name}({document})"),
            Self::Xml | Self::Unknown => {
                let mut out = String::from("<?xml version=\"1.0\" encoding=\"utf-8\" ?>\n");
                element(&mut out, "rsp", document);
                out
            }
        }
    }

    pub(super) fn answer(&self, body: String) -> Answer {
        web::text(200, self.content_type(), body)
    }

    pub(super) fn fail(&self, Fail(code, message): &Fail) -> Answer {
        let document = match self {
            Self::Json | Self::Script(_) => json!({"stat": "fail", "code": code, "message": message}),
            Self::Xml | Self::Unknown => json!({"stat": "fail", "err": {"code": code, "msg": message}}),
        };
        self.answer(self.body(&document))
    }
}

/// Scalars are attributes, lists repeat their element, `_content` is text.
fn element(out: &mut String, name: &str, value: &Value) {
    let none = Map::new();
    let fields = value.as_object().unwrap_or(&none);
    out.push_str(&format!("<{name}"));
    for (name, value) in fields.iter().filter(|(name, _)| *name != "_content") {
        if let Some(text) = scalar(value) {
            out.push_str(&format!(" {name}=\"{}\"", escape(&text)));
        }
    }
    out.push('>');
    out.push_str(&escape(&fields.get("_content").and_then(scalar).unwrap_or_default()));
    for (name, value) in fields {
        match value {
            Value::Object(_) => element(out, name, value),
            Value::Array(list) => list.iter().for_each(|value| element(out, name, value)),
            _ => {}
        }
    }
    out.push_str(&format!("</{name}>\n"));
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(n) => Some(n.to_string()),
        Value::Null => Some(String::new()),
        _ => None,
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
