//! Filing a whole event from nothing: the measure of what is filed step by step, which has to come to the same.

use super::{By, Filing, Programme, Register, file};
use crate::Item;
use crate::stage::Timeline;

/// One item that is public, with what is known of it.
#[derive(Clone, Debug)]
pub struct Said {
    /// The item.
    pub item: Item,
    /// A person's filing, which stands.
    pub person: Option<Filing>,
}

/// Files all items, each by what was said before it in the order of (`when`, `id`). The filings come in the order of `said`.
#[must_use]
pub fn scratch(said: &[Said], programme: &Programme, stage: &Timeline) -> Vec<Filing> {
    let mut order: Vec<usize> = (0..said.len()).collect();
    order.sort_by_cached_key(|at| (said[*at].item.when, said[*at].item.id()));
    let mut register = Register::default();
    let mut filings: Vec<Option<Filing>> = vec![None; said.len()];
    for at in order {
        let Said { item, person } = &said[at];
        let filing = match person {
            Some(filing) if filing.by == By::Person => filing.clone(),
            _ => file(item, programme, stage, &register.context(item)),
        };
        register.put(item, &filing);
        filings[at] = Some(filing);
    }
    filings.into_iter().map(|filing| filing.unwrap_or_else(|| Filing::unsorted("It was not read."))).collect()
}
