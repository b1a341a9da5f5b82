//! The table of states: who hides what, and who may show it again.

use super::*;
use model::{Author, Body, Counts, Micros, Network, Uid};

const SEQ: Seq = 9;

fn words(rev: u64, text: &str) -> Words {
    let item = Item {
        uid: Uid::new("x", "1"),
        network: Network::X,
        source: "s".into(),
        rev,
        url: None,
        when: Micros(0),
        author: Author::default(),
        title: None,
        body: Body::plain(text),
        lang: None,
        cover: None,
        reply_to: None,
        quotes: None,
        media: Vec::new(),
        card: None,
        counts: Counts::default(),
        marks: Vec::new(),
        late: false,
        retain: Retain::Archive,
        tags: Vec::new(),
        at: None,
    };
    Words { item, filing: Filing::unsorted("Test.") }
}

fn post(rev: u64, hold: bool, away: bool) -> Arrival {
    let veil = Veil { network: away, held: hold, ..Veil::default() };
    Arrival::Post { words: Box::new(words(rev, "words")), veil }
}

/// What an item is after these arrivals, and the names of the entries that they made.
fn play(arrivals: impl IntoIterator<Item = Arrival>) -> (Record, Vec<String>) {
    play_on(None, arrivals)
}

fn play_on(mut record: Option<Record>, arrivals: impl IntoIterator<Item = Arrival>) -> (Record, Vec<String>) {
    let mut said = Vec::new();
    let id = Uid::new("x", "1").id();
    for (n, arrival) in arrivals.into_iter().enumerate() {
        match decide(record.as_ref(), id, arrival, SEQ + n as Seq) {
            Outcome::Entry(kind, now) => {
                let by = match &*kind {
                    Kind::Hide(gone) | Kind::Remove(gone) => format!(" by {}", gone.by.name()),
                    _ => String::new(),
                };
                said.push(model::Entry { seq: 1, at: Micros(0), kind: *kind }.name().to_owned() + &by);
                record = Some(now);
            }
            Outcome::Keep(now) => record = Some(now),
            Outcome::Withheld => said.push("withheld".to_owned()),
            Outcome::Conflict => said.push("conflict".to_owned()),
            Outcome::Duplicate | Outcome::NoOp(_) | Outcome::Unknown => {}
        }
    }
    (record.unwrap(), said)
}

const HIDE: Arrival = Arrival::Hide { by: GoneBy::Moderator };

#[test]
fn what_the_network_hid_comes_back_whole_with_its_newest_words() {
    let (record, said) = play([post(0, false, false), Arrival::Away, Arrival::Away, post(3, false, false)]);
    assert_eq!(said, ["post", "hide by network"]);
    assert_eq!((record.state, record.rev, record.at.as_slice()), (ItemState::Hidden, 3, [SEQ].as_slice()));
    let (record, said) = play_on(Some(record), [Arrival::Back, Arrival::Back]);
    assert_eq!(said, ["show"]);
    assert_eq!((record.state, record.veil, record.first), (ItemState::Shown, Veil::default(), SEQ));
}

#[test]
fn what_a_moderator_hid_stays_hidden_when_the_account_comes_back() {
    for order in [[HIDE, Arrival::Away], [Arrival::Away, HIDE]] {
        let arrivals = [post(0, false, false)].into_iter().chain(order).chain([Arrival::Back]);
        let (record, said) = play(arrivals);
        assert_eq!((record.state, said.last().unwrap().as_str()), (ItemState::Hidden, "hide by moderator"));
        let (record, said) = play_on(Some(record), [Arrival::Show]);
        assert_eq!((record.state, said), (ItemState::Shown, vec!["show".to_owned()]));
    }
}

#[test]
fn a_moderator_cannot_show_what_the_network_withdrew_but_can_take_back_a_hide() {
    let (record, said) = play([post(0, false, false), Arrival::Away, Arrival::Show]);
    assert_eq!(
        (record.state, said),
        (ItemState::Hidden, ["post", "hide by network", "withheld"].map(String::from).to_vec())
    );
    let (record, said) = play_on(Some(record), [HIDE, Arrival::Show, Arrival::Show, Arrival::Back]);
    assert_eq!(said, ["hide by moderator", "hide by network", "withheld", "show"]);
    assert_eq!(record.state, ItemState::Shown);
}

