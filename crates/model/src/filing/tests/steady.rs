//! What holds for all posts: the same arguments give the same filing, step by step gives what filing from nothing gives,
//! nothing panics, nothing takes long.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;
use testkit::fuzz::{config, near_text};

const TEXTS: [&str; 12] = [
    "Zero-copy parsing with Ada Lovelace",
    "and now the demo",
    "great talk!",
    "wifi is down, coffee is cold",
    "@gracehf vacuum in orbit #bc1",
    "Breaking TETRA radios https://a.example/x?utm_source=b",
    "see you at 14:00 in Saal 2",
    "notes https://a.example/x",
    "Stimmzettel und Pr\u{fc}fsummen",
    "sourdough, yeast and eventual consistency",
    "why?",
    "#KnittingMachines QX03ZR",
];

#[derive(Clone, Debug)]
struct Line {
    minute: i64,
    author: u8,
    text: usize,
    answers: Option<usize>,
    quotes: Option<usize>,
    person: bool,
}

/// What happens to the items, in the order in which it reaches us.
#[derive(Clone, Debug)]
enum Step {
    Say(usize),
    Edit(usize, usize),
    Remove(usize),
}

fn lines() -> impl Strategy<Value = Vec<Line>> {
    let line = (0..180i64, 0..4u8, 0..TEXTS.len(), any::<(u8, u8)>(), 0..12u8).prop_map(
        |(minute, author, text, (answers, quotes), person)| Line {
            minute,
            author,
            text,
            answers: (answers < 90).then_some(usize::from(answers)),
            quotes: (quotes < 30).then_some(usize::from(quotes)),
            person: person == 0,
        },
    );
    prop::collection::vec(line, 1..28)
}

fn items(lines: &[Line]) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    for (n, line) in lines.iter().enumerate() {
        let mut item = post("10:00", &format!("author{}", line.author), TEXTS[line.text]);
        item.uid = Uid::new("mastodon", &n.to_string());
        item.when = item.when.plus(line.minute * Micros::MINUTE);
        let other = |which: Option<usize>| {
            which.map(|which| Uid::new("mastodon", &(which % lines.len()).to_string()).id())
        };
        item.reply_to = other(line.answers).filter(|id| *id != item.id());
        item.quotes = other(line.quotes).filter(|id| *id != item.id());
        items.push(item);
    }
    items
}

/// A small sequencer: files what comes, and again what that touches, the oldest first.
struct Steps<'a> {
    event: &'a Event,
    register: Register,
    said: BTreeMap<ItemId, (Item, Option<Filing>, Filing)>,
    again: BTreeSet<(Micros, ItemId)>,
}

impl Steps<'_> {
    fn put(&mut self, item: Item, person: Option<Filing>) {
        let filing =
            person.clone().unwrap_or_else(|| self.event.file_in(&item, &self.register.context(&item)));
        self.again.extend(self.register.put(&item, &filing));
        self.said.insert(item.id(), (item, person, filing));
        self.settle();
    }

    fn remove(&mut self, id: ItemId) {
        self.said.remove(&id);
        self.again.extend(self.register.remove(id));
        self.settle();
    }

    fn settle(&mut self) {
        let mut last = None;
        while let Some(place) = self.again.pop_first() {
            assert!(last < Some(place), "a cascade goes forward only");
            last = Some(place);
            let Some((item, person, known)) = self.said.get(&place.1) else { continue };
            let filing =
                person.clone().unwrap_or_else(|| self.event.file_in(item, &self.register.context(item)));
            if filing != *known {
                let item = item.clone();
                self.again.extend(self.register.put(&item, &filing));
                self.said.get_mut(&place.1).unwrap().2 = filing;
            }
        }
    }
}

fn by_hand(event: &Event) -> Filing {
    Filing {
        talk: Some(event.on("10:30", "saal-3")),
        room: Some("saal-3".into()),
        state: FilingState::Filed,
        by: By::Person,
        score: 1.0,
        ..Filing::unsorted("Moved by hand.")
    }
}

