//! Codes and links that point at one talk. Nobody writes them by chance: the strongest of what is in the words. They are
//! below a reader's certainty only because somebody may post two.

use super::{Case, Sign, What};
use crate::filing::programme::pointers::Target;

/// Nobody types six random letters and digits by chance.
const CODE: f64 = 11.0;
/// As a code; but a link may come with any text.
const PAGE: f64 = 11.0;
/// Numbers of other sites' events are numbers, too: on the talk's day it files, elsewhere it is a guess.
const NUMBER: f64 = 4.5;

pub(super) fn look(case: &Case<'_>, signs: &mut Vec<Sign>) {
    for talk in &case.post.codes {
        signs.push(Sign { talk: *talk, weight: CODE, what: What::Code });
    }
    let first = signs.len();
    for link in &case.post.links {
        let (talk, weight, what) = match case.programme.pointers.target(link) {
            Some(Target::Page(talk)) => (talk, PAGE, What::Page),
            Some(Target::Number(talk)) => (talk, NUMBER, What::Number),
            None => continue,
        };
        if !signs[first..].iter().any(|sign| sign.talk == talk) {
            signs.push(Sign { talk, weight, what });
        }
    }
}
