//! Draws the moderators' page from what the nozzle tells.

use super::{
    Act, AuthorOf, AuthorView, CaseView, Data, Notice, Page, RuleView, TabView, asked::Asked, order::words,
};
use crate::site::{
    Site,
    door::Who,
    follow::EventLive,
    shell::Shell,
    view::{
        body::paragraphs,
        count, number,
        start::Start,
        time::{Venue, iso},
    },
};
use model::{Micros, Position};
use nozzle::intake::{AuthorStanding, Bench, Case, ReportReason, Tab};
use url::Url;

/// A count that is told no further.
const COUNTED_MAX: u32 = 1_000;

/// What the page is drawn from beside the cases.
struct Desk<'a> {
    slug: String,
    venue: Venue,
    now: Micros,
    asked: &'a Asked,
}

pub(super) fn page(
    site: &Site,
    event: &EventLive,
    who: &Who,
    asked: &Asked,
    bench: &Bench,
    notice: Notice,
) -> Page {
    let (listed, settings, position) = {
        let fold = event.fold();
        (event.listed(), fold.fold().event.clone(), fold.position().cloned())
    };
    let desk =
        Desk { slug: listed.slug.clone(), venue: Venue::of(settings.as_ref()), now: site.now(), asked };
    Page {
        shell: Shell::of(&listed, settings.as_ref(), "Moderate", "", ("moderate", "Skip to the posts")),
        place: desk.venue.place.clone(),
        hhmm: desk.venue.hhmm(desk.now),
        form_token: who.form_token().to_owned(),
        notice,
        back: asked.query(),
        tabs: desk.tabs(bench),
        oldest: desk.oldest(bench),
        only: desk.only(),
        cases: bench.cases.iter().map(|case| desk.case(case)).collect(),
        next: bench.next.map(|next| desk.address(&Asked { after: next.to_string(), ..asked.clone() })),
        nothing: desk.nothing(),
        rules: desk.rules(bench),
        authors: desk.authors(bench),
        data: desk.data(site, position.as_ref()),
        slug: listed.slug,
    }
}