#[test]
fn what_waits_for_a_moderator_waits_again_when_the_account_is_back() {
    let (record, said) = play([post(0, true, false), Arrival::Away]);
    assert_eq!((record.state, said), (ItemState::Hidden, vec!["void".to_owned()]));
    let (record, said) = play_on(Some(record), [Arrival::Back]);
    assert_eq!((record.state, record.veil, said), (ItemState::Held, Veil::WAITS, vec![]));
    let (record, _) = play_on(Some(record), [Arrival::Show]);
    assert_eq!((record.state, record.veil), (ItemState::Shown, Veil::default()));
}

#[test]
fn a_post_of_an_account_that_is_away_is_shown_when_it_is_back_and_not_before() {
    let (record, said) = play([post(0, false, true)]);
    assert_eq!((record.state, record.first, said), (ItemState::Hidden, 0, vec!["void".to_owned()]));
    let (record, said) = play_on(Some(record), [Arrival::Back]);
    assert_eq!((record.first, record.at, said), (SEQ, vec![SEQ], vec!["show".to_owned()]));
    let (record, _) = play([post(0, true, true), Arrival::Back]);
    assert_eq!(record.state, ItemState::Held, "its source is moderated");
}

#[test]
fn removal_is_final_whoever_hid_it() {
    let delete = Arrival::Delete { by: GoneBy::Author };
    let (record, said) = play([
        post(0, false, false),
        Arrival::Away,
        delete,
        Arrival::Back,
        Arrival::Away,
        Arrival::Show,
        HIDE,
    ]);
    assert_eq!(said, ["post", "hide by network", "remove by author", "conflict", "conflict"]);
    assert_eq!((record.state, record.veil, record.words), (ItemState::Removed, Veil::default(), None));
}

#[test]
fn words_that_were_lost_come_back_as_whoever_hid_them_left_it() {
    let lost = |arrivals: Vec<Arrival>| Record { words: None, ..play(arrivals).0 };
    let record = lost(vec![post(0, false, false), Arrival::Away]);
    let (record, said) = play_on(Some(record), [post(0, false, false)]);
    assert_eq!((record.state, said), (ItemState::Shown, vec!["show".to_owned()]));
    let record = lost(vec![post(0, false, false), Arrival::Away]);
    let (record, _) = play_on(Some(record), [post(0, false, true)]);
    assert_eq!((record.state, record.words.is_some()), (ItemState::Hidden, true), "the account is away");
    let record = lost(vec![post(0, false, false), HIDE]);
    let (record, said) = play_on(Some(record), [Arrival::Back, post(0, false, false)]);
    assert_eq!((record.state, said), (ItemState::Hidden, vec![]));
}

#[test]
fn what_a_moderator_hides_while_its_words_are_lost_stays_hidden() {
    let (record, _) = play([post(0, false, false), Arrival::Away]);
    let lost = Record { words: None, ..record };
    let (record, said) = play_on(Some(lost), [Arrival::Back, HIDE, HIDE, post(0, false, false)]);
    assert_eq!((record.state, said), (ItemState::Hidden, vec!["hide by moderator".to_owned()]));
    let (record, _) = play_on(Some(record), [Arrival::Show]);
    assert_eq!(record.state, ItemState::Shown);
}

#[test]
fn a_wish_for_less_is_an_edit_of_the_words_that_we_have() {
    let mut wish = words(0, "other words");
    wish.item.retain = Retain::Live;
    let wish = || Arrival::Post { words: Box::new(wish.clone()), veil: Veil::default() };
    let (record, said) = play([post(5, false, false), wish(), wish()]);
    assert_eq!(said, ["post", "edit"]);
    let item = record.words.unwrap().item;
    assert_eq!((item.retain, item.rev, item.body.text().as_str()), (Retain::Live, 5, "words"));
    let (record, said) = play([post(5, false, false), HIDE, wish(), Arrival::Show]);
    assert_eq!(said, ["post", "hide by moderator", "show"]);
    assert_eq!(record.words.unwrap().item.retain, Retain::Live);
}

