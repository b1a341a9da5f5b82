//! Each answer of the push script has one cure. Pure: answers go in, what to do comes out.

use crate::follow::Line;
use model::{Epoch, Seq};

/// What the push script says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// Everything up to `top` is there, and the event is ours for another ten seconds.
    Ok,
    /// There is no tail (a first start, or somebody flushed it).
    None,
    /// The tail's length does not fit its numbers (somebody deleted a part of it).
    Torn,
    /// The tail is of another log.
    Epoch,
    /// What was pushed begins behind the tail's top (the tail was rolled back).
    Hole,
    /// The tail goes further than what was pushed.
    Ahead,
    /// Another nozzle owns the event.
    Owner,
    /// The tail's newest entry is not the one that our ledger has under this number.
    Fork,
}

impl Word {
    const ALL: [Self; 8] =
        [Self::Ok, Self::None, Self::Torn, Self::Epoch, Self::Hole, Self::Ahead, Self::Owner, Self::Fork];

    /// The word that the script wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|word| word.name() == text)
    }

    /// The word as the script writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::None => "NONE",
            Self::Torn => "TORN",
            Self::Epoch => "EPOCH",
            Self::Hole => "HOLE",
            Self::Ahead => "AHEAD",
            Self::Owner => "OWNER",
            Self::Fork => "FORK",
        }
    }
}

/// An answer of the push script: the word, and the tail as it now stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What was done, or why nothing was.
    pub word: Word,
    /// The tail's log; `None` without a tail.
    pub epoch: Option<Epoch>,
    /// The seq before its oldest entry.
    pub base: Seq,
    /// Its newest entry.
    pub top: Seq,
    /// The chain link of its newest entry.
    pub tip: String,
}

/// One entry as it is pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushEntry {
    /// Its chain link: 64 random bits in hexadecimal.
    pub chain: String,
    /// The seqs whose words it takes back.
    pub voids: Vec<Seq>,
    /// The entry's JSON, one line.
    pub json: String,
}

/// One push: what the script is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    /// Our place.
    pub me: String,
    /// How long the claim lives, in milliseconds.
    pub life_ms: u64,
    /// Our log.
    pub epoch: Epoch,
    /// The logs before it.
    pub line: Line,
    /// The seq before the first entry.
    pub prev: Seq,
    /// The chain link of `prev` (the epoch itself for 0).
    pub tip: String,
    /// Replace a missing, torn or older tail. A healthy one ignores it.
    pub anew: bool,
    /// Drop entries up to here.
    pub trim: Seq,
    /// What follows `prev`.
    pub entries: Vec<PushEntry>,
}

/// Why a nozzle must not go on. A restart does not help: a person decides.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stop {
    /// Two histories under the same numbers.
    #[error(
        "the ledger and its tail in Redis tell two histories (the tail ends at {top}): this ledger is an old copy, or a \
         clone of it has written. Stop the other nozzle, or run `perihelion recover`"
    )]
    Fork {
        /// Where the tail ends.
        top: Seq,
    },
    /// The tail belongs to another log.
    #[error(
        "Redis holds another log of this event ({theirs}, ours is {ours}). Use the data directory that wrote it, or run \
         `perihelion recover`"
    )]
    OtherLog {
        /// The epoch in Redis.
        theirs: Epoch,
        /// The ledger's epoch.
        ours: Epoch,
    },
    /// Somebody else has owned the event all the time.
    #[error("another nozzle owns this event: it answers at {owner}")]
    Owned {
        /// The place that was seen.
        owner: String,
    },
}

/// What to do after an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cure {
    /// Go on: what is left, or the next heartbeat.
    Continue,
    /// Push again at once.
    Again,
    /// Compare our chain at `top` with `tip`, then tell [`Course::joint`].
    Joint {
        /// The tail's newest entry.
        top: Seq,
        /// Its chain link.
        tip: String,
    },
    /// Accept nothing more and go back to the rules of [`super::Claim`].
    Disowned,
    /// End with this sentence.
    Stop(Stop),
}

/// How far a nozzle's pushing has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Course {
    is_owner: bool,
    sent: Seq,
    anew: bool,
}

impl Course {
    /// Whether the last answer left the event in our hands: only then may anything be accepted.
    #[must_use]
    pub fn is_owner(&self) -> bool {
        self.is_owner
    }