fn check(lines: &[Line], steps: &[Step]) {
    let event = Event::new();
    let items = items(lines);
    let person = |n: usize| lines[n].person.then(|| by_hand(&event));
    let mut by_steps =
        Steps { event: &event, register: Register::default(), said: BTreeMap::new(), again: BTreeSet::new() };
    for step in steps {
        match step {
            Step::Say(n) => by_steps.put(items[*n].clone(), person(*n)),
            Step::Edit(n, text) => {
                let n = n % items.len();
                let body = post("10:00", "x", TEXTS[*text]).body;
                by_steps.put(Item { body, ..items[n].clone() }, person(n));
            }
            Step::Remove(n) => by_steps.remove(items[n % items.len()].id()),
        }
    }
    let said: Vec<Said> = by_steps
        .said
        .values()
        .map(|(item, person, _)| Said { item: item.clone(), person: person.clone() })
        .collect();
    let from_nothing = scratch(&said, &event.programme, &event.stage);
    for ((item, _, filing), want) in by_steps.said.values().zip(&from_nothing) {
        assert_eq!(filing, want, "{:?}", item.body.text());
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn step_by_step_in_any_order_gives_what_filing_from_nothing_gives(
        lines in lines(),
        seed in any::<u64>(),
        changes in prop::collection::vec((any::<bool>(), 0..28usize, 0..TEXTS.len(), 0..40usize), 0..10),
    ) {
        let mut order: Vec<usize> = (0..lines.len()).collect();
        order.sort_by_key(|n| (*n as u64 + 1).wrapping_mul(seed | 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut steps: Vec<Step> = order.into_iter().map(Step::Say).collect();
        for (is_edit, n, text, at) in changes {
            let step = if is_edit { Step::Edit(n, text) } else { Step::Remove(n) };
            steps.insert(at.min(steps.len()), step);
        }
        check(&lines, &steps);
    }

    #[test]
    fn no_text_panics_and_scores_and_reasons_keep_their_bounds(text in near_text(&TEXTS), minute in 0..1500i64) {
        let event = Event::new();
        let mut item = post("10:00", "a", &text);
        item.when = item.when.plus((minute - 60) * Micros::MINUTE);
        let plain = Item { body: Body::plain(text.as_str()), ..item.clone() };
        for item in [item, plain] {
            let filing = event.file_in(&item, &Context::default());
            assert!((0.0..=1.0).contains(&filing.score) && !filing.reasons.is_empty() && filing.reasons.len() <= 5);
            assert!(filing.reasons.iter().all(|reason| reason.chars().count() <= 240));
            assert_eq!(filing, event.file_in(&item, &Context::default()));
        }
    }

    #[test]
    fn no_schedule_panics(title in near_text(&TEXTS), name in near_text(&["Ada Lovelace", "x (y) aka z"]), times in any::<(i64, i64)>()) {
        let mut talks = talks();
        talks[1].title = title.clone();
        talks[1].speakers[0].name = name.clone();
        talks[1].url = Some(format!("https://{name}"));
        (talks[1].start, talks[1].end) = (Micros(times.0), Micros(times.1));
        let event = Event::of(talks);
        let filing = event.file("10:30", &format!("{title} {name}"));
        assert!(filing.reasons.iter().all(|reason| reason.chars().count() <= 240));
    }
}

#[test]
fn the_order_of_talks_does_not_matter() {
    let mut turned = talks();
    turned.reverse();
    let (event, turned) = (Event::new(), Event::of(turned));
    for text in TEXTS {
        assert_eq!(event.file("10:30", text), turned.file("10:30", text), "{text}");
    }
}

#[test]
fn a_range_of_the_register_is_in_order_and_may_be_empty() {
    let event = Event::new();
    let mut register = Register::default();
    for at in ["10:30", "10:20", "10:40"] {
        register.put(&post(at, "a", "x"), &event.file(at, "x"));
    }
    let between = |from: &str, to: &str| {
        register.between(moment(from), moment(to)).map(|(when, _)| when).collect::<Vec<_>>()
    };
    assert_eq!(between("10:20", "10:40"), [moment("10:20"), moment("10:30")]);
    assert_eq!(between("10:40", "10:20"), []);
}

#[test]
fn hostile_posts_are_bounded() {
    let event = Event::new();
    let began = std::time::Instant::now();
    for text in [
        "zero copy parsing ".repeat(450),
        "Ada Lovelace @ada@social.example #ZeroCopyParsing 14:00 ".repeat(150),
        "talk ".repeat(1_600),
        "https://conf.example/events/7003.html ".repeat(200),
        "\u{65e5}\u{672c}\u{8a9e}".repeat(900),
    ] {
        event.file("10:30", &text);
    }
    assert!(began.elapsed().as_secs() < 5, "took {:?}", began.elapsed());
}

#[test]
fn thousands_of_posts_are_filed_in_no_time() {
    let event = Event::new();
    let said: Vec<Said> = (0..3_000)
        .map(|n| {
            let mut item = post("09:00", &format!("author{}", n % 90), TEXTS[n % TEXTS.len()]);
            item.uid = Uid::new("mastodon", &n.to_string());
            item.when = item.when.plus(n as i64 * 12 * Micros::SECOND);
            Said { item, person: None }
        })
        .collect();
    let began = std::time::Instant::now();
    let filings = scratch(&said, &event.programme, &event.stage);
    assert!(filings.iter().any(|filing| filing.state == FilingState::Filed));
    // The bench has the figure that counts; this is to notice a post that looks at all others.
    assert!(began.elapsed().as_secs() < 20, "took {:?}", began.elapsed());
}

#[test]
fn ten_thousand_talks_are_no_more_work_for_a_post() {
    let many: Vec<Talk> = (0..10_000)
        .map(|n| {
            let mut talk = talk(n + 1, 0, &TALKS[n % TALKS.len()]);
            talk.title = format!("{} number{n}", talk.title);
            talk.room = format!("room-{}", n % 400);
            talk.start = talk.start.plus((n / 400) as i64 * 8 * Micros::HOUR);
            talk.end = talk.start.plus(45 * Micros::MINUTE);
            talk
        })
        .collect();
    let event = Event::of(many);
    let began = std::time::Instant::now();
    for text in TEXTS.iter().cycle().take(200) {
        event.file("10:30", text);
    }
    assert!(began.elapsed().as_secs() < 20, "took {:?}", began.elapsed());
}
