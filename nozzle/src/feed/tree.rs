//! XML of any quality as a small tree: entities are not expanded, end tags that fit nothing are passed over, what is left
//! open is closed. Entries are handed out one by one as they end, so that one entry's bounds are not another's.
//! Knows which vocabulary a name belongs to, and no format.

use std::sync::Arc;

use model::html;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;
use url::Url;

use super::encoding;

/// Deeper elements are flattened: their words stay.
const DEPTH_MAX: usize = 128;
/// Most elements and texts of one entry, or of all that lies outside of entries.
const NODES_MAX: usize = 20_000;
/// Most attributes of one element that are looked at.
const ATTRIBUTES_MAX: usize = 64;
/// Longest name of an entity, in bytes.
const ENTITY_BYTES_MAX: usize = 32;

/// Whose vocabulary a name is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ns {
    /// RSS of every version, Atom of every version, CDF, or none at all: feeds mix them up.
    Core,
    /// Dublin Core, old and new.
    Dc,
    /// `content:encoded`.
    Content,
    /// Media RSS.
    Media,
    /// Podcasts.
    Itunes,
    /// `sy:updatePeriod`.
    Syndication,
    /// RFC 6721.
    Tombstones,
    /// XHTML.
    Xhtml,
    /// RDF's own names.
    Rdf,
    /// Anything else; not looked at.
    Other,
}

/// An element with all that is in it.
#[derive(Clone, Debug)]
pub(super) struct Element {
    pub(super) ns: Ns,
    /// Without its prefix, in lower case.
    pub(super) name: String,
    attributes: Vec<(String, String)>,
    /// What relative addresses in it are relative to.
    pub(super) base: Arc<Url>,
    /// `xml:lang` in force; empty where somebody took back what is said further out.
    pub(super) lang: Option<Arc<str>>,
    children: Vec<Node>,
}

#[derive(Clone, Debug)]
enum Node {
    Text(String),
    Element(Element),
}

impl Element {
    /// The value of an attribute; names are in lower case, without prefixes.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(n, _)| n == name).map(|(_, value)| value.trim())
    }

    pub(super) fn elements(&self) -> impl Iterator<Item = &Element> {
        self.children.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// The child elements of this name.
    pub(super) fn all<'a>(&'a self, ns: Ns, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.elements().filter(move |e| e.ns == ns && e.name == name)
    }

    /// The first child element of this name.
    pub(super) fn child<'a>(&'a self, ns: Ns, name: &'a str) -> Option<&'a Element> {
        self.all(ns, name).next()
    }

    /// All words in it, trimmed; `None` when there are none.
    pub(super) fn words(&self) -> Option<String> {
        let mut words = String::new();
        self.gather(&mut words);
        let words = words.trim();
        (!words.is_empty()).then(|| words.to_owned())
    }

    fn gather(&self, words: &mut String) {
        for node in &self.children {
            match node {
                Node::Text(text) => words.push_str(text),
                Node::Element(element) => element.gather(words),
            }
        }
    }

    /// Whether there are elements in it.
    pub(super) fn is_marked_up(&self) -> bool {
        self.elements().next().is_some()
    }

    /// What is in it as HTML.
    pub(super) fn inner_html(&self) -> String {
        let mut html = String::new();
        self.write_inner(&mut html);
        html.trim().to_owned()
    }

    fn write_inner(&self, html: &mut String) {
        for node in &self.children {
            match node {
                Node::Text(text) => html.push_str(&quick_xml::escape::minimal_escape(text.as_str())),
                Node::Element(element) => element.write(html),
            }
        }
    }

    fn write(&self, html: &mut String) {
        html.push('<');
        html.push_str(&self.name);
        for (name, value) in &self.attributes {
            html.push_str(&format!(" {name}=\"{}\"", quick_xml::escape::escape(value.as_str())));
        }
        html.push('>');
        self.write_inner(html);
        if !matches!(self.name.as_str(), "br" | "img" | "hr" | "wbr" | "input") {
            html.push_str(&format!("</{}>", self.name));
        }
    }
}

/// What a document turned out to be.
#[derive(Debug)]
pub(super) struct Outcome {
    /// Everything outside of entries; `None` when there is no element at all.
    pub(super) root: Option<Element>,
    /// The root element was closed.
    pub(super) is_whole: bool,
}

