//! Our rules at X: they persist there, so at each connection they are listed, compared, added and deleted. Rules of other
//! programs are left alone.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::json;

use crate::source::{SourceEnd, sample};
use crate::twitter::Access;
use crate::wire::answer::{Refusal, ask};
use crate::wire::lenient;

const PATH: &str = "2/tweets/search/stream/rules";
/// Longest rule, in characters.
const RULE_CHARS_MAX: usize = 1024;

#[derive(Deserialize)]
struct List {
    #[serde(default, deserialize_with = "lenient::list")]
    data: Vec<Rule>,
    #[serde(default, deserialize_with = "lenient::list")]
    errors: Vec<Problem>,
}

#[derive(Deserialize)]
struct Rule {
    id: String,
    value: String,
    #[serde(default, deserialize_with = "lenient::text")]
    tag: Option<String>,
}

#[derive(Deserialize)]
struct Problem {
    #[serde(default, deserialize_with = "lenient::text")]
    id: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    value: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    title: Option<String>,
    #[serde(default, rename = "type", deserialize_with = "lenient::text")]
    kind: Option<String>,
    #[serde(default, deserialize_with = "lenient::list")]
    details: Vec<String>,
}

/// Brings the rules at X in line with our hashtags. True when one was added, which takes X a while to follow.
pub(super) async fn reconcile(access: &Access) -> Result<bool, SourceEnd> {
    let wanted = values(&access.tags);
    let label = format!("perihelion:{}", access.name);
    let listed = list(access).await?;
    let mut ours: HashMap<String, String> = HashMap::new();
    let mut stale = Vec::new();
    for rule in listed {
        if wanted.contains(&rule.value) {
            ours.insert(rule.id, rule.value);
        } else if rule.tag.as_deref() == Some(&label) {
            stale.push(rule.id);
        }
    }
    let missing: Vec<&String> = wanted.iter().filter(|w| !ours.values().any(|v| v == *w)).collect();
    let is_changed = !missing.is_empty();
    if is_changed {
        // All or none: a rule that X refuses must not leave us with half of what was asked for.
        match add(access, &missing, &label, DRY).await {
            Ok(_) => {}
            // There is room once those that we no longer need are gone. Only then: deleting first leaves a hole.
            Err(Refused::TooMany) if !stale.is_empty() => delete(access, &std::mem::take(&mut stale)).await?,
            Err(refused) => return Err(refused.end()),
        }
        ours.extend(add(access, &missing, &label, REAL).await.map_err(Refused::end)?);
    }
    if !stale.is_empty() {
        delete(access, &stale).await?;
    }
    *access.rules() = ours;
    Ok(is_changed)
}

const DRY: bool = true;
const REAL: bool = false;

/// Why rules were not added.
enum Refused {
    /// The app has as many rules as it may.
    TooMany,
    End(SourceEnd),
}

impl Refused {
    fn end(self) -> SourceEnd {
        match self {
            Self::TooMany => SourceEnd::Misconfigured(
                "this X app has as many rules as it may; delete some of its other programs' rules, or give this source fewer hashtags"
                    .to_owned(),
            ),
            Self::End(end) => end,
        }
    }

    fn of(refusal: Refusal) -> Self {
        let is_cap = refusal.body.contains("RulesCapExceeded") || refusal.body.contains("rule-cap");
        if matches!(refusal.status, 400 | 422) && is_cap { Self::TooMany } else { Self::End(refusal.end) }
    }
}

async fn delete(access: &Access, ids: &[String]) -> Result<(), SourceEnd> {
    ask(access.post(PATH).json(&json!({"delete": {"ids": ids}}))).await.map_err(|r| r.end)?;
    Ok(())
}

async fn list(access: &Access) -> Result<Vec<Rule>, SourceEnd> {
    let answer = ask(access.get(PATH)).await.map_err(|r| r.end)?;
    Ok(parse(&answer.body)?.data)
}

