//! What people and programs may ask of the nozzle, and what they hear. The same types on both carriers; their JSON is
//! the body of `POST /intake/{eid}/{verb}`.

use std::fmt;
use std::str::FromStr;

use model::event::DuringTalks;
use model::{Filing, ItemId, Micros, Move, Seq, TalkId};
use serde::{Deserialize, Serialize};

use super::{EditEvent, Moderate, Report, SetAuthor, SetLife};

/// Longest `Idempotency-Key`, in bytes.
pub const KEY_BYTES_MAX: usize = 128;
/// How keys begin that were made from what a form said: such a key never stands for another request, whatever a clock adds to it.
pub const FORM_KEY: &str = "form-";
/// Longest `X-Actor`, in bytes.
pub const ACTOR_BYTES_MAX: usize = 128;
/// Most items that one order may file.
pub const FILE_ITEMS_MAX: usize = 200;
/// Longest text of a notice, in bytes.
pub const NOTICE_BYTES_MAX: usize = 1000;

/// One request, whichever way it came.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    /// What is asked for.
    pub ask: Ask,
    /// The `Idempotency-Key`: asking again under the same key changes nothing and gets the first answer;
    /// something else under it is refused.
    pub key: String,
    /// Who asks.
    pub actor: Actor,
    /// Only tell what would happen.
    pub is_dry_run: bool,
}

/// What is asked for; one variant for each verb of the intake.
#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    /// `say`: a post written on the event's own page.
    Say(Say),
    /// `unsay`: who wrote a post on the page takes it back.
    Unsay(Unsay),
    /// `limit`: how much one person may write on the page.
    Limit(SetLimit),
    /// `decide`: a moderator's decision.
    Decide(Decide),
    /// `file`: a person files items, which no rule undoes, or gives them back to the rules.
    File(FileItems),
    /// `stage`: what is really on in a room.
    Stage(SetStage),
    /// `notice`: words from the organisers.
    Notice(SayNotice),
    /// `schedule`: a schedule file, as it is, in any format that is read.
    Schedule(Vec<u8>),
    /// `handles`: a CSV of talks and the handles of those who speak there.
    Handles(Vec<u8>),
    /// `event`: an event.toml, as text; creates the event when the nozzle does not have it.
    Event(String),
    /// `edit`: the same, of an event that is there, while its settings are those that were read.
    Edit(EditEvent),
    /// `moderate`: one decision about several items, which can be taken back.
    Moderate(Moderate),
    /// `author`: what holds for an author from now on.
    Author(SetAuthor),
    /// `report`: a reader does not think that a post belongs here.
    Report(Report),
    /// `wall`: what the projectors in the rooms show.
    Wall(SetWall),
    /// `life`: what becomes of the event as a whole.
    Life(SetLife),
}

impl Ask {
    /// The verb in the address.
    pub fn verb(&self) -> &'static str {
        match self {
            Self::Say(_) => "say",
            Self::Unsay(_) => "unsay",
            Self::Limit(_) => "limit",
            Self::Decide(_) => "decide",
            Self::File(_) => "file",
            Self::Stage(_) => "stage",
            Self::Notice(_) => "notice",
            Self::Schedule(_) => "schedule",
            Self::Handles(_) => "handles",
            Self::Event(_) => "event",
            Self::Edit(_) => "edit",
            Self::Wall(_) => "wall",
            Self::Moderate(_) => "moderate",
            Self::Author(_) => "author",
            Self::Report(_) => "report",
            Self::Life(_) => "life",
        }
    }
}

/// Body of `say`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Say {
    /// The words, plain text.
    pub text: String,
    /// The name the writer gave.
    pub name: String,
    /// The item answered.
    #[serde(default)]
    pub reply_to: Option<ItemId>,
    /// The talk on whose page it was written.
    #[serde(default)]
    pub talk: Option<TalkId>,
    /// Slug of the room for which it was written.
    #[serde(default)]
    pub room: Option<String>,
}

/// Body of `unsay`. The actor must be the one who said it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unsay {
    /// The item.
    pub id: ItemId,
}

/// Body of `limit`. Absent numbers are the event's; with both absent, the person has no numbers of their own any more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetLimit {
    /// Who: the name of an actor with the role `person`, which is the author's id of what they wrote without its role.
    pub person: String,
    /// Posts at once; 0: they may not write.
    #[serde(default)]
    pub burst: Option<u32>,
    /// Posts that come back each minute.
    #[serde(default)]
    pub per_minute: Option<f64>,
}

/// Body of `decide`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decide {
    /// The item.
    pub id: ItemId,
    /// What is to become of it.
    pub decision: Decision,
    /// For removals: because the law says so.
    #[serde(default)]
    pub law: bool,
}

/// What a moderator may decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// Take it from the public; can be undone.
    Hide,
    /// Make it public (again).
    Show,
    /// Erase it; final.
    Remove,
}

/// Body of `file`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileItems {
    /// The items, at most [`FILE_ITEMS_MAX`].
    pub ids: Vec<ItemId>,
    /// The talk they are about; null: none.
    pub talk: Option<TalkId>,
    /// Without a talk: about the event as a whole, rather than unsorted.
    #[serde(default)]
    pub event: bool,
    /// Without either: take back what a person said of them, so that the rules file them again.
    #[serde(default)]
    pub rule: bool,
}

