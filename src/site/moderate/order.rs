//! From a moderator's word to the nozzle: what is asked for, what takes it back, and what the audit log says of it. Both the form and the API
//! come here.

use crate::site::{
    Site,
    audit::{Undo, What},
    door::Who,
    failure::Failure,
    follow::EventLive,
    post_box::follows,
    view::count,
};
use http::StatusCode;
use model::ItemId;
use nozzle::intake::{
    Ask, AuthorStanding, Judgement, MODERATE_ITEMS_MAX, Moderate, Order, Outcome, Refusal, SetAuthor,
};

/// Posts that one request may decide about.
const POSTS_MAX: usize = 2_000;

/// What a moderator asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Press {
    /// One decision about these posts.
    Posts(Judgement, Vec<ItemId>),
    /// What holds for an author.
    Author(SetAuthor),
    /// What takes an earlier press back.
    Back(Vec<Press>),
}

/// What was done.
#[derive(Clone, Debug, Default)]
pub(super) struct Done {
    /// The last entry that it led to; 0 when the log did not change.
    pub(super) seq: model::Seq,
    /// Whether anything is otherwise than before.
    pub(super) is_changed: bool,
    /// What could not be done, each a sentence.
    pub(super) notes: Vec<String>,
    /// What takes it back.
    pub(super) back: Vec<Press>,
}

/// Does it, and waits until the page has it. Asking again under the same key changes nothing.
pub(super) async fn carry_out(
    site: &Site,
    event: &EventLive,
    who: &Who,
    key: &str,
    press: Press,
) -> Result<Done, Refusal> {
    let asks = asks(&press)?;
    let mut done = Done::default();
    for (n, ask) in asks.into_iter().enumerate() {
        let key = if n == 0 { key.to_owned() } else { format!("{key} {n}") };
        let author = if let Ask::Author(ask) = &ask { Some(ask.author.clone()) } else { None };
        let order = Order { ask, key, actor: who.actor.clone(), is_dry_run: false };
        let outcome = site.intake.ask(event.eid, order).await?;
        done.take(outcome, author);
    }
    follows(event, done.seq).await;
    if done.is_changed {
        note(site, event, who, &press, &done);
    }
    Ok(done)
}

impl Done {
    fn take(&mut self, outcome: Outcome, author: Option<String>) {
        self.seq = self.seq.max(outcome.seq);
        self.is_changed |= !outcome.is_old;
        self.notes.extend(outcome.notes);
        self.back.extend(outcome.back.into_iter().map(|ask| Press::Posts(ask.decision, ask.ids)));
        let before = outcome.state.as_deref().and_then(standing);
        if let (Some(author), Some(standing), false) = (author, before, outcome.is_old) {
            self.back.push(Press::Author(SetAuthor { author, standing }));
        }
    }
}

/// The orders of a press, each of a size that the nozzle takes.
fn asks(press: &Press) -> Result<Vec<Ask>, Refusal> {
    match press {
        Press::Posts(decision, ids) => {
            if ids.is_empty() || ids.len() > POSTS_MAX {
                return Err(Refusal::Bad(format!("Choose 1 to {POSTS_MAX} posts.")));
            }
            let ask = |ids: &[ItemId]| Ask::Moderate(Moderate { ids: ids.to_vec(), decision: *decision });
            Ok(ids.chunks(MODERATE_ITEMS_MAX).map(ask).collect())
        }
        Press::Author(ask) => Ok(vec![Ask::Author(ask.clone())]),
        Press::Back(presses) => {
            let all: Result<Vec<Vec<Ask>>, Refusal> = presses.iter().map(asks).collect();
            Ok(all?.into_iter().flatten().collect())
        }
    }
}

/// The line of the audit log.
fn note(site: &Site, event: &EventLive, who: &Who, press: &Press, done: &Done) {
    let what = match press {
        Press::Posts(decision, ids) => {
            let object =
                if let [one] = ids[..] { one.to_string() } else { count(ids.len() as u64, "post", "posts") };
            let posts = count(ids.len() as u64, "post", "posts");
            What::new(decision.name(), &object, format!("{posts} {}.", self::done(*decision)))
        }
        Press::Author(ask) => {
            What::new("author", &ask.author, format!("An author is now: {}.", words(ask.standing)))
        }
        Press::Back(_) => What::new("undo", "moderation", "Took a decision about posts back."),
    };
    let orders = done.back.iter().flat_map(|press| asks(press).unwrap_or_default());
    let orders: Vec<(String, serde_json::Value)> = orders
        .filter_map(|ask| {
            let body = match &ask {
                Ask::Moderate(ask) => serde_json::to_value(ask).ok()?,
                Ask::Author(ask) => serde_json::to_value(ask).ok()?,
                _ => return None,
            };
            Some((ask.verb().to_owned(), body))
        })
        .collect();
    site.audit(who, Some(event.eid), what, (!orders.is_empty()).then_some(Undo::Orders(orders)));
}

