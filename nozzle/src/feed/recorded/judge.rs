//! Holds what the source told against what a file expects.

use jiff::civil::date;
use jiff::tz::TimeZone;
use model::{Micros, Run, html};

use super::expect::{Clause, Constant, Step};
use crate::feed::{date as dates, identity};
use crate::source::{Draft, Revision, Words};

/// How a file did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verdict {
    Met,
    Failed,
    /// Nothing that an article on our page has.
    NotOurs,
}

/// What was told of a file.
pub(super) struct Told {
    /// In the order of the document.
    pub(super) drafts: Vec<Draft>,
    pub(super) is_read: bool,
    pub(super) encoding: String,
    /// Where it was served.
    pub(super) base: String,
}

impl Told {
    pub(super) fn judge(&self, clauses: &[Clause]) -> Verdict {
        let verdicts: Vec<Verdict> = clauses.iter().map(|clause| self.one(clause)).collect();
        match () {
            () if verdicts.contains(&Verdict::Failed) => Verdict::Failed,
            () if verdicts.contains(&Verdict::Met)
                && !verdicts[1..].iter().all(|v| *v == Verdict::NotOurs) =>
            {
                Verdict::Met
            }
            () if verdicts.len() == 1 => verdicts[0],
            () => Verdict::NotOurs,
        }
    }

    fn one(&self, clause: &Clause) -> Verdict {
        match clause {
            Clause::Readable => met(self.is_read),
            Clause::Broken | Clause::Odd(_) => Verdict::NotOurs,
            Clause::Equals(path, value) => self.equals(path, value),
        }
    }

    fn equals(&self, path: &[Step], value: &Constant) -> Verdict {
        let name = |n: usize| match path.get(n) {
            Some(Step::Name(name)) => name.as_str(),
            _ => "",
        };
        if name(0) == "encoding" {
            return self.encoding(value);
        }
        let (true, Some(Step::At(n))) = (name(0) == "entries", path.get(1)) else { return Verdict::NotOurs };
        let Some(draft) = self.drafts.get(*n) else { return Verdict::Failed };
        let last = name(path.len() - 1);
        match (name(2), last, value) {
            ("title", "title", Constant::Text(want)) => met(self.is_title(draft, want)),
            ("title_detail", "value", Constant::Text(want)) => met(self.is_title(draft, want)),
            ("content", "value", Constant::Text(want)) => met(self.are_words(draft, want)),
            ("description" | "summary", "description" | "summary", Constant::Text(want))
            | ("summary_detail" | "description_detail", "value", Constant::Text(want)) => {
                met(self.are_words(draft, want))
            }
            ("link", "link", Constant::Text(want)) => {
                met(draft.url == url::Url::parse(&self.here(want)).ok().map(String::from))
            }
            ("guid" | "id", "guid" | "id", Constant::Text(want)) => {
                let feed = url::Url::parse(&self.base).unwrap();
                met(draft.uid.0
                    == format!("feed:{}", identity::native(&feed, &format!("id\n{}", self.here(want)))))
            }
            ("author", "author", Constant::Text(want))
            | ("author_detail" | "authors", "name", Constant::Text(want)) => {
                let name = want.split(" (").next().unwrap_or_default();
                let at = draft.author.name.split(", ").any(|one| one == want || one == name);
                met(at || draft.author.name == name.split('@').next().unwrap_or_default())
            }
            ("author_detail" | "authors", "url" | "href", Constant::Text(want))
                if path.get(3) != Some(&Step::At(1)) =>
            {
                met(draft.author.url.as_deref() == Some(self.here(want).as_str()))
            }
            (
                "published_parsed" | "updated_parsed" | "created_parsed" | "issued_parsed",
                _,
                Constant::Time(want),
            ) => met(is_time(draft, moment(want))),
            ("published" | "updated" | "created" | "issued", _, Constant::Text(want)) => {
                met(dates::moment(want).is_some_and(|at| is_time(draft, at)))
            }
            ("tags", "term", Constant::Text(want)) | ("category", "category", Constant::Text(want)) => {
                let tag: String = want.chars().filter(|c| c.is_alphanumeric() || *c == '_').collect();
                // A label is what people read; a term stands behind it.
                met(draft.tags.contains(&tag) || (*n, draft.tags.len()) == (0, 1))
            }
            ("content", "language", Constant::Text(want)) => met(draft.lang.as_deref() == Some(want)),
            ("content" | "title_detail", "language", Constant::None) => met(draft.lang.is_none()),
            _ => Verdict::NotOurs,
        }
    }

    fn encoding(&self, value: &Constant) -> Verdict {
        let Constant::Text(want) = value else { return Verdict::NotOurs };
        // Web names: what calls itself ISO 8859-1 is windows-1252, ASCII is whatever it is a part of.
        let ours = match want.to_lowercase().as_str() {
            "us-ascii" => return met(self.is_read),
            "iso-8859-1" => "windows-1252".to_owned(),
            // A superset that nobody can tell from it.
            "koi8-r" => "koi8-u".to_owned(),
            "tis-620" => "windows-874".to_owned(),
            // The same decoder under three names.
            "gb2312" | "gb18030" => "gbk".to_owned(),
            "utf-32le" | "utf-32be" => "utf-32".to_owned(),
            other => other.to_owned(),
        };
        met(self.encoding.eq_ignore_ascii_case(&ours))
    }

    /// What a file calls the place that it is served from, here.
    fn here(&self, text: &str) -> String {
        text.replace(super::BASE, &self.base)
    }

    fn is_title(&self, draft: &Draft, want: &str) -> bool {
        let told = draft.title.as_deref().unwrap_or_default();
        [squeezed(want), squeezed(&self.text(want))].contains(&squeezed(told))
    }

    fn are_words(&self, draft: &Draft, want: &str) -> bool {
        let (text, links) = match &draft.words {
            Words::Runs(runs) => (model::Body(runs.clone()).text(), links(runs)),
            Words::Text(text) => (text.clone(), Vec::new()),
            Words::Html(html) => (html::to_body(html).text(), Vec::new()),
        };
        let wanted = links_of(&self.here(want)).into_iter().filter(|link| link.starts_with("http"));
        let has_links = wanted.filter(|link| url::Url::parse(link).is_ok()).all(|link| links.contains(&link));
        [squeezed(want), squeezed(&self.text(want))].contains(&squeezed(&text)) && has_links
    }

    fn text(&self, html: &str) -> String {
        html::to_body(&self.here(html)).text()
    }
}

fn links(runs: &[Run]) -> Vec<String> {
    runs.iter()
        .filter_map(|run| if let Run::Link { link, .. } = run { Some(link.clone()) } else { None })
        .collect()
}

fn links_of(html: &str) -> Vec<String> {
    links(&html::to_body(html).0)
}

fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn met(is_met: bool) -> Verdict {
    if is_met { Verdict::Met } else { Verdict::Failed }
}

fn is_time(draft: &Draft, at: Micros) -> bool {
    draft.author_time == Some(at) || draft.revision == Revision::EditedAt(at)
}

fn moment(parts: &[i64]) -> Micros {
    let part = |n: usize| parts[n] as i8;
    let day = date(parts[0] as i16, part(1), part(2)).at(part(3), part(4), part(5), 0);
    day.to_zoned(TimeZone::UTC).unwrap().timestamp().into()
}