/// Body of `stage`: what is so since a moment, whatever was said before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetStage {
    /// Slug of the room.
    pub room: String,
    /// The talk; null is a break. To undo: the talk that was pressed; null takes back whatever it was.
    #[serde(default)]
    pub talk: Option<TalkId>,
    /// Since when; absent: now. To undo: the moment for which it was pressed; absent: what was said last.
    #[serde(default)]
    pub since: Option<Micros>,
    /// Take back what was said of this room and this moment.
    #[serde(default)]
    pub undo: bool,
}

/// Body of `wall`: what is so from now on. What is absent stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetWall {
    /// Slug of the room of which `blank` is said; absent: of all walls. A room that was blanked by itself stays blank when all are
    /// shown again.
    #[serde(default)]
    pub room: Option<String>,
    /// Show nothing at all, or show again.
    #[serde(default)]
    pub blank: Option<bool>,
    /// What walls show while a talk is on.
    #[serde(default)]
    pub during_talks: Option<DuringTalks>,
    /// Seconds that a post waits before a wall shows it, at most [`model::event::DELAY_SECONDS_MAX`].
    #[serde(default)]
    pub delay_s: Option<u16>,
}

/// Body of `notice`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SayNotice {
    /// The words; empty takes the present notice down.
    pub text: String,
    /// Shown until then; null: until the next notice.
    #[serde(default)]
    pub until: Option<Micros>,
}

/// Who asks: `role:name`, e.g. `moderator:ada`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// What they are at this event.
    pub role: String,
    /// Who they are.
    pub name: String,
}

impl Actor {
    /// Whoever asks a schedule's address again and again: the nozzle itself, which believes less than a person does.
    pub(crate) fn poll() -> Self {
        Self { role: "nozzle".to_owned(), name: "schedule poll".to_owned() }
    }
}

impl FromStr for Actor {
    type Err = Refusal;
    fn from_str(text: &str) -> Result<Self, Refusal> {
        let fits = text.len() <= ACTOR_BYTES_MAX && !text.chars().any(char::is_control);
        match text.split_once(':') {
            Some((role, name)) if fits && !role.is_empty() && !name.is_empty() => {
                Ok(Self { role: role.to_owned(), name: name.to_owned() })
            }
            _ => Err(Refusal::bad("X-Actor reads role:name, for example moderator:ada")),
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.role, self.name)
    }
}

/// What came of an order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The last entry that it led to; when nothing had to change, the one that had made it so, or 0.
    pub seq: Seq,
    /// The item or talk that it was about.
    #[serde(default)]
    pub id: Option<String>,
    /// The item's state as it now is, where nothing had to change.
    #[serde(default)]
    pub state: Option<String>,
    /// Items that were (or, in a dry run, would be) filed anew.
    #[serde(default)]
    pub moves: Vec<Move>,
    /// What was passed over or changed, each a sentence for people.
    #[serde(default)]
    pub notes: Vec<String>,
    /// What takes a moderator's decision back, in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub back: Vec<Moderate>,
    /// What a schedule changed, talk by talk, at most `model::schedule::CHANGES_MAX`, weightiest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<model::schedule::Change>,
    /// It was done before (a repeated key), or nothing had to change, or this was a dry run.
    #[serde(skip)]
    pub is_old: bool,
}

impl Outcome {
    /// Something was committed under `seq`.
    pub(crate) fn committed(seq: Seq, id: Option<String>) -> Self {
        Self {
            seq,
            id,
            state: None,
            moves: Vec::new(),
            notes: Vec::new(),
            back: Vec::new(),
            changes: Vec::new(),
            is_old: false,
        }
    }

    /// Nothing had to change.
    pub(crate) fn unchanged(id: Option<String>, state: Option<&str>) -> Self {
        Self { state: state.map(str::to_owned), is_old: true, ..Self::committed(0, id) }
    }
}

/// Why an order was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The request cannot be understood or asks for something impossible (400).
    #[error("{0}")]
    Bad(String),
    /// There is no such event, item, talk or room (404).
    #[error("{0}")]
    Unknown(String),
    /// The present state forbids it (409).
    #[error("{why}")]
    Conflict {
        /// Why.
        why: String,
        /// The present state.
        state: String,
    },
    /// The `Idempotency-Key` was used for another request (422).
    #[error("{0}")]
    Reused(String),
    /// They may not do that, whenever they ask (403).
    #[error("{0}")]
    Forbidden(String),
    /// They asked too often (429); what they asked for was not done.
    #[error("{why}")]
    Slow {
        /// Why.
        why: String,
        /// When to come again, in seconds.
        retry_seconds: u64,
    },
    /// Not now (503): the event is not ours yet, or the nozzle is busy or stopping.
    #[error("{why}")]
    Later {
        /// Why.
        why: String,
        /// When to come again, in seconds.
        retry_seconds: u64,
    },
    /// The ledger failed (500).
    #[error("{0}")]
    Failed(String),
}

impl Refusal {
    pub(crate) fn bad(why: impl Into<String>) -> Self {
        Self::Bad(why.into())
    }

    pub(crate) fn later(why: impl Into<String>) -> Self {
        Self::Later { why: why.into(), retry_seconds: 2 }
    }
}

/// How a person files: what the order says, as a filing.
pub(crate) fn by_person(talk: Option<(TalkId, String)>, is_event: bool, actor: &Actor) -> Filing {
    use model::{By, FilingState};
    let state = match (&talk, is_event) {
        (Some(_), _) => FilingState::Filed,
        (None, true) => FilingState::Event,
        (None, false) => FilingState::Unsorted,
    };
    let (talk, room) = talk.unzip();
    // The reason is public: it names the role, never the person.
    let reasons = vec![format!("Filed by hand ({}).", actor.role)];
    Filing { talk, room, state, score: 1.0, by: By::Person, reasons }
}
