//! What the types of a rule cannot say.

use super::words::squeezed;
use super::{
    COUNT_MAX, MINUTES_MAX, NAME_CHARS_MAX, RULES_MAX, RuleAction, RuleFile, WORD_CHARS_MAX, WORDS_MAX,
    judge::place,
};
use crate::event::EventFile;
use crate::event::bad::Problem;
use crate::event::read::Places;
use std::collections::BTreeSet;

/// Everything in the rules that cannot be, each with its line.
pub(in crate::event) fn problems(file: &EventFile, places: &Places<'_>) -> Vec<Problem> {
    let mut found = Vec::new();
    if file.rules.len() > RULES_MAX {
        let what = format!("rule: an event has at most {RULES_MAX} rules");
        found.push(Problem { line: places.line_of("rule"), what });
    }
    let words = |rule: &RuleFile| rule.words.len() + rule.links.len() + rule.languages.len();
    if file.rules.iter().map(words).sum::<usize>() > WORDS_MAX {
        let what = format!("rule: all rules together have at most {WORDS_MAX} words, links and languages");
        found.push(Problem { line: places.line_of("rule"), what });
    }
    let known: BTreeSet<&str> = file.sources.iter().map(|source| source.name.as_str()).collect();
    let mut names = BTreeSet::new();
    for (n, rule) in file.rules.iter().enumerate() {
        let mut wrong = |key: &str, what: String| {
            found
                .push(Problem { line: places.line_in("rule", n, key), what: format!("rule: {key}: {what}") });
        };
        if let Err(what) = name(&rule.name) {
            wrong("name", what);
        } else if !names.insert(rule.name.trim()) {
            wrong("name", format!("two rules are called {:?}; a rule's name must be its own", rule.name));
        }
        for (key, what) in fields(rule).into_iter().chain(together(rule)) {
            wrong(key, what);
        }
        // Posts written on the page come from a source that need not be named.
        let is_unknown = |name: &&String| !known.contains(name.as_str()) && name.as_str() != ONSITE;
        if let Some(name) = rule.sources.iter().flatten().find(is_unknown) {
            wrong(
                "sources",
                format!("there is no source {name:?}; write the name of one, or leave the key out"),
            );
        }
    }
    found
}

/// The name of the source of posts written on the page, where event.toml does not name one.
const ONSITE: &str = "onsite";

fn name(name: &str) -> Result<(), String> {
    if name.trim().is_empty() {
        return Err("is missing; write one of your choice, such as name = \"casinos\"".to_owned());
    }
    if name.chars().count() > NAME_CHARS_MAX || name.chars().any(char::is_control) {
        return Err(format!("has at most {NAME_CHARS_MAX} characters, on one line"));
    }
    Ok(())
}

/// What is wrong with one key by itself. Words are not repeated: the file may be shown where they should not be read.
fn fields(rule: &RuleFile) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    let is_long = |text: &String| text.chars().count() > WORD_CHARS_MAX;
    for (key, list) in [("words", &rule.words), ("links", &rule.links), ("languages", &rule.languages)] {
        if list.iter().any(is_long) {
            found.push((key, format!("one has more than {WORD_CHARS_MAX} characters")));
        }
    }
    if rule.words.iter().any(|word| squeezed(word).trim().is_empty()) {
        found.push(("words", "one holds no letter, digit or sign".to_owned()));
    }
    if let Some(link) = rule.links.iter().find(|link| place(link).is_none()) {
        found.push(("links", format!("{link:?} is neither a host (example.org) nor an address")));
    }
    let is_tag = |tag: &String| {
        (2..=35).contains(&tag.len()) && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    if let Some(tag) = rule.languages.iter().find(|tag| !is_tag(tag)) {
        found.push(("languages", format!("{tag:?} is no language; write its code, such as \"en\"")));
    }
    let numbers = [
        ("tags", rule.tags, 0, COUNT_MAX),
        ("new_author", rule.new_author, 1, COUNT_MAX),
        ("copies", rule.copies, 1, COUNT_MAX),
        ("reports", rule.reports, 0, COUNT_MAX),
        ("minutes", rule.minutes, 1, MINUTES_MAX),
    ];
    for (key, number, least, most) in numbers {
        if number.is_some_and(|number| !(least..=most).contains(&number)) {
            found.push((key, format!("must lie between {least} and {most}")));
        }
    }
    found
}

/// What does not go together.
fn together(rule: &RuleFile) -> Option<(&'static str, String)> {
    let of_posts = [
        !rule.words.is_empty(),
        !rule.links.is_empty(),
        rule.tags.is_some(),
        rule.new_author.is_some(),
        !rule.languages.is_empty(),
        rule.copies.is_some(),
    ];
    let looks_at_posts = of_posts.contains(&true);
    if !looks_at_posts && rule.reports.is_none() {
        let what = "says nothing of what it is for; write words, links, tags, new_author, languages, copies or reports";
        return Some(("name", what.to_owned()));
    }
    if rule.minutes.is_some() && rule.copies.is_none() {
        return Some(("minutes", "goes with copies".to_owned()));
    }
    if rule.reports.is_some() && looks_at_posts {
        return Some(("reports", "goes with nothing else but sources; make it a rule of its own".to_owned()));
    }
    if rule.reports.is_some() && rule.action != RuleAction::Reject {
        let what = "what readers report is shown already, so such a rule can only say action = \"reject\"";
        return Some(("reports", what.to_owned()));
    }
    None
}
