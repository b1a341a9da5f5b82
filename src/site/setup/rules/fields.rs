//! The fields of one rule: what stands in them, what they ask, and the rule that they describe.

use model::event::{MINUTES, RuleAction, RuleFile};

use super::super::{
    field::{Field, Line, Section},
    form::{Form, Wrong, tags},
};

/// What `action` can be.
const ACTION: [(&str, &str, &str); 2] = [
    ("hold", "Waits for a moderator", ""),
    ("reject", "Is not shown", "A moderator can show it all the same."),
];
/// What stands in the fields.
pub(super) fn values(rule: &RuleFile) -> Form {
    let mut form = Form::default();
    let number = |n: Option<u32>| n.map_or_else(String::new, |n| n.to_string());
    form.set("name", &*rule.name);
    form.set("action", rule.action.name());
    form.set("sources", rule.sources.as_ref().map_or_else(String::new, |names| names.join("\n")));
    form.set("words", rule.words.join("\n"));
    form.set("links", rule.links.join("\n"));
    form.set("languages", rule.languages.join(" "));
    for (name, n) in [
        ("tags", rule.tags),
        ("new_author", rule.new_author),
        ("copies", rule.copies),
        ("minutes", rule.minutes),
        ("reports", rule.reports),
    ] {
        form.set(name, number(n));
    }
    form
}

/// The rule that the form describes.
pub(super) fn rule_of(form: &Form, wrong: &mut Wrong) -> RuleFile {
    let lines = |name: &str| -> Vec<String> {
        form.get(name).lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
    };
    let mut number = |name: &str| {
        let said = form.said(name)?;
        let n = said.parse().ok();
        if n.is_none() {
            wrong.add(name, "write a whole number, or leave it empty");
        }
        n
    };
    let numbers = ["tags", "new_author", "copies", "minutes", "reports"].map(&mut number);
    let [tags_max, new_author, copies, minutes, reports] = numbers;
    RuleFile {
        name: form.get("name").to_owned(),
        action: if form.get("action") == "reject" { RuleAction::Reject } else { RuleAction::Hold },
        sources: Some(lines("sources")).filter(|names| !names.is_empty()),
        words: lines("words"),
        links: lines("links"),
        tags: tags_max,
        new_author,
        languages: tags(form.get("languages")),
        copies,
        minutes,
        reports,
    }
}

/// What the form asks, with what is wrong beside each field.
pub(super) fn sections(form: &Form, wrong: &Wrong) -> Vec<Section> {
    let line = |name, label, placeholder| {
        let look = Line { kind: "text", placeholder, is_code: true, ..Line::default() };
        Field::line(form, wrong, name, label, look)
    };
    let words = |name, label| Field::words(form, wrong, name, label);
    let what = vec![
        line("name", "Name of the rule", "casinos").hint("Moderators read it beside what it holds."),
        Field::choice(form, wrong, "action", "A post for which it holds", &ACTION),
    ];
    let when = vec![
        words("words", "Words or phrases, one on each line")
            .hint("Whole words, whatever their case and accents."),
        words("links", "Links, one on each line")
            .hint("A host such as example.org with all below it, or the address of a page."),
        line("tags", "More hashtags than", ""),
        line("new_author", "Until so many posts of the same author have been shown", "")
            .hint("1: the first post of everybody who is new here."),
        line("copies", "A link that more than so many posts have brought", ""),
        line("minutes", "… within so many minutes", "").hint(format!("Empty: {MINUTES}.")),
        line("languages", "In none of these languages", "en de")
            .hint("Codes, parted by a space. A post that says nothing of its language passes."),
    ];
    let readers = vec![line("reports", "More reports by readers than", "").hint(
        "A rule of its own, for posts that are shown already: it hides them until a moderator has looked.",
    )];
    let where_from = vec![
        words("sources", "Only posts of these sources, one on each line")
            .hint("Empty: of all, those written on the page included (onsite)."),
    ];
    vec![
        Section::new("", what),
        Section::new("All of what you fill in must hold", when),
        Section::new("Or what readers say", readers),
        Section::folded("Only some sources", where_from),
    ]
}
