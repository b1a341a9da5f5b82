//! The rules of the filtered stream: they persist between connections, carry ids, and refuse duplicates.

use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{invalid, problem};
use crate::http::{self as web, Answer, Request};
use crate::post::Post;
use crate::rules::{self, Rule};

/// Rules an app may have.
const RULES_MAX: usize = 1000;

#[derive(Default)]
pub(crate) struct Rulebook(Mutex<Vec<Entry>>);

struct Entry {
    id: String,
    value: String,
    tag: Option<String>,
    rule: Rule,
}

#[derive(Deserialize)]
struct Change {
    #[serde(default)]
    add: Vec<Add>,
    delete: Option<Delete>,
}

#[derive(Deserialize)]
struct Add {
    value: String,
    tag: Option<String>,
}

#[derive(Deserialize)]
struct Delete {
    #[serde(default)]
    ids: Vec<String>,
    #[serde(default)]
    values: Vec<String>,
}

impl Entry {
    fn json(&self) -> Value {
        match &self.tag {
            Some(tag) => json!({"id": self.id, "value": self.value, "tag": tag}),
            None => json!({"id": self.id, "value": self.value}),
        }
    }
}

impl Rulebook {
    fn lock(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// The rules that a post matches, as they stand in a stream message.
    pub(crate) fn matching(&self, post: &Post, is_everything: bool) -> Vec<Value> {
        let rules = self.lock();
        let hits = rules.iter().filter(|e| is_everything || e.rule.matches(post));
        hits.map(|e| json!({"id": e.id, "tag": e.tag.as_deref().unwrap_or("")})).collect()
    }

    pub(crate) fn list(&self, request: &Request) -> Answer {
        let ids: Option<Vec<&str>> = request.query.get("ids").map(|ids| ids.split(',').collect());
        let rules = self.lock();
        let wanted = rules.iter().filter(|e| ids.as_ref().is_none_or(|ids| ids.contains(&e.id.as_str())));
        let data: Vec<Value> = wanted.map(Entry::json).collect();
        let mut body = json!({"meta": {"sent": sent(), "result_count": data.len()}});
        if !data.is_empty() {
            body["data"] = Value::Array(data);
        }
        web::json(200, &body)
    }

    pub(crate) fn change(&self, request: &Request) -> Answer {
        let is_dry = request.query.is_on("dry_run");
        let Ok(change) = serde_json::from_slice::<Change>(&request.body) else {
            return invalid("body", "", "JSON doesn't match expected schema");
        };
        match change.delete {
            Some(delete) if change.add.is_empty() => self.delete(&delete, is_dry),
            None if !change.add.is_empty() => self.add(change.add, is_dry),
            _ => invalid("add", "", "exactly one of add and delete must be given"),
        }
    }

    fn add(&self, adds: Vec<Add>, is_dry: bool) -> Answer {
        let mut rules = self.lock();
        let (mut data, mut errors, mut fresh) = (Vec::new(), Vec::new(), Vec::new());
        for add in adds {
            if let Some(same) = rules.iter().chain(&fresh).find(|e| e.value == add.value) {
                errors.push(json!({"value": add.value, "id": same.id, "title": "DuplicateRule",
                    "type": "https://api.x.com/2/problems/duplicate-rules"}));
                continue;
            }
            match rules::parse(&add.value) {
                Ok(rule) => {
                    let id = rule_id(&add.value);
                    let entry = Entry { id, value: add.value, tag: add.tag, rule };
                    data.push(entry.json());
                    fresh.push(entry);
                }
                Err(why) => errors
                    .push(json!({"value": add.value, "details": [why], "title": "UnprocessableEntity",
                    "type": "https://api.x.com/2/problems/invalid-rules"})),
            }
        }
        if rules.len() + fresh.len() > RULES_MAX {
            let detail = "Rule's number exceeds the limit of your app";
            return problem(400, "RulesCapExceeded", detail, "https://api.x.com/2/problems/rule-cap");
        }
        let (created, refused) = (data.len(), errors.len());
        if !is_dry {
            rules.append(&mut fresh);
        }
        let summary =
            json!({"created": created, "not_created": refused, "valid": created, "invalid": refused});
        let mut body = json!({"meta": {"sent": sent(), "summary": summary}});
        if !data.is_empty() {
            body["data"] = Value::Array(data);
        }
        if !errors.is_empty() {
            body["errors"] = Value::Array(errors);
        }
        web::json(if created == 0 { 200 } else { 201 }, &body)
    }

    fn delete(&self, delete: &Delete, is_dry: bool) -> Answer {
        let mut rules = self.lock();
        let is_named = |e: &Entry| delete.ids.contains(&e.id) || delete.values.contains(&e.value);
        let deleted = rules.iter().filter(|e| is_named(e)).count();
        let missing: Vec<Value> = (delete.ids.iter().filter(|id| !rules.iter().any(|e| e.id == **id)))
            .map(|id| json!({"errors": [{"parameters": {}, "message": "Rule does not exist"}], "title": "Invalid Request",
                "detail": "One or more parameters to your request was invalid.", "id": id,
                "type": "https://api.x.com/2/problems/invalid-request"}))
            .collect();
        if !is_dry {
            rules.retain(|e| !is_named(e));
        }
        let mut body =
            json!({"meta": {"sent": sent(), "summary": {"deleted": deleted, "not_deleted": missing.len()}}});
        if !missing.is_empty() {
            body["errors"] = Value::Array(missing);
        }
        web::json(200, &body)
    }
}

fn sent() -> String {
    format!("{:.3}", Timestamp::now())
}

fn rule_id(value: &str) -> String {
    (1_000_000_000_000_000_000 + crate::ids::hash(value) % 900_000_000_000_000_000).to_string()
}