fn parse(body: &[u8]) -> Result<List, SourceEnd> {
    serde_json::from_slice(body).map_err(|e| SourceEnd::Refused(format!("rules that cannot be read: {e}")))
}

async fn add(
    access: &Access,
    values: &[&String],
    label: &str,
    is_dry: bool,
) -> Result<HashMap<String, String>, Refused> {
    let adds: Vec<_> = values.iter().map(|value| json!({"value": value, "tag": label})).collect();
    let mut request = access.post(PATH).json(&json!({"add": adds}));
    if is_dry {
        request = request.query(&[("dry_run", "true")]);
    }
    let answer = ask(request).await.map_err(Refused::of)?;
    added(parse(&answer.body).map_err(Refused::End)?)
}

/// The rules that are there now, by id. A rule that was there before counts: somebody was faster, or an earlier answer was
/// lost.
fn added(list: List) -> Result<HashMap<String, String>, Refused> {
    let mut added: HashMap<String, String> =
        list.data.into_iter().map(|rule| (rule.id, rule.value)).collect();
    for problem in list.errors {
        let names = [&problem.title, &problem.kind].map(|name| name.as_deref().unwrap_or_default());
        if names.iter().any(|name| name.contains("RulesCapExceeded") || name.ends_with("/rule-cap")) {
            return Err(Refused::TooMany);
        }
        let is_duplicate = names[0] == "DuplicateRule" || names[1].ends_with("/duplicate-rules");
        if let (true, Some(id)) = (is_duplicate, problem.id) {
            added.insert(id, problem.value.unwrap_or_default());
            continue;
        }
        let why = problem.details.first().map(String::as_str).or(problem.title.as_deref());
        let why = sample(why.unwrap_or("no reason given").as_bytes());
        return Err(Refused::End(SourceEnd::Misconfigured(format!(
            "X refuses the rule {:?}: {why}; change the source's tags",
            problem.value.unwrap_or_default()
        ))));
    }
    Ok(added)
}

/// The hashtags as few rules as fit.
fn values(tags: &[String]) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for tag in tags {
        let term = format!("#{tag}");
        match out.last_mut() {
            Some(last) if last.chars().count() + 4 + term.chars().count() <= RULE_CHARS_MAX => {
                last.push_str(" OR ");
                last.push_str(&term);
            }
            _ => out.push(term),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_that_is_there_already_counts_and_a_refused_one_is_named() {
        let list = |errors: &str| parse(format!(r#"{{"errors":[{errors}]}}"#).as_bytes()).unwrap();
        for duplicate in [
            r##"{"value":"#a","id":"7","title":"DuplicateRule"}"##,
            r##"{"value":"#a","id":"7","type":"https://api.x.com/2/problems/duplicate-rules"}"##,
        ] {
            assert_eq!(added(list(duplicate)).map_err(Refused::end).unwrap()["7"], "#a");
        }
        let bad = r##"{"value":"#a b:","details":["no operator b"],"title":"UnprocessableEntity"}"##;
        let end = added(list(bad)).map_err(Refused::end).unwrap_err();
        assert!(matches!(&end, SourceEnd::Misconfigured(why) if why.contains("no operator b")), "{end}");
        let full = r#"{"title":"RulesCapExceeded"}"#;
        assert!(
            added(list(full))
                .map_err(Refused::end)
                .unwrap_err()
                .to_string()
                .contains("as many rules as it may")
        );
    }

    #[test]
    fn hashtags_become_as_few_rules_as_fit() {
        assert_eq!(values(&["a".into(), "b".into()]), ["#a OR #b"]);
        let many: Vec<String> = (0..20).map(|n| format!("{n:0>100}")).collect();
        let rules = values(&many);
        assert_eq!(rules.len(), 3);
        assert!(rules.iter().all(|r| r.chars().count() <= RULE_CHARS_MAX));
        assert_eq!(rules.join(" OR ").split(" OR ").count(), 20);
    }
}
