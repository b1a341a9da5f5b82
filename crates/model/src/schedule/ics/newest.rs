//! Events that share a `UID`: revisions of one event, of which the newest counts; or events of an exporter that gives many the
//! same `UID`, which then says nothing.

use super::event::Event;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What is left, and what there is to say of it.
#[derive(Debug, Default)]
pub(super) struct Newest {
    /// In the file's order.
    pub(super) events: Vec<Event>,
    pub(super) remarks: Vec<String>,
}

/// Keeps the newest revision of each event. Where a `UID` says nothing, it is taken off the events.
pub(super) fn newest(events: Vec<Event>) -> Newest {
    let mut out = Newest::default();
    let mut groups: BTreeMap<(String, String), Vec<usize>> = BTreeMap::new();
    for (i, event) in events.iter().enumerate().filter(|(_, event)| !event.uid.is_empty()) {
        let recurrence = event.recurrence.as_ref().map(|line| line.value.clone()).unwrap_or_default();
        groups.entry((event.uid.clone(), recurrence)).or_default().push(i);
    }
    let (mut old, mut shared) = (BTreeSet::new(), BTreeSet::new());
    for ((uid, _), group) in groups.into_iter().filter(|(_, group)| group.len() > 1) {
        let distinct = distinct(&events, group, &mut old);
        if distinct.len() < 2 {
            continue;
        }
        if let Some(line) = shared_from(&events, &distinct) {
            let many = distinct.len();
            out.remarks.push(format!(
                "line {line}: {many} different events have the UID {uid:?}, which therefore names none of them"
            ));
            shared.insert(uid);
            continue;
        }
        let newest = distinct.iter().copied().max_by_key(|i| (&events[*i].revision, *i));
        old.extend(distinct.into_iter().filter(|i| Some(*i) != newest));
    }
    for (i, mut event) in events.into_iter().enumerate() {
        if old.contains(&i) {
            out.remarks.push(format!(
                "line {}, {}: there is a newer revision of it",
                event.line,
                event.title()
            ));
            continue;
        }
        if shared.contains(&event.uid) {
            event.uid.clear();
        }
        out.events.push(event);
    }
    out
}

/// One of those that have the same title and start: the newest.
fn distinct(events: &[Event], group: Vec<usize>, old: &mut BTreeSet<usize>) -> Vec<usize> {
    let mut by_look: HashMap<(&str, Option<&str>), usize> = HashMap::new();
    for i in group {
        let look = (events[i].title(), start(&events[i]));
        let kept = by_look.entry(look).or_insert(i);
        if *kept != i {
            let is_newer = events[i].revision >= events[*kept].revision;
            old.insert(if is_newer { std::mem::replace(kept, i) } else { i });
        }
    }
    let mut left: Vec<usize> = by_look.into_values().collect();
    left.sort_unstable();
    left
}

fn start(event: &Event) -> Option<&str> {
    event.start.as_ref().map(|line| line.value.as_str())
}

/// The line of the first event whose `UID` is another's, too: two are as new as each other, or the exporter, which counts no
/// revisions, gives it to events of other title and start.
fn shared_from(events: &[Event], group: &[usize]) -> Option<usize> {
    let mut seen = BTreeSet::new();
    let first = &events[group[0]];
    let odd = group.iter().find(|i| {
        let event = &events[**i];
        let is_other = event.title() != first.title() && start(event) != start(first);
        !seen.insert(&event.revision) || (event.revision.0 == first.revision.0 && is_other)
    });
    odd.map(|i| events[*i].line)
}

#[cfg(test)]
mod tests {
    use super::super::lines::Line;
    use super::*;

    fn event(line: usize, lines: &[&str]) -> Event {
        let mut event = Event { line, ..Event::default() };
        lines.iter().for_each(|text| event.set(Line::cut(line, text).unwrap()));
        event
    }

    fn titles(events: Vec<Event>) -> (Vec<String>, usize) {
        let newest = newest(events);
        (newest.events.iter().map(|e| format!("{}{}", e.uid, e.title())).collect(), newest.remarks.len())
    }

    #[test]
    fn the_newest_revision_wins_wherever_it_stands() {
        let one =
            |sequence: &str, title: &str| event(1, &["UID:u", sequence, title, "DTSTART:20260601T100000Z"]);
        let events = vec![
            one("SEQUENCE:2", "SUMMARY:New"),
            one("SEQUENCE:10", "SUMMARY:Newest"),
            one("SEQUENCE:1", "SUMMARY:Old"),
        ];
        assert_eq!(titles(events), (vec!["uNewest".to_owned()], 2));
        let moved = |stamp: &str, start: &str| event(1, &["UID:u", "SUMMARY:T", stamp, start]);
        let events = vec![
            moved("DTSTAMP:20260101T000000Z", "DTSTART:20260601T100000Z"),
            moved("DTSTAMP:20260102T000000Z", "DTSTART:20260601T110000Z"),
        ];
        assert_eq!(titles(events), (vec!["uT".to_owned()], 1));
        let same = || event(1, &["UID:u", "SUMMARY:T", "DTSTART:20260601T100000Z"]);
        assert_eq!(titles(vec![same(), same()]), (vec!["uT".to_owned()], 1));
    }

    #[test]
    fn a_uid_that_many_share_names_none() {
        let one = |n: usize| {
            event(
                n,
                &[
                    "UID:u",
                    "SEQUENCE:0",
                    &format!("SUMMARY:{n}"),
                    &format!("DTSTART:2026060{n}T100000Z"),
                    &format!("DTSTAMP:2026010{n}T000000Z"),
                ],
            )
        };
        assert_eq!(
            titles(vec![one(1), one(2), one(3)]),
            (vec!["1".to_owned(), "2".to_owned(), "3".to_owned()], 1)
        );
    }

    #[test]
    fn events_without_a_uid_and_changed_repetitions_are_left_alone() {
        let bare = || event(1, &["SUMMARY:T", "DTSTART:20260601T100000Z"]);
        assert_eq!(titles(vec![bare(), bare()]).0.len(), 2);
        let whole = event(1, &["UID:u", "SUMMARY:T", "DTSTART:20260601T100000Z", "RRULE:FREQ=DAILY;COUNT=2"]);
        let changed =
            event(1, &["UID:u", "SUMMARY:T", "DTSTART:20260602T110000Z", "RECURRENCE-ID:20260602T100000Z"]);
        assert_eq!(titles(vec![whole, changed]), (vec!["uT".to_owned(), "uT".to_owned()], 0));
    }
}
