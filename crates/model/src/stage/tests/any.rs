//! What holds of any talks and presses.

use super::*;
use proptest::prelude::*;
use std::time::{Duration, Instant};

const ROOMS: [&str; 3] = ["east", "main", "west"];
const M: i64 = Micros::MINUTE;

/// Up to 14 talks on a grid of five minutes over half a day, overlapping as they come; some are dropped.
fn talks() -> impl Strategy<Value = Vec<Talk>> {
    let one = (0..3_usize, 0..120_i64, 1..15_i64, 0..10_u8);
    prop::collection::vec(one, 0..14).prop_map(|all| {
        let line = |(i, (room, start, length, dropped)): (usize, (usize, i64, i64, u8))| {
            let dropped = if dropped == 0 { " dropped" } else { "" };
            talk(&format!("t{i}@{} {} {}{dropped}", ROOMS[room], start * 5, (start + length) * 5))
        };
        all.into_iter().enumerate().map(line).collect()
    })
}

/// Up to 14 presses, each at a moment of its own; talks that nobody knows among them.
fn presses() -> impl Strategy<Value = Vec<StageEntry>> {
    prop::collection::btree_map(-20..700_i64, (0..3_usize, 0..18_usize), 0..14).prop_map(|all| {
        let line = |(since, (room, what)): (i64, (usize, usize))| match what {
            16.. => press(&format!("break@{} {since}", ROOMS[room])),
            _ => press(&format!("t{what}@{} {since}", ROOMS[room])),
        };
        all.into_iter().map(line).collect()
    })
}

fn new(talks: &[Talk], presses: &[StageEntry]) -> Timeline {
    Timeline::new(talks, &by_room(presses.iter().cloned()))
}

fn is_on(timeline: &Timeline, at: Micros) -> Vec<(&str, &Span)> {
    let spans = timeline.rooms().flat_map(|(room, spans)| spans.iter().map(move |span| (room, span)));
    spans.filter(|(_, span)| span.holds(at)).collect()
}

