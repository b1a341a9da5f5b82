//! What a moderator looks at, read from an event's ledger.

use std::collections::HashMap;

use live::ledger::{Aside, LedgerView, Pile, Which, author_name};
use model::event::EventFile;

use crate::intake::{Bench, CASES_MAX, Case, KnownAuthor, Look, RuleHits, Tab};

/// A page of a pile, with what is known of its authors, and how much there is at all.
pub(super) async fn bench(
    view: &LedgerView,
    settings: Option<&EventFile>,
    look: &Look,
) -> Result<Bench, live::Error> {
    let max = look.max.unwrap_or(CASES_MAX).clamp(1, CASES_MAX);
    let which = Which { after: look.after, author: look.author.clone(), rule: look.rule.clone() };
    // One more than is shown tells whether there is a next page.
    let mut asides = view.pile(pile(look.tab), &which, max + 1).await?;
    let has_more = asides.len() > max;
    asides.truncate(max);
    let next = asides.last().filter(|_| has_more).map(|aside| aside.place);
    let cases = cases(view, &asides).await?;
    let sizes = view.sizes().await?;
    let mut hits: HashMap<String, _> =
        view.hits().await?.into_iter().map(|hit| (hit.rule.clone(), hit)).collect();
    let names =
        settings.map(|file| file.rules.iter().map(|rule| rule.name.trim().to_owned())).into_iter().flatten();
    let rules = names.map(|name| match hits.remove(&name) {
        Some(hit) => RuleHits { name, times: hit.times, last: Some(hit.last) },
        None => RuleHits { name, times: 0, last: None },
    });
    Ok(Bench {
        cases,
        next,
        held: sizes.held,
        reported: sizes.reported,
        hidden: sizes.hidden,
        oldest: sizes.oldest,
        rules: rules.collect(),
        authors: view.author_notes().await?.into_iter().map(KnownAuthor::new).collect(),
    })
}

async fn cases(view: &LedgerView, asides: &[Aside]) -> Result<Vec<Case>, live::Error> {
    let author = |aside: &Aside| author_name(&aside.record.words.as_ref()?.item);
    let mut names: Vec<String> = asides.iter().filter_map(author).collect();
    names.sort_unstable();
    names.dedup();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let histories = view.histories(&names).await?;
    let case = |aside: &Aside| {
        let by = author(aside);
        let history = by.as_ref().and_then(|name| histories.get(name)).copied().unwrap_or_default();
        Case::new(aside, by, history)
    };
    Ok(asides.iter().map(case).collect())
}

fn pile(tab: Tab) -> Pile {
    match tab {
        Tab::Held => Pile::Held,
        Tab::Reported => Pile::Reported,
        Tab::Shown => Pile::Shown,
        Tab::Hidden => Pile::Hidden,
    }
}
