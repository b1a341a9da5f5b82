//! What was said before: answers, quotes, the author's last posts, shared links.

use super::*;

/// Says posts one after the other, as a person would read them.
struct Thread<'a> {
    event: &'a Event,
    register: Register,
}

impl<'a> Thread<'a> {
    fn new(event: &'a Event) -> Self {
        Self { event, register: Register::default() }
    }

    fn say(&mut self, item: &Item) -> Filing {
        let filing = self.event.file_in(item, &self.register.context(item));
        self.register.put(item, &filing);
        filing
    }

    fn answer(&mut self, to: &Item, at: &str, author: &str, text: &str) -> (Item, Filing) {
        let item = Item { reply_to: Some(to.id()), ..post(at, author, text) };
        let filing = self.say(&item);
        (item, filing)
    }
}

#[test]
fn answers_inherit_and_lose_a_little_at_each_step() {
    let event = Event::new();
    let mut thread = Thread::new(&event);
    let root = post("10:30", "a", "Zero-copy parsing with Ada Lovelace");
    let first = thread.say(&root);
    let (one, filed) = thread.answer(&root, "12:40", "b", "totally agree");
    assert_eq!((filed.state, &filed.talk), (FilingState::Filed, &first.talk));
    assert_eq!(filed.reasons[0], "Answers a post filed here.");
    let (_, deeper) = thread.answer(&one, "12:45", "c", "me too");
    assert_eq!(deeper.talk, first.talk);
    assert!(deeper.score <= filed.score && filed.score <= first.score, "{first:?} {filed:?} {deeper:?}");
}

#[test]
fn an_answer_that_names_another_talk_goes_there() {
    let event = Event::new();
    let mut thread = Thread::new(&event);
    let root = post("10:30", "a", "Zero-copy parsing with Ada Lovelace");
    thread.say(&root);
    let (_, filing) =
        thread.answer(&root, "10:40", "b", "You miss Sourdough as a distributed system for that?");
    assert_eq!(event.title(&filing), "Sourdough as a distributed system");
}

#[test]
fn an_answer_to_a_post_about_the_event_is_not_filed() {
    let event = Event::new();
    let mut thread = Thread::new(&event);
    let root = post("10:30", "a", "The wifi is down, who wants coffee?");
    thread.say(&root);
    let (_, filing) = thread.answer(&root, "10:32", "b", "me!");
    assert_ne!(filing.state, FilingState::Filed, "{filing:?}");
}

#[test]
fn a_quote_is_about_what_it_quotes() {
    let event = Event::new();
    let mut thread = Thread::new(&event);
    let root = post("10:30", "a", "Ingrid Solheim will show tactile maps at 11:15");
    let first = thread.say(&root);
    let quote = Item { quotes: Some(root.id()), ..post("11:20", "b", "this") };
    let filing = thread.say(&quote);
    assert_eq!((filing.state, filing.talk), (FilingState::Filed, first.talk));
}

#[test]
fn an_authors_next_post_is_about_the_same_talk_for_a_while() {
    let event = Event::new();
    let mut thread = Thread::new(&event);
    thread.say(&post("10:25", "a", "Zero-copy parsing, finally!"));
    let next = thread.say(&post("10:31", "a", "and now the demo"));
    assert_eq!(
        (next.state, event.title(&next).starts_with("Zero-copy")),
        (FilingState::Filed, true),
        "{next:?}"
    );
    assert!(next.score < ANCHOR_SCORE, "{next:?}");
    let lunch = thread.say(&post("10:33", "a", "need coffee"));
    assert_eq!(lunch.state, FilingState::Event, "{lunch:?}");
    let much_later = thread.say(&post("11:30", "a", "and now the demo"));
    assert_ne!(much_later.state, FilingState::Filed, "{much_later:?}");
    let other = thread.say(&post("10:31", "b", "and now the demo"));
    assert_ne!(other.state, FilingState::Filed, "{other:?}");
}

#[test]
fn who_sits_in_a_talk_stays_until_its_end_and_no_longer() {
    let event = Event::new();
    let mut thread = Thread::new(&event);
    let first = thread.say(&post("10:20", "a", "Zero-copy parsing, finally!"));
    let late = thread.say(&post("10:44", "a", "and now a live one, the terminal just asks nicely"));
    assert_eq!((late.state, late.talk), (FilingState::Filed, first.talk), "{:?}", late.reasons);
    let gone = thread.say(&post("11:08", "a", "and now a live one, the terminal just asks nicely"));
    assert_ne!(gone.state, FilingState::Filed, "{gone:?}");
}

