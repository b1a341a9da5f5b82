//! Flickr's XML as the JSON that Flickr itself would have sent: attributes become fields, an element's words its `_content`,
//! elements that repeat a list. One reader of JSON then reads both. Entities are never expanded beyond XML's own.

use quick_xml::escape::{resolve_xml_entity, unescape};
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::reader::Reader;
use serde_json::{Map, Value};

/// Deepest nesting that is read; Flickr needs six.
const DEPTH_MAX: usize = 16;

/// One element that is not yet closed.
struct Open {
    name: String,
    fields: Map<String, Value>,
    text: String,
}

/// Reads a document whose root is `<rsp>`; `None` for anything else.
pub(super) fn to_json(bytes: &[u8]) -> Option<Value> {
    let mut reader = Reader::from_reader(bytes);
    let (mut buffer, mut path) = (Vec::new(), Vec::<Open>::new());
    loop {
        let closed = match reader.read_event_into(&mut buffer).ok()? {
            Event::Eof => return None,
            Event::Start(tag) => {
                path.push(open(&tag));
                false
            }
            Event::Empty(tag) => {
                path.push(open(&tag));
                true
            }
            Event::End(_) => true,
            Event::Text(text) => said(&mut path, &text),
            Event::CData(text) => said(&mut path, &text),
            Event::GeneralRef(name) => said(&mut path, &character(&name)),
            _ => false,
        };
        if path.len() > DEPTH_MAX {
            return None;
        }
        if closed {
            let element = path.pop()?;
            match path.last_mut() {
                Some(parent) => add(&mut parent.fields, element),
                None if element.name == "rsp" => return Some(envelope(element.fields)),
                None => return None,
            }
        }
        buffer.clear();
    }
}

fn said(path: &mut [Open], text: &str) -> bool {
    if let Some(element) = path.last_mut() {
        element.text.push_str(text);
    }
    false
}

fn character(name: &BytesRef<'_>) -> String {
    match name.resolve_char_ref() {
        Ok(Some(c)) => c.to_string(),
        _ => resolve_xml_entity(name).unwrap_or_default().to_owned(),
    }
}

fn open(tag: &BytesStart<'_>) -> Open {
    let mut fields = Map::new();
    for attribute in tag.attributes().with_checks(false).flatten() {
        let raw = attribute.value;
        let value = unescape(&raw).map_or_else(|_| raw.to_string(), std::borrow::Cow::into_owned);
        fields.insert(attribute.key.as_ref().to_owned(), Value::String(value));
    }
    Open { name: tag.name().as_ref().to_owned(), fields, text: String::new() }
}

fn add(parent: &mut Map<String, Value>, element: Open) {
    let Open { name, mut fields, text } = element;
    // Blanks between elements are layout; of an element that has nothing else they may be its words.
    if !text.trim().is_empty() || fields.is_empty() {
        fields.insert("_content".to_owned(), Value::String(text));
    }
    let value = Value::Object(fields);
    match parent.get_mut(&name) {
        Some(Value::Array(list)) => list.push(value),
        Some(before) => *before = Value::Array(vec![before.take(), value]),
        None => {
            parent.insert(name, value);
        }
    }
}

/// JSON names the failure beside `stat`, XML in an element of its own.
fn envelope(mut fields: Map<String, Value>) -> Value {
    if let Some(Value::Object(error)) = fields.remove("err") {
        for (name, value) in error {
            fields.insert(if name == "msg" { "message".to_owned() } else { name }, value);
        }
    }
    Value::Object(fields)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn xml_reads_as_the_json_that_flickr_makes_of_it() {
        let xml = br#"<?xml version="1.0" encoding="utf-8" ?><rsp stat="ok"><photo id="1" title="a &amp; b&#039;s">
            <title>T &lt;b&gt; <![CDATA[<i>]]></title><tags><tag raw="A">a</tag><tag>b</tag></tags><notes /></photo></rsp>"#;
        let want = json!({"stat": "ok", "photo": {
            "id": "1", "title": [ "a & b's", {"_content": "T <b> <i>"} ],
            "tags": {"tag": [{"raw": "A", "_content": "a"}, {"_content": "b"}]}, "notes": {"_content": ""},
        }});
        assert_eq!(to_json(xml), Some(want));
        let fail = br#"<rsp stat="fail"><err code="1" msg="Photo not found" /></rsp>"#;
        assert_eq!(to_json(fail), Some(json!({"stat": "fail", "code": "1", "message": "Photo not found"})));
    }

    #[test]
    fn what_is_no_answer_is_none() {
        let deep = format!("<rsp>{}", "<a>".repeat(100_000));
        for bad in
            ["", "<html><body>down</body></html>", "<rsp stat=\"ok\"><photos>", "<rsp>&b;", deep.as_str()]
        {
            assert_eq!(to_json(bad.as_bytes()), None, "{:?}", &bad[..bad.len().min(40)]);
        }
    }
}