#[test]
fn a_block_is_lifted_apart_from_what_others_have_hidden() {
    let (record, said) = play([post(0, false, false), Arrival::Block, Arrival::Block]);
    assert_eq!((record.state, said.last().unwrap().as_str()), (ItemState::Hidden, "hide by moderator"));
    let (record, said) = play_on(Some(record), [Arrival::Unblock, Arrival::Unblock]);
    assert_eq!((record.state, record.first, said), (ItemState::Shown, SEQ, vec!["show".to_owned()]));
    for (other, lifted) in [(HIDE, None), (Arrival::Away, Some(Arrival::Back))] {
        for order in [[Arrival::Block, other.clone()], [other, Arrival::Block]] {
            let (record, _) =
                play([post(0, false, false)].into_iter().chain(order).chain([Arrival::Unblock]));
            assert_eq!(record.state, ItemState::Hidden);
            let (record, _) = play_on(Some(record), lifted.clone());
            assert_eq!(record.state == ItemState::Shown, lifted.is_some());
        }
    }
    let (record, _) = play([post(0, true, false), Arrival::Block, Arrival::Unblock]);
    assert_eq!((record.state, record.veil), (ItemState::Held, Veil::WAITS), "it waits as before");
    let (record, said) = play([post(0, false, false), Arrival::Block, Arrival::Show, Arrival::Unblock]);
    assert_eq!(
        (record.state, said.len()),
        (ItemState::Shown, 3),
        "a moderator may show one post all the same"
    );
}

#[test]
fn a_decision_that_is_taken_back_leaves_a_post_waiting() {
    let (record, said) = play([post(0, true, false), Arrival::Show, Arrival::Hold, Arrival::Hold]);
    assert_eq!(said, ["void", "show", "hide by moderator"]);
    assert_eq!((record.state, record.veil), (ItemState::Held, Veil::WAITS));
    let (record, said) = play_on(Some(record), [HIDE, Arrival::Hold, Arrival::Show]);
    assert_eq!(
        (record.state, said),
        (ItemState::Shown, ["hide by moderator", "show"].map(String::from).to_vec())
    );
    let (record, _) = play([post(0, true, true), HIDE, Arrival::Hold]);
    assert_eq!(record.state, ItemState::Hidden, "its account is closed");
    let (_, said) = play([post(0, false, false), Arrival::Delete { by: GoneBy::Author }, Arrival::Hold]);
    assert_eq!(said.last().unwrap(), "conflict");
}

#[test]
fn an_edit_that_is_kept_back_takes_what_was_shown_with_it() {
    let (record, said) = play([post(0, false, false), post(3, true, false)]);
    assert_eq!(said, ["post", "hide by moderator"]);
    assert_eq!((record.state, record.rev, record.first), (ItemState::Held, 3, SEQ));
    let (record, said) = play_on(Some(record), [post(3, false, false), Arrival::Show]);
    assert_eq!((record.state, said), (ItemState::Shown, vec!["show".to_owned()]));
    let rejected =
        Arrival::Post { words: Box::new(words(4, "worse")), veil: Veil { person: true, ..Veil::default() } };
    let (record, said) = play_on(Some(record), [rejected, post(5, false, false)]);
    assert_eq!((record.state, said), (ItemState::Hidden, vec!["hide by moderator".to_owned()]));
}

#[test]
fn a_cover_is_an_edit_where_people_see_it_and_stays_private_where_they_do_not() {
    let cover = || Arrival::Cover(Some("Not for breakfast".to_owned()));
    let (record, said) = play([post(0, false, false), cover(), cover()]);
    assert_eq!((said, record.at.len()), (["post", "edit"].map(String::from).to_vec(), 2));
    let (record, said) = play_on(Some(record), [HIDE, Arrival::Cover(None), Arrival::Show]);
    assert_eq!(said, ["hide by moderator", "show"]);
    assert_eq!(record.words.unwrap().item.cover, None);
}

#[test]
fn every_reason_survives_the_ledgers_column() {
    for bits in 0..16 {
        assert_eq!(Veil::from_bits(bits).bits(), bits);
    }
}