#[test]
fn an_answer_keeps_nearly_all_of_a_score_that_just_files() {
    let event = Event::new();
    let mut thread = Thread::new(&event);
    let root = post("10:30", "a", "Zero-copy parsing with Ada Lovelace");
    let first = thread.say(&root);
    thread.register.put(&root, &Filing { score: 0.72, ..first.clone() });
    let (one, filed) = thread.answer(&root, "10:33", "b", "totally agree");
    assert_eq!((filed.state, &filed.talk), (FilingState::Filed, &first.talk));
    assert!((0.68..0.72).contains(&filed.score), "{filed:?}");
    let (_, deeper) = thread.answer(&one, "10:34", "c", "me too");
    assert!(deeper.score < filed.score, "{deeper:?}");
}

#[test]
fn context_does_not_rest_on_context() {
    let event = Event::new();
    let mut thread = Thread::new(&event);
    thread.say(&post("10:16", "a", "Zero-copy parsing, finally!"));
    let mut scores = Vec::new();
    for at in ["10:24", "10:32", "10:40", "10:48", "10:56"] {
        scores.push(thread.say(&post(at, "a", "so much to think about here")).score);
    }
    assert!(scores.windows(2).all(|pair| pair[1] <= pair[0] + 0.01), "{scores:?}");
    assert!(scores[4] < 0.2, "{scores:?}");
}

#[test]
fn a_later_post_from_another_room_ends_the_context() {
    let event = Event::new();
    let mut thread = Thread::new(&event);
    thread.say(&post("10:20", "a", "Zero-copy parsing, finally!"));
    thread.say(&post("10:28", "a", "moved over to Sourdough as a distributed system"));
    let next = thread.say(&post("10:31", "a", "and now the demo"));
    assert!(event.title(&next).starts_with("Sourdough"), "{next:?}");
}

#[test]
fn a_link_that_people_share_carries_its_talk() {
    let event = Event::new();
    let mut thread = Thread::new(&event);
    let link = "https://code.example/ada/arena";
    thread.say(&post("10:30", "a", &format!("Ada Lovelace shows zero-copy parsing {link}?utm_source=x")));
    let one = thread.say(&post("10:40", "b", &format!("neat {link}/")));
    assert_eq!(
        (one.state, event.title(&one).starts_with("Zero-copy")),
        (FilingState::Filed, true),
        "{one:?}"
    );
    let other = thread.say(&post("10:40", "c", "neat https://code.example/else"));
    assert_ne!(other.state, FilingState::Filed);
}

#[test]
fn a_link_that_goes_with_every_talk_carries_none() {
    let event = Event::new();
    let mut thread = Thread::new(&event);
    let stream = "https://streaming.example/brightcon";
    thread.say(&post("10:30", "a", &format!("Ada Lovelace: zero-copy parsing {stream}")));
    thread.say(&post("10:31", "b", &format!("Sourdough as a distributed system {stream}")));
    let next = thread.say(&post("10:32", "c", &format!("watching {stream}")));
    assert_ne!(next.state, FilingState::Filed, "{next:?}");
}

#[test]
fn a_person_is_believed() {
    let event = Event::new();
    let mut thread = Thread::new(&event);
    let root = post("10:30", "a", "hm");
    let talk = event.on("10:30", "stage-a");
    let by_hand = Filing {
        talk: Some(talk.clone()),
        state: FilingState::Filed,
        by: By::Person,
        score: 1.0,
        ..Filing::unsorted("Moved by hand.")
    };
    thread.register.put(&root, &by_hand);
    let (_, filing) = thread.answer(&root, "10:35", "b", "indeed");
    assert_eq!((filing.state, filing.talk), (FilingState::Filed, Some(talk)));
}

#[test]
fn speakers_speak_of_their_own_talks() {
    let event = Event::new();
    let mut item = post("12:30", "ingrid", "The slides of my talk are online");
    item.author.name = "Ingrid Solheim".into();
    let filing = event.file_in(&item, &Context::default());
    assert!(
        event.title(&filing).starts_with("Accessible") && filing.state == FilingState::Filed,
        "{filing:?}"
    );
    let mut item = post("14:20", "ingrid", "great crowd here");
    item.author.name = "Ingrid Solheim".into();
    assert_ne!(event.file_in(&item, &Context::default()).state, FilingState::Filed);
}
