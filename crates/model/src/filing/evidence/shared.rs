//! A link or photo that others shared: where their posts are filed, this one belongs, too, the more people the surer. A link
//! that goes with several talks (the stream, the programme) tells none of them.

use super::{Case, Sign, What};

/// One other person.
const ONE: f64 = 2.6;
/// Each further one, up to [`PEOPLE_MAX`].
const EACH: f64 = 0.7;
const PEOPLE_MAX: usize = 4;
/// The part of those people that one talk has to have.
const SHARE_MIN: f64 = 0.6;

pub(super) fn look(case: &Case<'_>, signs: &mut Vec<Sign>) {
    let all: usize = case.context.links.iter().map(|linked| linked.people).sum();
    for linked in &case.context.links {
        let share = linked.people as f64 / all.max(1) as f64;
        let Some(talk) = case.programme.number(&linked.talk).filter(|_| share >= SHARE_MIN) else { continue };
        let further = linked.people.clamp(1, PEOPLE_MAX) - 1;
        let weight = (ONE + EACH * further as f64) * share;
        // A link is shared for days.
        let late = (-1.5 - case.clock.prior(talk)).clamp(0.0, 2.5);
        signs.push(Sign { talk, weight: weight + late, what: What::Shared(linked.people) });
    }
}
