//! The words of an item as runs. Never HTML: browsers build text nodes from runs, so nothing a stranger wrote is parsed
//! as markup anywhere behind the nozzle.

use serde::{Deserialize, Serialize};

/// A piece of an item's words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Run {
    /// Plain words. `"\n"` is a line break, `"\n\n"` a paragraph.
    Text(String),
    /// A person: shown as `mention`, leading to `url` when there is one.
    Mention {
        /// As shown, with its `@`.
        mention: String,
        /// The person's page.
        url: Option<String>,
    },
    /// A hashtag, without its `#`, in the writer's case.
    Tag {
        /// The tag.
        tag: String,
    },
    /// A link, http or https only.
    Link {
        /// Where it leads.
        link: String,
        /// What is shown for it.
        text: String,
    },
}

impl Run {
    /// Plain words.
    #[must_use]
    pub fn text(words: impl Into<String>) -> Self {
        Self::Text(words.into())
    }

    /// The run as it reads.
    #[must_use]
    pub fn shown(&self) -> String {
        match self {
            Self::Text(t) => t.clone(),
            Self::Mention { mention, .. } => mention.clone(),
            Self::Tag { tag } => format!("#{tag}"),
            Self::Link { text, .. } => text.clone(),
        }
    }
}

/// The words of an item, in reading order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Body(pub Vec<Run>);

impl Body {
    /// One run of plain words.
    #[must_use]
    pub fn plain(words: impl Into<String>) -> Self {
        Self(vec![Run::text(words)])
    }

    /// Adds a run, joining plain words to plain words.
    pub fn push(&mut self, run: Run) {
        match (self.0.last_mut(), run) {
            (_, Run::Text(t)) if t.is_empty() => {}
            (Some(Run::Text(last)), Run::Text(t)) => last.push_str(&t),
            (_, run) => self.0.push(run),
        }
    }

    /// The words as they read, links as shown.
    #[must_use]
    pub fn text(&self) -> String {
        self.0.iter().map(Run::shown).collect()
    }

    /// The hashtags, in order, as written.
    pub fn tags(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|r| if let Run::Tag { tag } = r { Some(tag.as_str()) } else { None })
    }

    /// The addresses of the links, in order.
    pub fn links(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|r| if let Run::Link { link, .. } = r { Some(link.as_str()) } else { None })
    }

    /// True when nothing is to be read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|r| matches!(r, Run::Text(t) if t.trim().is_empty()))
    }
}
