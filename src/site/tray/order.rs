//! From a steward's word to the nozzle: where posts are to go, what is asked for, and what takes it back. Both the forms and the API
//! come here.

use super::super::{
    Site,
    audit::{Undo, What},
    door::Who,
    follow::EventLive,
    live_fold::LiveFold,
    post_box::follows,
};
use super::pile::shown;
use http::StatusCode;
use model::{By, Filing, FilingState, ItemId, Row, TalkId};
use nozzle::intake::{Ask, FILE_ITEMS_MAX, FileItems, Order, Refusal};
use std::{collections::BTreeMap, fmt, str::FromStr};

/// Posts that one request may move.
pub(super) const MOVES_MAX: usize = 2_000;

/// Where posts go. As text: a talk's id, `event`, `none`, `rule`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Target {
    /// To this talk.
    Talk(TalkId),
    /// About the event as a whole.
    Event,
    /// To no talk, and no rule shall find one.
    None,
    /// Back to the rules, as if no person had said anything.
    Rule,
}

impl FromStr for Target {
    type Err = std::convert::Infallible;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "event" => Self::Event,
            "none" => Self::None,
            "rule" => Self::Rule,
            talk => Self::Talk(TalkId(talk.to_owned())),
        })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Talk(talk) => talk.as_str(),
            Self::Event => "event",
            Self::None => "none",
            Self::Rule => "rule",
        })
    }
}

impl Target {
    /// Where a filing has put a post: what must be asked for to have it there again.
    fn of(filing: &Filing) -> Self {
        match (filing.by, filing.state, &filing.talk) {
            (By::Rule, ..) => Self::Rule,
            (By::Person, FilingState::Event, _) => Self::Event,
            (By::Person, _, Some(talk)) => Self::Talk(talk.clone()),
            (By::Person, _, None) => Self::None,
        }
    }

    pub(super) fn ask(&self, ids: Vec<ItemId>) -> FileItems {
        let talk = if let Self::Talk(talk) = self { Some(talk.clone()) } else { None };
        FileItems { ids, talk, event: *self == Self::Event, rule: *self == Self::Rule }
    }
}

/// Posts by where they are to go.
pub(super) type Moves = BTreeMap<Target, Vec<ItemId>>;

/// What was done.
#[derive(Clone, Debug, Default)]
pub(super) struct Done {
    /// The last entry that it led to; 0 when nothing had to change.
    pub(super) seq: model::Seq,
    /// Posts that are somewhere else now.
    pub(super) moved: usize,
    /// Other posts that the rules have filed anew, as what they answer or what their author spoke of has moved.
    pub(super) followed: usize,
    /// What takes it back.
    pub(super) before: Moves,
}

/// Moves posts and waits until the page has it. Asking again under the same key changes nothing.
pub(super) async fn carry_out(
    site: &Site,
    event: &EventLive,
    who: &Who,
    key: &str,
    moves: Moves,
) -> Result<Done, Refusal> {
    let count: usize = moves.values().map(Vec::len).sum();
    if count == 0 || count > MOVES_MAX {
        return Err(Refusal::Bad(format!("Choose 1 to {MOVES_MAX} posts.")));
    }
    let mut done = Done { before: before(site, event, &moves).await, ..Done::default() };
    for (target, ids) in moves {
        for (n, part) in ids.chunks(FILE_ITEMS_MAX).enumerate() {
            let ask = Ask::File(target.ask(part.to_vec()));
            let key =
                if n == 0 && count == ids.len() { key.to_owned() } else { format!("{key} {target} {n}") };
            let order = Order { ask, key, actor: who.actor.clone(), is_dry_run: false };
            let outcome = site.intake.ask(event.eid, order).await?;
            done.seq = done.seq.max(outcome.seq);
            let moved = outcome.moves.iter().filter(|m| part.contains(&m.id)).count();
            done.moved += moved;
            done.followed += outcome.moves.len() - moved;
        }
    }
    if done.moved > 0 {
        note(site, event, who, count, &done.before);
    }
    follows(event, done.seq).await;
    Ok(done)
}

/// What was moved, for the audit log.
fn note(site: &Site, event: &EventLive, who: &Who, count: usize, before: &Moves) {
    let parts = before
        .iter()
        .flat_map(|(target, ids)| ids.chunks(FILE_ITEMS_MAX).map(|ids| target.ask(ids.to_vec())));
    let back = parts.filter_map(|ask| Some(("file".to_owned(), serde_json::to_value(ask).ok()?)));
    let undo = Undo::Orders(back.collect());
    let object = match before.values().flatten().collect::<Vec<_>>()[..] {
        [one] => one.to_string(),
        _ => format!("{count} posts"),
    };
    site.audit(who, Some(event.eid), What::new("file", &object, "Filed posts by hand."), Some(undo));
}