/// Reads a document; calls `entry` for each entry as it ends.
pub(super) fn read(text: &str, base: &Url, entry: impl FnMut(Element)) -> Outcome {
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    config.expand_empty_elements = true;
    let mut builder = Builder {
        open: Vec::new(),
        flattened: 0,
        namespaces: Vec::new(),
        nodes: 0,
        nodes_outside: 0,
        base: Arc::new(base.clone()),
        root: None,
        is_closed: false,
        entry,
    };
    loop {
        match reader.read_event() {
            Ok(Event::Start(start)) => builder.start(&start),
            Ok(Event::End(end)) => builder.end(end.name().as_ref()),
            Ok(Event::Text(text)) => builder.text(&text.xml10_content()),
            Ok(Event::CData(text)) => builder.text(&text.xml10_content()),
            Ok(Event::GeneralRef(reference)) => match reference.resolve_char_ref() {
                Ok(Some(c)) => builder.text(c.encode_utf8(&mut [0; 4])),
                Ok(None) => builder.text(&entity(reference.as_ref())),
                Err(_) => {}
            },
            Ok(Event::Eof) | Err(_) => break,
            Ok(_) => {}
        }
    }
    let is_whole = builder.is_closed;
    while !builder.open.is_empty() {
        builder.close(false);
    }
    Outcome { root: builder.root, is_whole }
}

/// A named entity: XML's own five, HTML's as HTML has them; others stay as they were written.
fn entity(name: &str) -> String {
    if let Some(known) = resolve_predefined_entity(name) {
        return known.to_owned();
    }
    let written = format!("&{name};");
    if name.len() > ENTITY_BYTES_MAX || !name.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return written;
    }
    // Between letters, so that a blank is not trimmed away.
    let read = html::to_body(&format!("x{written}x")).text();
    read.strip_prefix('x').and_then(|rest| rest.strip_suffix('x')).map_or(written, str::to_owned)
}

struct Open {
    element: Element,
    /// The name as it was written.
    written: String,
    namespaces: usize,
    is_entry: bool,
}

struct Builder<F> {
    open: Vec<Open>,
    /// Elements that are open beyond the greatest depth.
    flattened: usize,
    /// Prefixes in force, innermost last.
    namespaces: Vec<(String, Ns)>,
    nodes: usize,
    nodes_outside: usize,
    base: Arc<Url>,
    root: Option<Element>,
    is_closed: bool,
    entry: F,
}

impl<F: FnMut(Element)> Builder<F> {
    fn start(&mut self, start: &BytesStart<'_>) {
        if self.open.len() >= DEPTH_MAX {
            self.flattened += 1;
            return;
        }
        let is_item = |name: &str| matches!(name, "item" | "entry");
        if is_item(start.name().as_ref()) && self.open.last().is_some_and(|open| open.is_entry) {
            // Nobody closed the one before.
            self.close(true);
        }
        let namespaces = self.namespaces.len();
        let mut attributes = Vec::new();
        let (mut base, mut lang) = match self.open.last() {
            Some(parent) => (Arc::clone(&parent.element.base), parent.element.lang.clone()),
            None => (Arc::clone(&self.base), None),
        };
        for attribute in start.html_attributes().with_checks(false).flatten().take(ATTRIBUTES_MAX) {
            let name = attribute.key.as_ref();
            let value = attribute_value(&attribute.value);
            match name {
                "xmlns" => {
                    let ns = Some(vocabulary(&value)).filter(|ns| *ns != Ns::Other || !self.open.is_empty());
                    // Whatever a root's own words are from, they are the feed's.
                    self.namespaces.push((String::new(), ns.unwrap_or(Ns::Core)));
                }
                "xml:base" => base = base.join(value.trim()).map_or(base, Arc::new),
                "xml:lang" => lang = Some(Arc::from(value.trim())),
                _ => match name.strip_prefix("xmlns:") {
                    Some(prefix) => self.namespaces.push((prefix.to_owned(), vocabulary(&value))),
                    None => attributes.push((local(name).to_ascii_lowercase(), value)),
                },
            }
        }
        let written = start.name().as_ref().to_owned();
        let ns = self.namespace(&written);
        let name = local(&written).to_ascii_lowercase();
        let is_inside = self.open.iter().any(|open| open.is_entry);
        let is_entry = !is_inside && ns == Ns::Core && is_item(&name);
        if is_entry {
            self.nodes_outside = std::mem::take(&mut self.nodes);
        }
        let element = Element { ns, name, attributes, base, lang, children: Vec::new() };
        self.open.push(Open { element, written, namespaces, is_entry });
    }