/// What was done to a post, to stand behind "3 posts".
pub(super) fn done(decision: Judgement) -> &'static str {
    match decision {
        Judgement::Show => "shown",
        Judgement::Hide => "hidden",
        Judgement::Hold => "put back to wait",
        Judgement::Cover => "covered",
        Judgement::Uncover => "uncovered",
        Judgement::Keep => "left as they are",
        Judgement::Reopen => "reported again",
    }
}

/// What holds for an author, as people read it.
pub(super) fn words(standing: AuthorStanding) -> &'static str {
    match standing {
        AuthorStanding::None => "neither trusted nor blocked",
        AuthorStanding::Trusted => "trusted",
        AuthorStanding::Blocked => "blocked",
        AuthorStanding::OptedOut => "opted out",
    }
}

pub(super) fn standing(name: &str) -> Option<AuthorStanding> {
    [AuthorStanding::None, AuthorStanding::Trusted, AuthorStanding::Blocked]
        .into_iter()
        .find(|standing| standing.name() == name)
}

/// `hold:k3f9q2m7xw4d,...;author blocked x:7`: a press as one word, for an address or a button. Names of authors are escaped.
pub(super) fn written(back: &[Press]) -> String {
    let ids = |ids: &[ItemId]| ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    let part = |press: &Press| match press {
        Press::Posts(decision, all) => vec![format!("{}:{}", decision.name(), ids(all))],
        Press::Author(ask) => {
            let name: String = url::form_urlencoded::byte_serialize(ask.author.as_bytes()).collect();
            vec![format!("author {}:{name}", ask.standing.name())]
        }
        Press::Back(all) => vec![written(all)],
    };
    back.iter().flat_map(part).collect::<Vec<_>>().join(";")
}

/// Reads what takes a press back; none for what is nothing of the kind.
pub(super) fn read(text: &str) -> Option<Press> {
    let mut all = Vec::new();
    for part in text.split(';') {
        let (what, whom) = part.split_once(':')?;
        if let Some(name) = what.strip_prefix("author ") {
            let author = url::form_urlencoded::parse(whom.as_bytes()).next()?.0.into_owned();
            all.push(Press::Author(SetAuthor { author, standing: standing(name)? }));
            continue;
        }
        let decision = Judgement::ALL.into_iter().find(|known| known.name() == what)?;
        let ids: Vec<ItemId> = whom.split(',').map(str::parse).collect::<Result<_, _>>().ok()?;
        all.push(Press::Posts(decision, ids));
    }
    (!all.is_empty()).then_some(Press::Back(all))
}

/// Status and name of a refusal, and the sentence for the one who asked.
pub(super) fn told(refusal: &Refusal) -> (StatusCode, &'static str, String) {
    let nothing = "Nothing was changed.";
    match refusal {
        Refusal::Bad(why) => (StatusCode::BAD_REQUEST, "bad_request", why.clone()),
        Refusal::Unknown(why) => (StatusCode::NOT_FOUND, "not_found", format!("{why} {nothing}")),
        Refusal::Conflict { why, .. } => (StatusCode::CONFLICT, "conflict", format!("{why} {nothing}")),
        Refusal::Forbidden(why) => (StatusCode::FORBIDDEN, "forbidden", format!("{why} {nothing}")),
        Refusal::Slow { why, .. } => (StatusCode::TOO_MANY_REQUESTS, "slow", format!("{why} {nothing}")),
        Refusal::Later { why, .. } => {
            tracing::warn!(%why, "posts cannot be moderated just now");
            let why = "The part that keeps the log does not answer just now. Try again in a moment: doing it twice does no harm.";
            (StatusCode::SERVICE_UNAVAILABLE, "later", why.to_owned())
        }
        other => {
            tracing::error!(why = %other, "a decision about posts could not be stored");
            let why = "This could not be stored. The fault is ours, and it is in our log.";
            (StatusCode::INTERNAL_SERVER_ERROR, "failed", why.to_owned())
        }
    }
}

/// What is said while the nozzle has not opened the event.
pub(super) const NOT_OPEN: &str =
    "The part that keeps the log has not opened this event yet, so there is nothing to decide about.";

/// What waits cannot be read.
pub(super) fn away(refusal: &Refusal) -> Failure {
    tracing::warn!(why = %refusal, "what waits for moderators cannot be read");
    Failure::Starting
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Uid;

    #[test]
    fn what_takes_a_press_back_survives_the_way_through_an_address() {
        let id = |n: &str| Uid::new("x", n).id();
        let author =
            SetAuthor { author: "mastodon:https://a.example/@a;b:c".into(), standing: AuthorStanding::None };
        let back = vec![
            Press::Posts(Judgement::Hold, vec![id("1"), id("2")]),
            Press::Posts(Judgement::Reopen, vec![id("3")]),
            Press::Author(author),
        ];
        assert_eq!(read(&written(&back)), Some(Press::Back(back)));
        for nothing in ["", ";", "hold:", "hold:no-id", "burn:k3f9q2m7xw4d", "author opted_out:x%3A1"] {
            assert_eq!(read(nothing), None, "{nothing:?}");
        }
    }
}