/// Where the posts are now. One that neither the fold nor the archive tells of is moved all the same; only its way back is not known.
async fn before(site: &Site, event: &EventLive, moves: &Moves) -> Moves {
    let mut before = Moves::new();
    for id in moves.values().flatten() {
        let Ok(Some(row)) = site.item(event, *id).await else { continue };
        if let Some(filing) = filing_of(&row) {
            before.entry(Target::of(filing)).or_default().push(*id);
        }
    }
    before
}

fn filing_of(row: &Row) -> Option<&Filing> {
    shown(row).map(|(_, filing)| filing)
}

/// `rule:k3f9q2m7xw4d,...;t7:...`: moves as one word, for an address or a button.
pub(super) fn written(moves: &Moves) -> String {
    let ids = |ids: &[ItemId]| ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    let part = |(target, all): (&Target, &Vec<ItemId>)| format!("{target}:{}", ids(all));
    moves.iter().map(part).collect::<Vec<_>>().join(";")
}

/// Reads moves; parts that are none are passed over.
pub(super) fn read(text: &str) -> Moves {
    let mut moves = Moves::new();
    for (target, ids) in text.split(';').filter_map(|part| part.split_once(':')) {
        let Ok(target) = target.parse::<Target>();
        let ids = ids.split(',').filter_map(|id| id.parse::<ItemId>().ok());
        moves.entry(target).or_default().extend(ids.take(MOVES_MAX));
    }
    moves.retain(|_, ids: &mut Vec<ItemId>| !ids.is_empty());
    moves
}

/// Where posts have gone, to stand behind "filed".
pub(super) fn to_words(to: &str, fold: &LiveFold) -> String {
    let Ok(target) = to.parse::<Target>();
    match target {
        Target::Event => " as about the event".to_owned(),
        Target::None => " to no talk".to_owned(),
        Target::Rule => " by the rules again".to_owned(),
        Target::Talk(id) => {
            fold.fold().talks.get(&id).map_or_else(String::new, |talk| format!(" to “{}”", talk.title))
        }
    }
}

/// Status and name of a refusal, and the sentence for the one who asked.
pub(super) fn told(refusal: &Refusal) -> (StatusCode, &'static str, String) {
    let nothing = "Nothing was moved.";
    match refusal {
        Refusal::Bad(why) => (StatusCode::BAD_REQUEST, "bad_request", why.clone()),
        Refusal::Unknown(why) => (StatusCode::NOT_FOUND, "not_found", format!("{why} {nothing}")),
        Refusal::Conflict { why, .. } => (StatusCode::CONFLICT, "conflict", format!("{why} {nothing}")),
        Refusal::Forbidden(why) => (StatusCode::FORBIDDEN, "forbidden", format!("{why} {nothing}")),
        Refusal::Reused(why) => (StatusCode::UNPROCESSABLE_ENTITY, "key_reused", format!("{why} {nothing}")),
        Refusal::Slow { why, .. } => (StatusCode::TOO_MANY_REQUESTS, "slow", format!("{why} {nothing}")),
        Refusal::Later { why, .. } => {
            tracing::warn!(%why, "posts cannot be filed by hand just now");
            let why = "The part that keeps the log does not answer just now. Try again in a moment: doing it twice does no harm.";
            (StatusCode::SERVICE_UNAVAILABLE, "later", why.to_owned())
        }
        Refusal::Failed(why) => {
            tracing::error!(%why, "posts could not be filed by hand");
            let why = "This could not be stored. The fault is ours, and it is in our log.";
            (StatusCode::INTERNAL_SERVER_ERROR, "failed", why.to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Uid;

    #[test]
    fn moves_survive_the_way_through_an_address() {
        let id = |n: &str| Uid::new("x", n).id();
        let moves: Moves = [
            (Target::Rule, vec![id("1"), id("2")]),
            (Target::Talk(TalkId("t7".into())), vec![id("3")]),
            (Target::Event, vec![id("4")]),
            (Target::None, vec![id("5")]),
        ]
        .into();
        assert_eq!(read(&written(&moves)), moves);
        for nothing in ["", ";", "t7:", "t7:no-id", "k3f9q2m7xw4d"] {
            assert_eq!(read(nothing), Moves::new(), "{nothing:?}");
        }
    }

    #[test]
    fn what_takes_a_move_back_is_what_was_there_before() {
        let filing = |by, state, talk: Option<&str>| Filing {
            talk: talk.map(|id| TalkId(id.into())),
            room: None,
            state,
            score: 1.0,
            by,
            reasons: Vec::new(),
        };
        let of = |by, state, talk| Target::of(&filing(by, state, talk)).to_string();
        assert_eq!(of(By::Rule, FilingState::Filed, Some("t1")), "rule");
        assert_eq!(of(By::Rule, FilingState::Unsorted, None), "rule");
        assert_eq!(of(By::Person, FilingState::Filed, Some("t1")), "t1");
        assert_eq!(of(By::Person, FilingState::Event, None), "event");
        assert_eq!(of(By::Person, FilingState::Unsorted, None), "none");
    }
}
