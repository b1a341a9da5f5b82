//! Answers and quotes are about what they answer and quote, unless their words say otherwise. How much, the other post's
//! score says; so a thread loses certainty with every step that adds no sign of its own.

use super::{Case, Sign, What};
use crate::filing::Known;
use crate::{By, FilingState};

/// What a person said of a post holds for its answers, which may still wander off.
const PERSONS: f64 = 5.5;
/// What an answer that adds no sign of its own keeps of its post's score.
const KEPT: f64 = 0.975;
/// A quote is more often a remark from elsewhere.
const QUOTES: f64 = -0.7;
/// A guess is passed on as a hint.
const SUGGESTED: f64 = 1.2;
/// The highest score that is passed on.
const SCORE_MAX: f64 = 0.985;

pub(super) fn look(case: &Case<'_>, signs: &mut Vec<Sign>) {
    let related = [
        (case.context.parent.as_ref(), 0.0, What::Answers),
        (case.context.quoted.as_ref(), QUOTES, What::Quotes),
    ];
    for (known, bonus, what) in related {
        let Some(known) = known else { continue };
        let Some(talk) = known.talk.as_ref().and_then(|talk| case.programme.number(talk)) else { continue };
        let Some(weight) = weight(known, bonus) else { continue };
        // What it answers says when and where it belongs, not the clock: the weight makes up for the hour, and for what else
        // is on, so that the score which is left is that of the post it answers.
        let late = -case.clock.prior(talk).min(0.0);
        let others = (1.0 + case.clock.others(talk)).ln();
        signs.push(Sign { talk, weight: weight + late + others, what });
    }
}

fn weight(known: &Known, bonus: f64) -> Option<f64> {
    match (known.by, known.state) {
        (By::Person, FilingState::Filed) => Some(PERSONS),
        (By::Rule, FilingState::Filed) => {
            let score = known.score.clamp(0.5, SCORE_MAX) * KEPT;
            Some((score / (1.0 - score)).ln() + bonus)
        }
        (_, FilingState::Suggested) => Some(SUGGESTED),
        _ => None,
    }
}