impl Desk<'_> {
    fn address(&self, asked: &Asked) -> String {
        format!("/admin/{}/moderate?{}", self.slug, asked.query())
    }

    fn of(&self, tab: Tab) -> Asked {
        Asked { tab: tab.name().to_owned(), ..Asked::default() }
    }

    fn tabs(&self, bench: &Bench) -> Vec<TabView> {
        let tab = |tab: Tab| TabView {
            href: self.address(&self.of(tab)),
            name: match tab {
                Tab::Held => "New",
                Tab::Reported => "Reported",
                Tab::Shown => "Shown",
                Tab::Hidden => "Hidden",
            },
            count: match tab {
                Tab::Held => number(bench.held),
                Tab::Reported => number(bench.reported),
                Tab::Shown => String::new(),
                Tab::Hidden => number(bench.hidden),
            },
            is_here: tab == self.asked.tab(),
        };
        Tab::ALL.into_iter().map(tab).collect()
    }

    fn oldest(&self, bench: &Bench) -> String {
        let age = |since: Micros| format!("The oldest has waited for {}.", self.age(since));
        bench.oldest.filter(|_| bench.held > 0).map_or_else(String::new, age)
    }

    /// `12 min`, `3 h`, `2 days`.
    fn age(&self, since: Micros) -> String {
        let minutes = (self.now.since(since) / Micros::MINUTE).max(0);
        match minutes {
            0 => "less than a minute".to_owned(),
            1..=119 => format!("{minutes} min"),
            120..=2879 => format!("{} h", minutes / 60),
            _ => count((minutes / 1440).unsigned_abs(), "day", "days"),
        }
    }

    fn only(&self) -> Option<String> {
        let look = self.asked.look();
        match (look.author, look.rule) {
            (Some(author), None) => Some(format!("Only posts by {author}.")),
            (None, Some(rule)) => Some(format!("Only posts for which the rule “{rule}” held.")),
            (Some(author), Some(rule)) => Some(format!("Only posts by {author} for which “{rule}” held.")),
            (None, None) => None,
        }
    }

    fn nothing(&self) -> (&'static str, &'static str) {
        if self.asked.is_narrow() {
            return ("Nothing here.", "No post of this pile is one of those.");
        }
        match self.asked.tab() {
            Tab::Held => {
                ("Nothing waits.", "What a rule or a moderated source holds back comes here by itself.")
            }
            Tab::Reported => ("Nothing was reported.", "Readers find “Report” on the page of each post."),
            Tab::Shown => ("Nothing is shown yet.", "Posts come here as soon as they are public."),
            Tab::Hidden => ("Nothing is hidden.", "What you hide can be shown again from here."),
        }
    }

    fn case(&self, case: &Case) -> CaseView {
        let post = &case.post;
        let name = if post.name.trim().is_empty() { &post.handle } else { &post.name };
        let is_shown = post.state == "shown";
        CaseView {
            id: post.id.to_string(),
            place: case.place,
            label: format!("{name}, {}", self.venue.hhmm(post.when)),
            name: name.clone(),
            handle: post.handle.clone(),
            source: post.network.map_or_else(String::new, |network| match post.source.as_str() {
                "" => network.label().to_owned(),
                source if source.eq_ignore_ascii_case(network.label()) => network.label().to_owned(),
                source => format!("{}, {source}", network.label()),
            }),
            when: (
                iso(post.when),
                format!("{} {}", self.venue.weekday(post.when), self.venue.hhmm(post.when)),
            ),
            why: if is_shown { self.shown_why(case) } else { capital(&post.why) },
            waits: self.waits(case),
            cover: post.cover.as_ref().map(|cover| match cover.is_empty() {
                true => "Covered: sensitive media".to_owned(),
                false => format!("Covered: {cover}"),
            }),
            title: case.title.clone(),
            paragraphs: paragraphs(&case.body),
            card: case.card.as_ref().map(|(url, title)| (url.clone(), title.clone(), host(url))),
            media: media(&case.alts),
            reports: reports(case),
            is_lost: post.network.is_none(),
            author: case.by.as_ref().map(|by| self.author_of(by, case)),
            page: is_shown.then(|| format!("/{}/posts/{}", self.slug, post.id)),
            original: post.url.clone(),
            acts: acts(self.asked.tab(), case),
        }
    }

    fn shown_why(&self, case: &Case) -> String {
        case.reasons.by.as_ref().map_or_else(String::new, |(by, _)| format!("Shown by {by}"))
    }

    fn waits(&self, case: &Case) -> String {
        match (case.post.state.as_str(), case.since, case.reported) {
            ("held", since, _) => format!("waits for {}", self.age(since.unwrap_or(case.post.when))),
            (_, _, Some(reported)) => format!("reported {} ago", self.age(reported)),
            ("hidden", Some(since), _) => format!("hidden {} ago", self.age(since)),
            _ => String::new(),
        }
    }

    fn author_of(&self, by: &str, case: &Case) -> AuthorOf {
        let asked = Asked { author: by.to_owned(), ..self.of(self.asked.tab()) };
        AuthorOf {
            key: by.to_owned(),
            history: history(case.history),
            href: self.address(&asked),
            standing: if case.standing == AuthorStanding::None { "" } else { words(case.standing) },
            acts: match case.standing {
                AuthorStanding::None => vec![("trusted", "Trust"), ("blocked", "Block")],
                AuthorStanding::Trusted => vec![("none", "Trust no more"), ("blocked", "Block")],
                AuthorStanding::Blocked => vec![("none", "Unblock")],
                AuthorStanding::OptedOut => Vec::new(),
            },
        }
    }

    fn rules(&self, bench: &Bench) -> Vec<RuleView> {
        let rule = |rule: &nozzle::intake::RuleHits| RuleView {
            name: rule.name.clone(),
            hits: match rule.last {
                Some(last) => format!("{}, last {} ago", count(rule.times, "post", "posts"), self.age(last)),
                None => "has held for none".to_owned(),
            },
            href: self.address(&Asked { rule: rule.name.clone(), ..self.of(Tab::Held) }),
        };
        bench.rules.iter().map(rule).collect()
    }

    fn authors(&self, bench: &Bench) -> Vec<AuthorView> {
        let author = |known: &nozzle::intake::KnownAuthor| {
            let came = match (known.standing, known.came) {
                (AuthorStanding::Blocked, 1..) => {
                    format!(", {} hidden since", count(known.came, "post", "posts"))
                }
                _ => String::new(),
            };
            AuthorView {
                key: known.author.clone(),
                standing: words(known.standing),
                about: format!(
                    "{} by {} {} ago{came}",
                    words(known.standing),
                    known.by,
                    self.age(known.since)
                ),
                href: self.address(&Asked { author: known.author.clone(), ..self.of(Tab::Hidden) }),
            }
        };
        bench.authors.iter().map(author).collect()
    }

    fn data(&self, site: &Site, position: Option<&Position>) -> Data {
        let live_url = site.settings.live_url.as_ref();
        Data {
            start: Start::new(&self.slug, position, &self.venue, site.clock.pace(), live_url),
            tab: self.asked.tab().name(),
            only: self.asked.is_narrow(),
        }
    }
}

