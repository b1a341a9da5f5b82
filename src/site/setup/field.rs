//! The fields of a form: what is asked, what stands there, what is wrong with it. How they look is in `partials/setup_section.html`.

use super::form::{Form, Wrong};
use sha2::{Digest, Sha256};

/// Some fields under one heading.
#[derive(Clone, Debug, Default)]
pub(super) struct Section {
    /// Empty: no heading.
    pub(super) heading: &'static str,
    /// What few people need is folded away, unless something in it is wrong.
    pub(super) is_folded: bool,
    pub(super) fields: Vec<Field>,
}

impl Section {
    pub(super) fn new(heading: &'static str, fields: Vec<Field>) -> Self {
        Self { heading, is_folded: false, fields }
    }

    pub(super) fn folded(heading: &'static str, fields: Vec<Field>) -> Self {
        let is_folded = fields.iter().all(|field| field.wrong.is_none());
        Self { heading, is_folded, fields }
    }
}

/// One field.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) hint: String,
    pub(super) value: String,
    /// What is wrong with the value, and what would be right.
    pub(super) wrong: Option<String>,
    /// What somebody else has written there meanwhile.
    pub(super) theirs: Option<String>,
    pub(super) look: Look,
}

/// How a field looks.
#[derive(Clone, Debug)]
pub(super) enum Look {
    /// One line; the type that browsers help with.
    Line(Line),
    /// Several lines.
    Words,
    /// One of some: value, words, what it means.
    Choice(Vec<(&'static str, &'static str, &'static str)>),
    /// Yes or no; the value is `1` or nothing.
    Check,
}

/// One line.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    /// `text`, `date`, `url`, `number`.
    pub(super) kind: &'static str,
    pub(super) placeholder: &'static str,
    /// What stands before it and is not part of it.
    pub(super) before: String,
    /// Name of the list from which one may choose.
    pub(super) list: &'static str,
    /// Whether it is a code word and not a sentence: no capitals, no corrections.
    pub(super) is_code: bool,
}

impl Field {
    fn new(form: &Form, wrong: &Wrong, name: &'static str, label: &'static str, look: Look) -> Self {
        Self {
            name,
            label,
            hint: String::new(),
            value: form.get(name).to_owned(),
            wrong: wrong.of(name),
            theirs: None,
            look,
        }
    }

    pub(super) fn line(
        form: &Form,
        wrong: &Wrong,
        name: &'static str,
        label: &'static str,
        line: Line,
    ) -> Self {
        Self::new(form, wrong, name, label, Look::Line(line))
    }

    pub(super) fn words(form: &Form, wrong: &Wrong, name: &'static str, label: &'static str) -> Self {
        Self::new(form, wrong, name, label, Look::Words)
    }

    pub(super) fn check(form: &Form, wrong: &Wrong, name: &'static str, label: &'static str) -> Self {
        Self::new(form, wrong, name, label, Look::Check)
    }

    pub(super) fn choice(
        form: &Form,
        wrong: &Wrong,
        name: &'static str,
        label: &'static str,
        choices: &[(&'static str, &'static str, &'static str)],
    ) -> Self {
        Self::new(form, wrong, name, label, Look::Choice(choices.to_vec()))
    }

    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: hint.into(), ..self }
    }

    fn value_words(&self) -> String {
        match &self.look {
            Look::Choice(choices) => {
                let chosen = choices.iter().find(|(value, ..)| *value == self.value);
                chosen.map_or_else(|| self.value.clone(), |(_, words, _)| (*words).to_owned())
            }
            Look::Check => if self.value.is_empty() { "no" } else { "yes" }.to_owned(),
            Look::Line(_) | Look::Words => self.value.clone(),
        }
    }

    // What the template asks.

    pub(super) fn as_line(&self) -> Option<&Line> {
        if let Look::Line(line) = &self.look { Some(line) } else { None }
    }

    pub(super) fn as_choice(&self) -> Option<&[(&'static str, &'static str, &'static str)]> {
        if let Look::Choice(choices) = &self.look { Some(choices) } else { None }
    }

    pub(super) fn is_check(&self) -> bool {
        matches!(self.look, Look::Check)
    }

    pub(super) fn is_told(&self) -> bool {
        !self.hint.is_empty() || self.wrong.is_some() || self.theirs.is_some()
    }
}

/// Names what a form shows: it comes back with the form, and says whether somebody else has changed the same things meanwhile.
pub(super) fn mark(sections: &[Section]) -> String {
    let mut hash = Sha256::new();
    for field in sections.iter().flat_map(|section| &section.fields) {
        for part in [field.name, &field.value] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
    }
    hash.finalize()[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Says beside each field what somebody else has written there.
pub(super) fn compare(typed: &mut [Section], present: &[Section]) {
    let there: Vec<&Field> = present.iter().flat_map(|section| &section.fields).collect();
    for field in typed.iter_mut().flat_map(|section| &mut section.fields) {
        let other = there.iter().find(|other| other.name == field.name && other.value != field.value);
        field.theirs = other.map(|other| other.value_words());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_else_has_written_stands_beside_what_was_typed() {
        let form = |title: &str| Form::of([("title", title.to_owned()), ("published", "1".to_owned())]);
        let sections = |title: &str| {
            let (form, wrong) = (form(title), Wrong::default());
            vec![Section::new(
                "",
                vec![
                    Field::line(&form, &wrong, "title", "Title", Line::default()),
                    Field::check(&form, &wrong, "published", "Published"),
                ],
            )]
        };
        let (mut typed, present) = (sections("Ours"), sections("Theirs"));
        assert_ne!(mark(&typed), mark(&present));
        assert_eq!(mark(&present), mark(&sections("Theirs")));
        compare(&mut typed, &present);
        assert_eq!(typed[0].fields[0].theirs.as_deref(), Some("Theirs"));
        assert_eq!(typed[0].fields[1].theirs, None);
    }
}
