//! What moderators ask of the nozzle and see of it, what readers report, and the codes by which authors take their own posts down.
//! The same types on both carriers. Held and hidden words go to whoever shows the intake's token, and nowhere else.

use std::collections::BTreeMap;

use live::ledger::{Aside, AuthorChange, History};
use live::state::Veil;
use model::{Body, ItemId, Micros};
use serde::{Deserialize, Serialize};

use super::Waiting;

/// Most items of one order.
pub const MODERATE_ITEMS_MAX: usize = 200;
/// Longest name of an author (`network:id`), in bytes.
pub const AUTHOR_BYTES_MAX: usize = 512;
/// Most items in one answer.
pub const CASES_MAX: usize = 100;

/// Body of `moderate`: one decision about several items, all of them in one transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moderate {
    /// The items, at most [`MODERATE_ITEMS_MAX`].
    pub ids: Vec<ItemId>,
    /// What is to become of them.
    pub decision: Judgement,
}

/// What a moderator may decide about several items. Removing for good is an order of its own, one item at a time: see
/// [`super::Decide`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Judgement {
    /// Make it public (again); reports about it are answered.
    Show,
    /// Take it from the public; reports about it are answered.
    Hide,
    /// It waits (again).
    Hold,
    /// Mark it as sensitive: words and pictures stay covered until a reader asks for them.
    Cover,
    /// Take that mark off.
    Uncover,
    /// Leave it as it is; reports about it are answered.
    Keep,
    /// Reports about it are not answered after all.
    Reopen,
}

impl Judgement {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Show, Self::Hide, Self::Hold, Self::Cover, Self::Uncover, Self::Keep, Self::Reopen];

    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Show => "show",
            Self::Hide => "hide",
            Self::Hold => "hold",
            Self::Cover => "cover",
            Self::Uncover => "uncover",
            Self::Keep => "keep",
            Self::Reopen => "reopen",
        }
    }
}

/// Body of `author`: what holds for an author from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetAuthor {
    /// `network:id`, as [`Case::author`] names them.
    pub author: String,
    /// What holds.
    pub standing: AuthorStanding,
}

/// What may hold for an author at this event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthorStanding {
    /// Nothing.
    #[default]
    None,
    /// Neither a rule nor their source makes their posts wait.
    Trusted,
    /// All their posts are hidden, and so is what comes.
    Blocked,
    /// Their own wish: their posts were removed, and nothing of theirs is taken. Nobody but they can ask for it.
    OptedOut,
}

impl AuthorStanding {
    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Trusted => "trusted",
            Self::Blocked => "blocked",
            Self::OptedOut => "opted_out",
        }
    }

    pub(crate) fn of(change: Option<AuthorChange>) -> Self {
        match change {
            None | Some(AuthorChange::Cleared) => Self::None,
            Some(AuthorChange::Trusted) => Self::Trusted,
            Some(AuthorChange::Blocked) => Self::Blocked,
            Some(AuthorChange::OptedOut) => Self::OptedOut,
        }
    }
}

/// Body of `report`: a reader does not think that a post belongs here. The actor is a person of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// The item.
    pub id: ItemId,
    /// Why.
    pub reason: ReportReason,
}

/// Why readers report a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReportReason {
    /// Advertising, or the same again and again.
    Spam,
    /// It insults or threatens somebody.
    Abuse,
    /// It shows what is private, or a picture of somebody who did not want it.
    Private,
    /// Violence, nakedness and the like, not covered.
    Shocking,
    /// Something else that should not be here.
    Other,
}

impl ReportReason {
    /// All of them, in the order in which readers are asked.
    pub const ALL: [Self; 5] = [Self::Spam, Self::Abuse, Self::Private, Self::Shocking, Self::Other];

    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Spam => "spam",
            Self::Abuse => "abuse",
            Self::Private => "private",
            Self::Shocking => "shocking",
            Self::Other => "other",
        }
    }

    /// The words that people read.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Spam => "Spam or advertising",
            Self::Abuse => "Insults or threatens somebody",
            Self::Private => "Shows something private",
            Self::Shocking => "Shocking, and not covered",
            Self::Other => "Something else",
        }
    }

    /// From the name on the wire.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.name() == name)
    }
}

/// Why an item is not shown, or was not, as the ledger keeps it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Why {
    /// The rules that held for it.
    pub rules: Vec<String>,
    /// Its source is moderated.
    pub source: bool,
    /// It holds a code that takes posts down, but of none of its author's.
    pub code: bool,
    /// Who decided last (`role:name`), and what.
    pub by: Option<(String, Judgement)>,
}

/// Which items to look at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Look {
    /// Which pile.
    pub tab: Tab,
    /// Those beyond this place, see [`Case::place`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<i64>,
    /// Only those by this author (`network:id`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// Only those for which this rule held.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// At most so many, and never more than [`CASES_MAX`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<usize>,
}

/// The piles of a moderator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tab {
    /// What waits, the oldest first.
    #[default]
    Held,
    /// What readers have reported and nobody has answered, the oldest first.
    Reported,
    /// What is public, the newest first.
    Shown,
    /// What is hidden, the newest first.
    Hidden,
}