proptest! {
    #[test]
    fn the_order_in_which_presses_arrive_never_matters(
        (shuffled, presses) in presses().prop_flat_map(|p| (Just(p.clone()).prop_shuffle(), Just(p))),
        talks in talks(),
    ) {
        prop_assert_eq!(new(&talks, &shuffled), new(&talks, &presses));
    }

    #[test]
    fn an_undone_press_was_never_said(
        talks in talks(), presses in presses(), more in presses(), pick in any::<prop::sample::Index>(),
    ) {
        // The one undone may stand for a moment at which something else was said before.
        prop_assume!(!more.is_empty());
        let one = more[pick.index(more.len())].clone();
        prop_assume!(!presses.contains(&one));
        let mut with = presses.clone();
        with.push(one);
        with.push(StageEntry { undone: true, ..with[with.len() - 1].clone() });
        prop_assert_eq!(new(&talks, &with), new(&talks, &presses));
    }

    #[test]
    fn hearing_the_last_of_it_again_changes_nothing(
        talks in talks(), presses in presses(), more in presses(), undone in any::<u16>(), from in any::<prop::sample::Index>(),
    ) {
        let mut said = presses;
        for (i, press) in more.into_iter().enumerate() {
            let undo = ((undone >> i) & 1 == 1).then(|| StageEntry { undone: true, ..press.clone() });
            said.push(press);
            said.extend(undo);
        }
        let mut twice = said.clone();
        twice.extend_from_slice(&said[from.index(said.len() + 1)..]);
        prop_assert_eq!(new(&talks, &twice), new(&talks, &said));
    }

    #[test]
    fn pressing_again_what_has_still_time_changes_nothing(
        talks in talks(), presses in presses(), at in -20..700_i64,
    ) {
        let timeline = new(&talks, &presses);
        let at = Micros(at * M);
        for (room, span) in timeline.on_at(at) {
            let by_hand = span.by == SaidBy::Steward && (span.talk.is_none() || at < span.due);
            if by_hand && !presses.iter().any(|p| p.room == room && p.since == at) {
                let again = StageEntry { room: room.to_owned(), talk: span.talk.clone(), since: at, undone: false };
                let mut twice = presses.clone();
                twice.push(again);
                prop_assert_eq!(&new(&talks, &twice), &timeline);
            }
        }
    }

    #[test]
    fn spans_are_in_order_and_only_the_clock_puts_two_talks_into_one_room(
        talks in talks(), presses in presses(),
    ) {
        let timeline = new(&talks, &presses);
        for (room, spans) in timeline.rooms() {
            prop_assert!(spans.is_sorted_by_key(|span| span.from));
            for (i, one) in spans.iter().enumerate() {
                prop_assert!(one.from < one.to && one.from <= one.due && one.due <= one.to);
                prop_assert!(one.talk.is_none() || one.to.since(one.due) <= OVERRUN_MAX);
                for two in &spans[i + 1..] {
                    let by_clock = one.by == SaidBy::Clock && two.by == SaidBy::Clock;
                    prop_assert!(by_clock || one.to <= two.from, "{room}: {one:?} {two:?}");
                }
            }
        }
    }

    #[test]
    fn a_talk_is_on_where_and_when_it_was_pressed_and_never_when_it_was_dropped(
        talks in talks(), presses in presses(),
    ) {
        let timeline = new(&talks, &presses);
        for talk in &talks {
            let pressed: Vec<&StageEntry> = presses.iter().filter(|p| p.talk.as_ref() == Some(&talk.id)).collect();
            for (room, span) in timeline.of_talk(&talk.id) {
                prop_assert!(!talk.dropped);
                match span.by {
                    SaidBy::Clock => prop_assert!(pressed.is_empty() && room == talk.room && span.from >= talk.start),
                    SaidBy::Steward => prop_assert!(pressed.iter().any(|p| p.room == room && p.since == span.from)),
                }
            }
            let last = pressed.last().filter(|_| !talk.dropped);
            if let Some(last) = last {
                let stands = timeline.in_room(&last.room, last.since).any(|span| span.talk.as_ref() == Some(&talk.id));
                prop_assert!(stands, "what was said last of a talk holds from its moment on");
            }
        }
    }

    #[test]
    fn searching_finds_what_looking_at_every_span_finds(
        talks in talks(), presses in presses(), at in -30..720_i64,
    ) {
        let timeline = new(&talks, &presses);
        let at = Micros(at * M);
        let on = is_on(&timeline, at);
        prop_assert_eq!(timeline.on_at(at).collect::<Vec<_>>(), on.clone());
        for room in ROOMS {
            let here: Vec<&Span> = on.iter().filter(|(r, _)| *r == room).map(|(_, span)| *span).collect();
            prop_assert_eq!(timeline.in_room(room, at).collect::<Vec<_>>(), here);
        }
    }

    #[test]
    fn outside_of_the_windows_in_which_two_differ_they_say_the_same(
        talks in talks(), presses in presses(), more in presses(),
    ) {
        let (one, two) = (new(&talks, &presses), new(&talks, &more));
        prop_assert!(one.differs(&one).is_empty());
        let windows = one.differs(&two);
        prop_assert_eq!(&windows, &two.differs(&one));
        prop_assert!(windows.windows(2).all(|w| w[0].1 < w[1].0));
        prop_assert_eq!(windows.is_empty(), is_same(&one, &two));
        for at in (-30..720).map(|minute| Micros(minute * M)) {
            if !windows.iter().any(|(from, to)| *from <= at && at < *to) {
                prop_assert_eq!(is_on(&one, at), is_on(&two, at));
            }
        }
    }

    #[test]
    fn what_starts_later_never_lets_anything_behind_it_begin_sooner(
        lengths in prop::collection::vec((1..60_i64, 0..30_i64), 2..8), late in 0..60_i64, later in 0..30_i64,
    ) {
        let mut start = 0;
        let mut talks = Vec::new();
        for (i, (length, gap)) in lengths.iter().enumerate() {
            talks.push(talk(&format!("t{i} {start} {}", start + length)));
            start += length + gap;
        }
        let first_end = lengths[0].0 + lengths[0].1 + lengths[1].0;
        let (late, later) = (late % first_end, (late + later) % first_end);
        let from = |since: i64| -> Vec<Micros> {
            let timeline = new(&talks, &[press(&format!("t0 {since}"))]);
            talks[1..].iter().map(|t| timeline.of_talk(&t.id).next().expect("it follows").1.from).collect()
        };
        let (one, two) = (from(late.min(later)), from(late.max(later)));
        prop_assert!(one.iter().zip(&two).all(|(one, two)| one <= two), "{one:?} {two:?}");
    }
}

fn is_same(one: &Timeline, two: &Timeline) -> bool {
    let all = |timeline: &Timeline| -> Vec<(String, Span)> {
        timeline.rooms().flat_map(|(r, spans)| spans.iter().map(move |s| (r.to_owned(), s.clone()))).collect()
    };
    all(one) == all(two)
}

#[test]
fn ten_thousand_talks_and_as_many_presses_are_read_in_a_moment() {
    let grid = |n: i64| talk(&format!("t{n}@r{} {} {}", n % 20, n / 20 * 30, n / 20 * 30 + 25));
    let heap = |n: i64| talk(&format!("t{n} 0 {}", 10 + n % 500));
    for talks in [(0..10_000).map(grid).collect::<Vec<_>>(), (0..10_000).map(heap).collect()] {
        let press = |(i, t): (usize, &Talk)| StageEntry {
            room: t.room.clone(),
            talk: (i % 7 != 0).then(|| t.id.clone()),
            since: t.start.plus((i % 11) as i64 * M),
            undone: i % 13 == 0,
        };
        let presses: Vec<StageEntry> = talks.iter().enumerate().map(press).collect();
        let begun = Instant::now();
        let timeline = new(&talks, &presses);
        let on: usize = (0..50_000).map(|at| timeline.on_at(Micros(at * M / 4)).count()).sum();
        let took = begun.elapsed();
        assert!(on > 0 && !timeline.differs(&new(&talks, &[])).is_empty());
        assert!(took < Duration::from_secs(10), "{took:?}");
    }
}
