//! Our rules at X: they persist there, so at each connection they are listed, compared, added and deleted. Rules of other
//! programs are left alone.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::json;

use crate::source::{SourceEnd, sample};
use crate::twitter::Access;
use crate::wire::answer::ask;
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
        ours.extend(add(access, &missing, &label).await?);
    }
    if !stale.is_empty() {
        ask(access.post(PATH).json(&json!({"delete": {"ids": stale}}))).await.map_err(|r| r.end)?;
    }
    *access.rules() = ours;
    Ok(is_changed)
}

async fn list(access: &Access) -> Result<Vec<Rule>, SourceEnd> {
    let answer = ask(access.get(PATH)).await.map_err(|r| r.end)?;
    Ok(parse(&answer.body)?.data)
}

fn parse(body: &[u8]) -> Result<List, SourceEnd> {
    serde_json::from_slice(body).map_err(|e| SourceEnd::Refused(format!("rules that cannot be read: {e}")))
}

async fn add(access: &Access, values: &[&String], label: &str) -> Result<HashMap<String, String>, SourceEnd> {
    let adds: Vec<_> = values.iter().map(|value| json!({"value": value, "tag": label})).collect();
    let answer = ask(access.post(PATH).json(&json!({"add": adds}))).await.map_err(|r| r.end)?;
    let list = parse(&answer.body)?;
    let mut added: HashMap<String, String> =
        list.data.into_iter().map(|rule| (rule.id, rule.value)).collect();
    for problem in list.errors {
        match (problem.title.as_deref(), problem.id, problem.value) {
            // Somebody was faster, or an earlier answer was lost: the rule is there, and that is what counts.
            (Some("DuplicateRule"), Some(id), Some(value)) => {
                added.insert(id, value);
            }
            (title, _, _) => {
                let why = problem.details.first().map(String::as_str).or(title).unwrap_or("no reason given");
                return Err(SourceEnd::Misconfigured(format!(
                    "X refuses a rule: {}",
                    sample(why.as_bytes())
                )));
            }
        }
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
    fn hashtags_become_as_few_rules_as_fit() {
        assert_eq!(values(&["a".into(), "b".into()]), ["#a OR #b"]);
        let many: Vec<String> = (0..20).map(|n| format!("{n:0>100}")).collect();
        let rules = values(&many);
        assert_eq!(rules.len(), 3);
        assert!(rules.iter().all(|r| r.chars().count() <= RULE_CHARS_MAX));
        assert_eq!(rules.join(" OR ").split(" OR ").count(), 20);
    }
}