impl Tab {
    /// All of them, in their order on the page.
    pub const ALL: [Self; 4] = [Self::Held, Self::Reported, Self::Shown, Self::Hidden];

    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Reported => "reported",
            Self::Shown => "shown",
            Self::Hidden => "hidden",
        }
    }
}

/// What a moderator looks at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bench {
    /// The items of the pile that was asked for.
    pub cases: Vec<Case>,
    /// Where to go on; none at the end.
    pub next: Option<i64>,
    /// Items that wait.
    pub held: u64,
    /// Items with reports that nobody has answered.
    pub reported: u64,
    /// Items that are hidden.
    pub hidden: u64,
    /// Since when the one that waits longest waits.
    pub oldest: Option<Micros>,
    /// The rules in force, in the order of event.toml, with how often they held.
    pub rules: Vec<RuleHits>,
    /// Authors of whom something is said, the newest first.
    pub authors: Vec<KnownAuthor>,
}

/// How often a rule held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleHits {
    /// Its name.
    pub name: String,
    /// For so many posts since it was made.
    pub times: u64,
    /// For the last of them then.
    pub last: Option<Micros>,
}

/// An author of whom something is said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownAuthor {
    /// `network:id`.
    pub author: String,
    /// What.
    pub standing: AuthorStanding,
    /// Who said it (`role:name`).
    pub by: String,
    /// When.
    pub since: Micros,
    /// Posts that came since, and were hidden or dropped.
    pub came: u64,
}

/// One item for a moderator, with all that helps to decide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// The item.
    #[serde(flatten)]
    pub post: Waiting,
    /// Its place in the order of arrival, for the next page.
    pub place: i64,
    /// The words as runs.
    pub body: Body,
    /// Title of an article or photo.
    pub title: Option<String>,
    /// What pictures and sounds show, as their author says; an empty text where they say nothing.
    pub alts: Vec<String>,
    /// Page and title of the preview that its network made.
    pub card: Option<(String, String)>,
    /// Since when it is not shown.
    pub since: Option<Micros>,
    /// Why it is not shown, or was not.
    pub reasons: Why,
    /// Whether a moderator covers it.
    pub is_covered: bool,
    /// What readers report, with how many say so.
    pub reports: BTreeMap<String, u32>,
    /// When the first of them did.
    pub reported: Option<Micros>,
    /// `network:id` of its author; absent where the network does not say.
    pub by: Option<String>,
    /// What the author has here: shown, waiting and hidden posts, each counted to a thousand.
    pub history: (u32, u32, u32),
    /// What holds for the author.
    pub standing: AuthorStanding,
}

impl Case {
    pub(crate) fn new(aside: &Aside, by: Option<String>, history: History) -> Self {
        let item = aside.record.words.as_ref().map(|words| &words.item);
        let reasons: Why =
            aside.verdict.as_deref().and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
        let mut post = Waiting::from(&aside.record);
        if aside.record.veil == Veil::default() {
            post.why.clear();
        }
        if let Some(why) = reasons.told(aside.record.veil) {
            post.why = why;
        }
        Self {
            place: aside.place,
            body: item.map(|item| item.body.clone()).unwrap_or_default(),
            title: item.and_then(|item| item.title.clone()),
            alts: item.map_or_else(Vec::new, |item| {
                item.media.iter().map(|media| media.alt.clone().unwrap_or_default()).collect()
            }),
            card: item.and_then(|item| item.card.as_ref()).map(|card| (card.url.clone(), card.title.clone())),
            since: aside.since,
            is_covered: aside.is_covered,
            reports: aside.reports.clone(),
            reported: aside.reported,
            by,
            history: (history.shown, history.held, history.hidden),
            standing: AuthorStanding::of(history.change),
            reasons,
            post,
        }
    }
}

impl KnownAuthor {
    pub(crate) fn new(note: live::ledger::AuthorNote) -> Self {
        let standing = AuthorStanding::of(Some(note.change));
        Self { author: note.name, standing, by: note.actor, since: note.made, came: note.came }
    }
}

impl Why {
    /// As a sentence, where it says more than what keeps the item from the public.
    fn told(&self, veil: Veil) -> Option<String> {
        let names: Vec<String> = self.rules.iter().map(|rule| format!("“{rule}”")).collect();
        let rules = match &names[..] {
            [] => None,
            [one] => Some(format!("rule {one}")),
            many => Some(format!("rules {}", many.join(", "))),
        };
        if veil.person {
            return match &self.by {
                Some((by, Judgement::Hide)) => Some(format!("hidden by {by}")),
                _ => rules,
            };
        }
        if !veil.held {
            return None;
        }
        let code =
            self.code.then(|| "holds a removal code that is for none of its author’s posts".to_owned());
        let source = self.source.then(|| "its source is moderated".to_owned());
        let why = rules.or(code).or(source);
        match (&self.by, why) {
            (Some((by, Judgement::Hold)), Some(why)) => Some(format!("{why}; put back by {by}")),
            (Some((by, Judgement::Hold)), None) => Some(format!("put back by {by}")),
            (_, why) => why,
        }
    }
}
