//! What the moderators' page and its API are asked with: which pile, whose posts, what rule's, from where on.

use nozzle::intake::{AUTHOR_BYTES_MAX, Look, Tab};
use serde::Deserialize;

/// Longest name of a rule that is looked at, in bytes.
const RULE_BYTES_MAX: usize = 4 * model::event::NAME_CHARS_MAX;

/// The query, as it came.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(in crate::site) struct Asked {
    pub(super) tab: String,
    pub(super) author: String,
    pub(super) rule: String,
    pub(super) after: String,
}

impl Asked {
    pub(super) fn tab(&self) -> Tab {
        Tab::ALL.into_iter().find(|tab| tab.name() == self.tab).unwrap_or_default()
    }

    /// As the nozzle is asked.
    pub(super) fn look(&self) -> Look {
        let some = |text: &str, max: usize| {
            Some(text.to_owned()).filter(|text| !text.is_empty() && text.len() <= max)
        };
        Look {
            tab: self.tab(),
            after: self.after.parse().ok(),
            author: some(&self.author, AUTHOR_BYTES_MAX),
            rule: some(&self.rule, RULE_BYTES_MAX),
            max: None,
        }
    }

    /// Whether not everything of the pile is shown.
    pub(super) fn is_narrow(&self) -> bool {
        let look = self.look();
        look.author.is_some() || look.rule.is_some()
    }

    /// As a query again, without a question mark.
    pub(super) fn query(&self) -> String {
        let look = self.look();
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("tab", look.tab.name());
        for (name, value) in
            [("author", look.author), ("rule", look.rule), ("after", look.after.map(|n| n.to_string()))]
        {
            if let Some(value) = value {
                query.append_pair(name, &value);
            }
        }
        query.finish()
    }

    /// From a query that a form sent back; what it does not know is passed over.
    pub(super) fn parse(query: &str) -> Self {
        let mut asked = Self::default();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()).take(8) {
            let field = match &*name {
                "tab" => &mut asked.tab,
                "author" => &mut asked.author,
                "rule" => &mut asked.rule,
                "after" => &mut asked.after,
                _ => continue,
            };
            *field = value.into_owned();
        }
        asked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_survives_the_way_through_a_form_and_brings_nothing_else_along() {
        let asked = Asked {
            tab: "hidden".into(),
            author: "mastodon:https://a.example/users/ana?x=&y".into(),
            rule: "first posts & more".into(),
            after: "12".into(),
        };
        assert_eq!(Asked::parse(&asked.query()), asked);
        assert!(asked.is_narrow() && !Asked::default().is_narrow());
        assert_eq!(Asked::parse("tab=everything&after=x&//evil.example").query(), "tab=held");
    }
}