/// What can be decided about a post of this pile.
fn acts(tab: Tab, case: &Case) -> Vec<Act> {
    let act = |key, decision, words, is_main| Act { key, decision, words, is_main };
    let mut acts = match (tab, case.post.state.as_str()) {
        (Tab::Reported, "shown") => vec![act('a', "keep", "Leave it", true), act('h', "hide", "Hide", false)],
        (Tab::Reported, _) => {
            vec![act('a', "show", "Show again", true), act('h', "hide", "Leave it hidden", false)]
        }
        (_, "shown") => vec![act('h', "hide", "Hide", false)],
        (_, "held") => vec![act('a', "show", "Approve", true), act('h', "hide", "Hide", false)],
        _ => vec![act('a', "show", "Show", true)],
    };
    match (case.is_covered, case.post.cover.is_some()) {
        (true, _) => acts.push(act('c', "uncover", "Take the cover off", false)),
        (false, false) => acts.push(act('c', "cover", "Cover", false)),
        (false, true) => {}
    }
    acts
}

/// "12 shown, 1 waiting, 2 hidden here".
fn history((shown, held, hidden): (u32, u32, u32)) -> String {
    let part = |n: u32, words: &str| {
        let n = if n >= COUNTED_MAX { format!("{}+", number(COUNTED_MAX.into())) } else { n.to_string() };
        format!("{n} {words}")
    };
    let parts = [(shown, "shown"), (held, "waiting"), (hidden, "hidden")];
    let told: Vec<String> =
        parts.into_iter().filter(|(n, _)| *n > 0).map(|(n, words)| part(n, words)).collect();
    if told.is_empty() { "nothing else here".to_owned() } else { format!("{} here", told.join(", ")) }
}

/// "3 readers: spam or advertising".
fn reports(case: &Case) -> Vec<String> {
    let line = |(reason, readers): (&String, &u32)| {
        // A reason of another version is told by its name.
        let words = ReportReason::of(reason).map_or_else(|| reason.clone(), |known| known.words().to_owned());
        format!("{}: {words}", count(u64::from(*readers), "reader", "readers"))
    };
    case.reports.iter().map(line).collect()
}

fn media(alts: &[String]) -> String {
    if alts.is_empty() {
        return String::new();
    }
    let told: Vec<&str> =
        alts.iter().map(|alt| if alt.trim().is_empty() { "not described" } else { alt.trim() }).collect();
    format!(
        "With {}: {}",
        count(alts.len() as u64, "picture or sound", "pictures or sounds"),
        told.join("; ")
    )
}

fn host(url: &str) -> String {
    Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
}

fn capital(sentence: &str) -> String {
    let mut chars = sentence.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
