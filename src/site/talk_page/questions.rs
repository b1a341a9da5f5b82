//! The questions of a talk and whether anybody answered them: a speaker, by a handle that the programme knows; somebody else, in the
//! thread; or somebody at its network, whose answer is not here. Each says how it is known.

use crate::site::telling::{Told, person};
use crate::site::view::{count, item::display_name};
use model::{Item, ItemId, Mark, Talk};
use std::collections::{BTreeSet, HashMap};

/// How far a thread is followed down.
const DEPTH_MAX: usize = 20;

/// What became of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Nobody has answered, as far as we see.
    Open,
    /// Its network counts replies that are not here.
    Elsewhere(u32),
    /// So many people answered in its thread.
    Thread(usize),
    /// A speaker of the talk answered in its thread.
    Speaker(String),
}

impl Answer {
    pub(super) fn is_open(&self) -> bool {
        matches!(self, Self::Open | Self::Elsewhere(_))
    }

    /// How it is known, in words.
    pub(super) fn sentence(&self, item: &Item) -> String {
        match self {
            Self::Open => "Open".to_owned(),
            Self::Elsewhere(n) => {
                format!("Open here; {} at {}", count((*n).into(), "reply", "replies"), item.network.label())
            }
            Self::Thread(n) => format!("Answered in its thread by {}", count(*n as u64, "person", "people")),
            Self::Speaker(name) => format!("Answered by {name}, who speaks"),
        }
    }
}

/// The questions in their order, each with what became of it.
pub(super) fn questions<'a>(all: &[Told<'a>], talk: &Talk) -> Vec<(Told<'a>, Answer)> {
    let mut answers: HashMap<ItemId, Vec<&Told<'a>>> = HashMap::new();
    for told in all {
        if let Some(of) = told.item.reply_to {
            answers.entry(of).or_default().push(told);
        }
    }
    let asked = all.iter().filter(|told| told.item.marks.contains(&Mark::Question));
    // A question that answers another one is a part of its thread, not a question to the room.
    let asked = asked.filter(|told| told.item.reply_to.is_none() && told.item.cover.is_none());
    asked.map(|told| (*told, answer(told, &answers, talk))).collect()
}

fn answer<'a>(told: &Told<'a>, answers: &HashMap<ItemId, Vec<&Told<'a>>>, talk: &Talk) -> Answer {
    let mut level = vec![told.row.id];
    let mut seen: BTreeSet<ItemId> = BTreeSet::new();
    let mut people = BTreeSet::new();
    for _ in 0..DEPTH_MAX {
        let next: Vec<&&Told<'a>> = level
            .iter()
            .filter_map(|id| answers.get(id))
            .flatten()
            .filter(|a| seen.insert(a.row.id))
            .collect();
        for answer in &next {
            if person(answer.item) == person(told.item) {
                continue;
            }
            if speaks(answer.item, talk) {
                return Answer::Speaker(display_name(&answer.item.author).to_owned());
            }
            people.insert(person(answer.item));
        }
        level = next.iter().map(|answer| answer.row.id).collect();
        if level.is_empty() {
            break;
        }
    }
    match (people.len(), told.echo.elsewhere) {
        (0, 0) => Answer::Open,
        (0, n) => Answer::Elsewhere(n),
        (n, _) => Answer::Thread(n),
    }
}

/// Whether the author of an item is a speaker of the talk, by a handle that the programme knows. Names prove nothing.
fn speaks(item: &Item, talk: &Talk) -> bool {
    let bare = |handle: &str| handle.trim_start_matches('@').to_lowercase();
    let own = bare(&item.author.handle);
    let mut known = talk.speakers.iter().flat_map(|speaker| &speaker.handles);
    !own.is_empty() && known.any(|handle| bare(handle) == own)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::telling::{tests::row, weigh};
    use model::Row;

    fn talk() -> Talk {
        serde_json::from_value(serde_json::json!({
            "id": "t1", "title": "A talk", "room": "main", "day": "2026-06-01", "start": 0, "end": 1,
            "speakers": [{"name": "Sunniva Darr", "handles": ["@Sunniva@pixels.example"]}],
        }))
        .expect("a talk")
    }

    fn ask(native: &str, replies: u32) -> Row {
        row(native, "ada", 0, |item| {
            item.marks = vec![Mark::Question];
            item.counts.replies = replies;
        })
    }

    fn reply(native: &str, who: &str, of: &Row) -> Row {
        let of = of.id;
        row(native, who, 5, |item| {
            item.reply_to = Some(of);
            item.author.handle = format!("@{who}@pixels.example");
        })
    }

    #[test]
    fn a_question_is_answered_by_somebody_else_and_says_by_whom() {
        let own = ask("own", 1);
        let (open, elsewhere, thread, speaker) =
            (ask("open", 0), ask("else", 3), ask("thread", 2), ask("speaker", 2));
        let first = reply("r1", "bob", &thread);
        let deep = reply("r2", "eve", &first);
        let from_afar = reply("r4", "kim", &speaker);
        let rows = [
            reply("r0", "ada", &own),
            reply("r3", "sunniva", &from_afar),
            own,
            open,
            elsewhere,
            thread,
            first,
            deep,
            speaker,
            from_afar,
        ];
        let told = weigh(&rows);
        let all: Vec<Answer> = questions(&told, &talk()).into_iter().map(|(_, answer)| answer).collect();
        assert_eq!(
            all,
            [
                Answer::Open,
                Answer::Open,
                Answer::Elsewhere(3),
                Answer::Thread(2),
                Answer::Speaker("sunniva".into())
            ]
        );
        assert_eq!(all.iter().filter(|answer| answer.is_open()).count(), 3);
    }

    #[test]
    fn threads_that_bite_their_tail_end() {
        let mut a = ask("a", 0);
        let b = reply("b", "bob", &a);
        a.item.as_mut().unwrap().reply_to = None;
        let mut c = reply("c", "eve", &b);
        c.item.as_mut().unwrap().reply_to = Some(c.id);
        let rows = [a, b, c];
        assert_eq!(questions(&weigh(&rows), &talk())[0].1, Answer::Thread(1));
    }
}
