//! The one way in which the site writes XML: elements by name, every text and attribute escaped and cleaned on its way in.

use quick_xml::{
    Writer,
    events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event},
};
use std::borrow::Cow;

/// A document that grows element by element.
pub(in crate::site) struct Xml(Writer<Vec<u8>>);

/// An attribute: name and value.
pub(in crate::site) type Attribute<'a> = (&'a str, &'a str);

impl Xml {
    /// A document that so far is its declaration.
    pub(in crate::site) fn new() -> Self {
        let mut xml = Self(Writer::new(Vec::new()));
        xml.write(Event::Decl(BytesDecl::new("1.0", Some("utf-8"), None)));
        xml
    }

    /// Opens an element; [`Self::close`] it.
    pub(in crate::site) fn open(&mut self, name: &str, attributes: &[Attribute<'_>]) {
        self.write(Event::Start(start(name, attributes)));
    }

    /// Closes what was opened under this name.
    pub(in crate::site) fn close(&mut self, name: &str) {
        self.write(Event::End(BytesEnd::new(name)));
    }

    /// An element that holds words.
    pub(in crate::site) fn text(&mut self, name: &str, attributes: &[Attribute<'_>], words: &str) {
        self.open(name, attributes);
        self.write(Event::Text(BytesText::new(&clean(words))));
        self.close(name);
    }

    /// An element that holds nothing.
    pub(in crate::site) fn empty(&mut self, name: &str, attributes: &[Attribute<'_>]) {
        self.write(Event::Empty(start(name, attributes)));
    }

    /// The document.
    pub(in crate::site) fn finish(self) -> Vec<u8> {
        let mut bytes = self.0.into_inner();
        bytes.push(b'\n');
        bytes
    }

    fn write(&mut self, event: Event<'_>) {
        self.0.write_event(event).expect("memory takes what is written to it");
    }
}

fn start<'a>(name: &'a str, attributes: &[Attribute<'_>]) -> BytesStart<'a> {
    let mut element = BytesStart::new(name);
    for (name, value) in attributes {
        // A reader turns line feeds and tabs of an attribute into spaces anyway.
        let value = clean(value).replace(['\n', '\t'], " ");
        element.push_attribute((*name, value.as_str()));
    }
    element
}

/// Without what XML 1.0 cannot hold (section 2.2) and what it asks not to be used: controls but line feed and tab, non-characters. No
/// escape would help: `&#0;` is not XML either, and one such character makes a reader give up the whole feed.
pub(in crate::site) fn clean(text: &str) -> Cow<'_, str> {
    let is_bad = |c: char| (c.is_control() && !matches!(c, '\n' | '\t')) || is_no_character(c);
    if text.contains(is_bad) { text.replace(is_bad, "").into() } else { text.into() }
}

/// The last two of each plane, and U+FDD0 to U+FDEF.
fn is_no_character(c: char) -> bool {
    u32::from(c) & 0xfffe == 0xfffe || ('\u{fdd0}'..='\u{fdef}').contains(&c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_said_stays_inside_its_element() {
        let mut xml = Xml::new();
        xml.open("a", &[("href", "x\"><b>\n&")]);
        xml.text(
            "t",
            &[],
            "]]> </t><t> & \u{0} \u{fffe} \u{b} \u{85} \u{1fffe} \r\n\tend \u{d7ff}\u{10fffd}",
        );
        xml.empty("e", &[]);
        xml.close("a");
        let text = String::from_utf8(xml.finish()).unwrap();
        assert_eq!(
            text,
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><a href=\"x&quot;&gt;&lt;b&gt; &amp;\">\
             <t>]]&gt; &lt;/t&gt;&lt;t&gt; &amp;      \n\tend \u{d7ff}\u{10fffd}</t><e/></a>\n"
        );
    }
}
