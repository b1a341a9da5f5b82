//! What posts are really about, as somebody says who read them: lines of `{"id","talk","kind"}`, and the account of what was
//! filed against it.

use std::collections::HashMap;
use std::io::Read;

use serde::Deserialize;

use super::lines::{Line, Lines};
use super::names::Names;
use super::score::{Scores, Verdict};
use model::{Filing, FilingState, TalkId};

/// Most wrong filings that are told one by one.
const TOLD_MAX: usize = 200;
/// How much of a post's words is shown beside a wrong filing, in characters.
const WORDS_CHARS_MAX: usize = 160;

#[derive(Debug, Deserialize)]
struct Label {
    #[serde(deserialize_with = "name")]
    id: String,
    #[serde(default)]
    talk: Option<String>,
    #[serde(default)]
    kind: Option<String>,
}

/// Ids are texts; some files have numbers.
fn name<'de, D: serde::Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    match serde_json::Value::deserialize(from)? {
        serde_json::Value::String(text) => Ok(text),
        serde_json::Value::Number(number) => Ok(number.to_string()),
        _ => Err(serde::de::Error::custom("id is neither text nor number")),
    }
}

/// The labels of a file, and the account so far.
#[derive(Debug, Default)]
pub(crate) struct Labels {
    by_post: HashMap<String, (Vec<TalkId>, String)>,
    scores: Scores,
    wrong: Vec<String>,
}

impl Labels {
    /// Reads all labels.
    ///
    /// # Errors
    /// The first line that is no label, or that names a talk that the schedule does not have.
    pub(crate) fn read(from: impl Read, names: &Names) -> Result<Self, String> {
        let mut labels = Self::default();
        let mut lines = Lines::new(from);
        while let Some((number, line)) = lines.next_line().map_err(|why| why.to_string())? {
            let Line::Whole(bytes) = line else { return Err(format!("line {number} is too long")) };
            let label: Label =
                serde_json::from_slice(&bytes).map_err(|why| format!("line {number} is no label: {why}"))?;
            let talks = match &label.talk {
                Some(name) => names.find(name).to_vec(),
                None => Vec::new(),
            };
            if let (Some(name), true) = (&label.talk, talks.is_empty()) {
                return Err(format!("line {number}: no talk {name:?} in the schedule"));
            }
            labels.by_post.insert(label.id, (talks, label.kind.unwrap_or_else(|| "post".to_owned())));
        }
        Ok(labels)
    }

    /// Takes note of where a post was filed. Posts without a label count for nothing.
    pub(crate) fn hear(&mut self, id: &str, words: &str, filing: &Filing, names: &Names) {
        let Some((truth, kind)) = self.by_post.remove(id) else { return };
        let filed = filing.talk.as_ref().filter(|_| filing.state == FilingState::Filed);
        // A label's name may fit several talks: any of them is right.
        let meant = filed.filter(|talk| truth.contains(talk)).or(truth.first());
        let verdict = Verdict::of(meant, filed);
        self.scores.add(&kind, verdict);
        if verdict.is_filed && !verdict.is_right && self.wrong.len() < TOLD_MAX {
            let shown =
                |talk: Option<&TalkId>| talk.map_or_else(|| "no talk".to_owned(), |talk| names.shown(talk));
            let words: String = words.chars().take(WORDS_CHARS_MAX).collect::<String>().replace('\n', " ");
            self.wrong.push(format!(
                "wrong: {id} ({kind}) is about {}, was filed to {} with {:.2}: {words:?}; {}",
                shown(meant),
                shown(filed),
                filing.score,
                filing.reasons.join(" ")
            ));
        }
    }

    /// The account, for people.
    pub(crate) fn report(&self) -> String {
        let mut out: String = self.wrong.iter().map(|line| format!("{line}\n")).collect();
        out.push_str(&self.scores.table());
        if !self.by_post.is_empty() {
            out.push_str(&format!("{} labels are of posts that did not come\n", self.by_post.len()));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::filing::tests::talk;

    #[test]
    fn filings_are_held_against_their_labels() {
        let names = Names::new([&talk("t1", "One"), &talk("t2", "Two")]);
        let text = "{\"id\":\"a\",\"talk\":\"One\",\"kind\":\"weak\"}\n{\"id\":7,\"talk\":null}\n{\"id\":\"gone\"}\n";
        let mut labels = Labels::read(text.as_bytes(), &names).unwrap();
        let filed = Filing {
            talk: Some(TalkId::numbered(2)),
            state: FilingState::Filed,
            ..Filing::unsorted("It names the speaker.")
        };
        labels.hear("a", "hm\nyes", &filed, &names);
        labels.hear("7", "lunch", &Filing::unsorted("no"), &names);
        labels.hear("unknown", "x", &filed, &names);
        let report = labels.report();
        assert!(report.contains("wrong: a (weak) is about t1, was filed to t2"), "{report}");
        assert!(report.contains("\"hm yes\"; It names the speaker."), "{report}");
        assert!(report.contains("1 labels are of posts that did not come"), "{report}");
        assert_eq!((labels.scores.all.posts, labels.scores.all.filed, labels.scores.all.right), (2, 1, 0));
    }

    #[test]
    fn a_label_that_cannot_be_is_refused_with_its_line() {
        let names = Names::new([&talk("t1", "One")]);
        let why = Labels::read("{\"id\":\"a\",\"talk\":\"Three\"}".as_bytes(), &names).unwrap_err();
        assert_eq!(why, "line 1: no talk \"Three\" in the schedule");
        assert!(Labels::read("\n{\"talk\":null}".as_bytes(), &names).unwrap_err().contains("line 2"));
    }
}
