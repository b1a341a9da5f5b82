//! What is looked at again, in which order, and what an answer leads to.

use super::*;
use model::{Counts, Micros, Network};

fn draft(id: u64, author: &str) -> Upstream {
    let mut draft = Draft::new(Network::X, &id.to_string());
    draft.author.id = author.to_owned();
    Upstream::Post(Box::new(draft))
}

fn kept(id: u64, author: &str) -> Kept {
    Kept {
        uid: format!("x:{id}"),
        aliases: Vec::new(),
        author: format!("x:{author}"),
        when: Micros(0),
        rev: 0,
        counts: Counts::default(),
    }
}

fn present(id: u64, author: &str) -> Present {
    let counts = DraftCounts { boosts: Some(0), likes: Some(0), replies: Some(0) };
    Present { first: id, newest: id, author: Some(author.to_owned()), counts, is_withheld: false }
}

fn ids(asked: &[Asked]) -> Vec<u64> {
    asked.iter().map(|a| a.first).collect()
}

/// What was told, in short.
fn short(messages: Vec<Upstream>) -> Vec<String> {
    let one = |message: Upstream| match message {
        Upstream::Delete { name, by } => format!("{name} gone by {by:?}"),
        Upstream::Account { name, change } => format!("account {name} {change:?}"),
        Upstream::Counts { name, .. } => format!("{name} counted"),
        other => format!("{other:?}"),
    };
    messages.into_iter().map(one).collect()
}

fn all(shown: &Shown) -> Vec<Asked> {
    shown.next(100, |_| true)
}

#[test]
fn after_a_start_the_newest_come_first_and_then_all_in_turn() {
    let mut shown = Shown::default();
    shown.remember([30, 20, 10].map(|id| kept(id, "1")).into());
    shown.told(&draft(40, "2"));
    let first = shown.next(2, |_| true);
    assert_eq!(ids(&first), [30, 20]);
    shown.judge(&first, Found::default());
    let second = shown.next(2, |_| true);
    assert_eq!(ids(&second), [10, 40], "what was heard since the start was seen then");
    shown.judge(&second, Found::default());
    assert_eq!(ids(&shown.next(9, |id| id != 30)), [20, 40, 10]);
}

#[test]
fn a_deleted_post_is_told_once_and_looked_at_no_more() {
    let mut shown = Shown::default();
    shown.told(&draft(1, "7"));
    shown.told(&draft(2, "7"));
    let asked = all(&shown);
    let found =
        Found { present: vec![present(2, "7")], absent: vec![(1, Absence::Gone), (99, Absence::Gone)] };
    let told = short(shown.judge(&asked, found));
    assert_eq!(told, ["x:2 counted", "x:1 gone by Author"]);
    assert_eq!(ids(&all(&shown)), [2]);
}

#[test]
fn a_protected_account_is_hidden_and_comes_back_when_it_is_seen() {
    let mut shown = Shown::default();
    shown.told(&draft(1, "7"));
    shown.told(&draft(2, "7"));
    let gone = || Found { present: vec![], absent: vec![(1, Absence::Hidden), (2, Absence::Hidden)] };
    assert_eq!(short(shown.judge(&all(&shown), gone())), ["account x:7 Hidden"]);
    assert_eq!(short(shown.judge(&all(&shown), gone())), Vec::<String>::new());
    let found = Found { present: vec![present(2, "7")], absent: vec![] };
    let told = short(shown.judge(&all(&shown), found));
    assert!(told.contains(&"account x:7 Back".to_owned()), "{told:?}");
    shown.judge(&all(&shown), gone());
    let told: Vec<Upstream> = shown.told(&draft(3, "7")).into_iter().collect();
    assert_eq!(short(told), ["account x:7 Back"], "a new post of the account says it as well");
}

#[test]
fn one_hidden_post_of_an_account_that_is_there_was_taken_away() {
    let mut shown = Shown::default();
    shown.told(&draft(1, "7"));
    shown.told(&draft(2, "7"));
    let found = Found { present: vec![present(1, "7")], absent: vec![(2, Absence::Hidden)] };
    assert!(short(shown.judge(&all(&shown), found)).contains(&"x:2 gone by Network".to_owned()));
}

#[test]
fn an_account_that_was_hidden_before_a_restart_comes_back_too() {
    let mut shown = Shown::default();
    shown.remember(vec![kept(1, "7")]);
    let found = || Found { present: vec![present(1, "7")], absent: vec![] };
    assert_eq!(short(shown.judge(&all(&shown), found())), ["account x:7 Back"]);
    assert_eq!(short(shown.judge(&all(&shown), found())), Vec::<String>::new());
}

#[test]
fn when_nearly_all_are_gone_they_are_asked_for_twice() {
    let mut shown = Shown::default();
    (1..=20).for_each(|id| {
        shown.told(&draft(id, "7"));
    });
    let gone = || Found { present: vec![], absent: (1..=20).map(|id| (id, Absence::Gone)).collect() };
    assert_eq!(shown.judge(&all(&shown), gone()).len(), 0);
    assert_eq!(shown.judge(&all(&shown), gone()).len(), 20);
}

#[test]
fn what_is_withheld_from_everybody_goes_by_law_and_edits_are_noticed() {
    let mut shown = Shown::default();
    shown.told(&draft(1, "7"));
    shown.told(&draft(2, "8"));
    let found = Found {
        present: vec![
            Present { is_withheld: true, ..present(1, "7") },
            Present { newest: 5, counts: DraftCounts::default(), ..present(2, "8") },
        ],
        absent: vec![],
    };
    assert_eq!(shown.edited(&found), [5]);
    assert_eq!(short(shown.judge(&all(&shown), found)), ["x:1 gone by Law"]);
    assert_eq!(all(&shown), [Asked { first: 2, newest: 5 }]);
}

#[test]
fn of_more_than_fit_the_newest_stay() {
    let mut shown = Shown::default();
    (1..=SHOWN_MAX as u64 + 10).for_each(|id| {
        shown.told(&draft(id, "7"));
    });
    assert_eq!((shown.posts.len(), shown.order.len()), (SHOWN_MAX, SHOWN_MAX));
    assert!(!shown.posts.contains_key(&10));
}