    /// The newest entry that the tail is known to have.
    #[must_use]
    pub fn sent(&self) -> Seq {
        self.sent
    }

    /// Whether the next push has to write the tail anew.
    #[must_use]
    pub fn is_anew(&self) -> bool {
        self.anew
    }

    /// The seq before the first entry of the next push; a new tail begins at the ledger's `trim`.
    #[must_use]
    pub fn prev(&self, ledger_top: Seq, ledger_trim: Seq) -> Seq {
        if self.anew { ledger_trim.min(ledger_top) } else { self.sent }
    }

    /// Takes an answer in.
    pub fn hear(&mut self, answer: &Answer, ours: &Epoch, ledger_top: Seq) -> Cure {
        match answer.word {
            Word::Ok if answer.top > ledger_top => self.stop(Stop::Fork { top: answer.top }),
            Word::Ok => {
                *self = Self { is_owner: true, sent: answer.top, anew: false };
                Cure::Continue
            }
            Word::None | Word::Torn => {
                self.anew = true;
                Cure::Again
            }
            Word::Hole | Word::Ahead if answer.top <= ledger_top => {
                Cure::Joint { top: answer.top, tip: answer.tip.clone() }
            }
            Word::Hole | Word::Ahead | Word::Fork => self.stop(Stop::Fork { top: answer.top }),
            Word::Epoch => self.other_log(answer, ours),
            Word::Owner => {
                self.is_owner = false;
                Cure::Disowned
            }
        }
    }

    /// Whether our ledger has the tail's newest entry under the same chain link.
    pub fn joint(&mut self, top: Seq, is_same: bool) -> Cure {
        if !is_same {
            return self.stop(Stop::Fork { top });
        }
        self.sent = top;
        self.anew = false;
        Cure::Again
    }

    fn other_log(&mut self, answer: &Answer, ours: &Epoch) -> Cure {
        match &answer.epoch {
            Some(theirs) if theirs.generation() >= ours.generation() => {
                self.stop(Stop::OtherLog { theirs: theirs.clone(), ours: ours.clone() })
            }
            _ => {
                self.anew = true;
                Cure::Again
            }
        }
    }

    fn stop(&mut self, why: Stop) -> Cure {
        self.is_owner = false;
        Cure::Stop(why)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(word: Word, epoch: &str, top: Seq) -> Answer {
        Answer { word, epoch: epoch.parse().ok(), base: 0, top, tip: "c".into() }
    }

    #[test]
    fn each_refusal_has_one_cure() {
        let ours: Epoch = "5.a".parse().unwrap();
        let mut course = Course::default();
        assert_eq!(course.hear(&answer(Word::Ok, "5.a", 7), &ours, 9), Cure::Continue);
        assert_eq!((course.sent(), course.is_owner()), (7, true));
        let joint = Cure::Joint { top: 3, tip: "c".into() };
        assert_eq!(course.hear(&answer(Word::Hole, "5.a", 3), &ours, 9), joint);
        assert_eq!(course.joint(3, true), Cure::Again);
        assert_eq!(course.prev(9, 2), 3);
        assert_eq!(course.hear(&answer(Word::None, "", 0), &ours, 9), Cure::Again);
        assert_eq!(course.prev(9, 2), 2);
        assert_eq!(course.hear(&answer(Word::Owner, "5.a", 9), &ours, 9), Cure::Disowned);
        assert!(!course.is_owner());
    }

    #[test]
    fn two_histories_stop_the_nozzle() {
        let ours: Epoch = "5.a".parse().unwrap();
        let stop = |word, epoch, top| {
            let mut course = Course::default();
            matches!(course.hear(&answer(word, epoch, top), &ours, 9), Cure::Stop(_))
        };
        assert!(stop(Word::Ahead, "5.a", 10));
        assert!(stop(Word::Fork, "5.a", 9));
        assert!(stop(Word::Ok, "5.a", 10));
        assert!(stop(Word::Epoch, "5.b", 9));
        assert!(stop(Word::Epoch, "6.b", 9));
        assert!(!stop(Word::Epoch, "4.b", 9));
        assert_eq!(Course::default().joint(9, false), Cure::Stop(Stop::Fork { top: 9 }));
    }
}