    fn namespace(&self, written: &str) -> Ns {
        let prefix = written.split_once(':').map_or("", |(prefix, _)| prefix);
        let declared = self.namespaces.iter().rev().find(|(known, _)| known == prefix).map(|(_, ns)| *ns);
        declared.unwrap_or_else(|| usual(prefix))
    }

    fn end(&mut self, written: &str) {
        if self.flattened > 0 {
            self.flattened -= 1;
            return;
        }
        let Some(at) = self.open.iter().rposition(|open| open.written == written) else { return };
        // An end tag within an entry does not end the feed around it, unless it is the feed's own.
        while self.open.len() > at {
            self.close(true);
        }
    }

    fn close(&mut self, is_whole: bool) {
        let Some(Open { element, namespaces, is_entry, .. }) = self.open.pop() else { return };
        self.namespaces.truncate(namespaces);
        if is_entry {
            self.nodes = self.nodes_outside;
            // What was cut off in the middle is not an entry: its other half may say otherwise.
            if is_whole {
                (self.entry)(element);
            }
        } else if let Some(parent) = self.open.last_mut() {
            self.nodes += 1;
            if self.nodes <= NODES_MAX {
                parent.element.children.push(Node::Element(element));
            }
        } else {
            self.is_closed |= is_whole;
            self.root.get_or_insert(element);
        }
    }

    fn text(&mut self, text: &str) {
        let Some(open) = self.open.last_mut() else { return };
        let text = encoding::mended(text);
        if let Some(Node::Text(before)) = open.element.children.last_mut() {
            before.push_str(&text);
            return;
        }
        self.nodes += 1;
        if self.nodes <= NODES_MAX {
            open.element.children.push(Node::Text(text.into_owned()));
        }
    }
}

fn attribute_value(raw: &str) -> String {
    let known = |name: &str| resolve_predefined_entity(name);
    quick_xml::escape::unescape_with(raw, known).map_or_else(|_| raw.to_owned(), std::borrow::Cow::into_owned)
}

fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

/// The vocabulary of a namespace, by what its address holds: versions, schemes and slashes vary.
fn vocabulary(address: &str) -> Ns {
    let address = address.trim().to_ascii_lowercase();
    let holds = |part: &str| address.contains(part);
    match () {
        () if address.is_empty() => Ns::Core,
        () if holds("purl.org/dc/") => Ns::Dc,
        () if holds("rss/1.0/modules/content") => Ns::Content,
        () if holds("rss/1.0/modules/syndication") => Ns::Syndication,
        () if holds("/modules/") => Ns::Other,
        () if holds("search.yahoo.com/mrss") || holds("tools.search.yahoo.com") => Ns::Media,
        () if holds("itunes.com/dtds") || holds("example.com/dtds/podcast") => Ns::Itunes,
        () if holds("purl.org/atompub/tombstones") => Ns::Tombstones,
        () if holds("w3.org/1999/xhtml") => Ns::Xhtml,
        () if holds("w3.org/1999/02/22-rdf") => Ns::Rdf,
        () if holds("w3.org/2005/atom") || holds("purl.org/atom/ns") => Ns::Core,
        () if holds("purl.org/rss/") || holds("purl.org/net/rss") || holds("userland.com/rss") => Ns::Core,
        () if holds("harvard.edu/tech/rss") || holds("netscape.com/rdf/simple") => Ns::Core,
        () => Ns::Other,
    }
}

/// What a prefix that nobody declared usually stands for.
fn usual(prefix: &str) -> Ns {
    match prefix {
        "" | "rss" | "atom" | "a10" => Ns::Core,
        "dc" | "dcterms" => Ns::Dc,
        "content" => Ns::Content,
        "media" => Ns::Media,
        "itunes" => Ns::Itunes,
        "sy" => Ns::Syndication,
        "at" => Ns::Tombstones,
        "xhtml" => Ns::Xhtml,
        "rdf" => Ns::Rdf,
        _ => Ns::Other,
    }
}
