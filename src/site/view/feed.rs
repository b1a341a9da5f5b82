//! Items into blocks: a minute with its items, a line that late items fold into, a mark where something may be missing.

use super::{
    item::{GoneView, ItemView},
    time::{Venue, iso},
};
use model::{Gap, Micros, Seq};

/// One thing in the feed.
#[derive(Clone, Debug)]
pub(in crate::site) enum Line {
    Item(Box<ItemView>),
    Gone(GoneView),
    Mark(MarkView),
}

/// A window in which a source may have lost something.
#[derive(Clone, Debug)]
pub(in crate::site) struct MarkView {
    pub(in crate::site) id: String,
    pub(in crate::site) first: Seq,
    pub(in crate::site) from: i64,
    pub(in crate::site) is_open: bool,
    pub(in crate::site) head: String,
    pub(in crate::site) text: String,
}

/// Lines that stand together.
#[derive(Clone, Debug)]
pub(in crate::site) enum Block {
    Minute { key: i64, iso: String, hhmm: String, lines: Vec<Line> },
    Late { count: String, lines: Vec<Line> },
    Mark(MarkView),
}

#[derive(PartialEq, Eq)]
enum Key {
    Minute(i64),
    Late,
    Alone,
}

/// Groups lines that stand in reading order. Late items share one folded line where `folds_late`.
pub(in crate::site) fn blocks(lines: Vec<Line>, venue: &Venue, folds_late: bool) -> Vec<Block> {
    let mut out: Vec<Block> = Vec::new();
    let mut open = Key::Alone;
    for line in lines {
        let key = key(&line, folds_late);
        if key != Key::Alone && key == open {
            match out.last_mut() {
                Some(Block::Minute { lines, .. } | Block::Late { lines, .. }) => lines.push(line),
                Some(Block::Mark(_)) | None => {}
            }
            continue;
        }
        out.push(match (&key, line) {
            (_, Line::Mark(mark)) => Block::Mark(mark),
            (Key::Late, line) => Block::Late { count: String::new(), lines: vec![line] },
            (_, line) => {
                let at = Micros(moment(&line));
                let (key, iso) = (at.0.div_euclid(Micros::MINUTE), iso(at.minute()));
                Block::Minute { key, iso, hhmm: venue.hhmm(at), lines: vec![line] }
            }
        });
        open = key;
    }
    for block in &mut out {
        if let Block::Late { count, lines } = block {
            *count = super::count(lines.len() as u64, "older post", "older posts");
        }
    }
    out
}

fn key(line: &Line, folds_late: bool) -> Key {
    match line {
        Line::Mark(_) => Key::Alone,
        Line::Item(item) if folds_late && item.late => Key::Late,
        line => Key::Minute(moment(line).div_euclid(Micros::MINUTE)),
    }
}

fn moment(line: &Line) -> i64 {
    match line {
        Line::Item(item) => item.at,
        Line::Gone(gone) => gone.at,
        Line::Mark(mark) => mark.from,
    }
}

/// The line for a gap: what may be missing, or that it has been fetched since.
pub(in crate::site) fn mark(gap: &Gap, first: Seq, venue: &Venue) -> MarkView {
    let from = venue.hhmm(gap.from);
    let span = gap
        .to
        .map_or_else(|| format!("From {from} on"), |to| format!("Between {from} and {}", venue.hhmm(to)));
    let (head, text) = if gap.closed {
        (
            String::new(),
            format!("{span}, {} was out of reach. What was missed has been fetched since.", gap.source),
        )
    } else {
        (format!("{span}, posts from {} may be missing. ", gap.source), gap.reason.clone())
    };
    MarkView { id: gap.id.clone(), first, from: gap.from.0, is_open: !gap.closed, head, text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gone(minute: i64) -> Line {
        let id = model::Uid::new("x", &minute.to_string()).id();
        Line::Gone(GoneView { id, first: 1, at: minute * Micros::MINUTE + 5, sentence: String::new() })
    }

    #[test]
    fn neighbours_of_one_minute_share_a_block_and_a_mark_stands_alone() {
        let venue = Venue::new("UTC", None);
        let gap = Gap {
            id: "g1".into(),
            source: "s".into(),
            from: Micros(0),
            to: Some(Micros(Micros::MINUTE)),
            reason: "It went away.".into(),
            count: None,
            closed: false,
        };
        let lines = vec![gone(7), gone(7), Line::Mark(mark(&gap, 3, &venue)), gone(7), gone(6)];
        let shapes: Vec<String> = blocks(lines, &venue, true)
            .iter()
            .map(|block| match block {
                Block::Minute { hhmm, lines, .. } => format!("{hhmm} {}", lines.len()),
                Block::Late { count, .. } => count.clone(),
                Block::Mark(mark) => mark.head.clone(),
            })
            .collect();
        assert_eq!(
            shapes,
            ["00:07 2", "Between 00:00 and 00:01, posts from s may be missing. ", "00:07 1", "00:06 1"]
        );
    }
}
