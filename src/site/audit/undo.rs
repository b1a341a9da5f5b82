//! What takes something back: orders for the nozzle, or a change of people. Kept as JSON in the audit log, read again when somebody presses.

use crate::site::{
    Site,
    door::Who,
    failure::Failure,
    follow::EventLive,
    people::{may_account, may_role},
    post_box::follows,
};
use archive::people::{Change, Done, PersonId};
use model::EventId;
use nozzle::intake::{Order, Refusal, parse_ask};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The order that takes something back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::site) enum Undo {
    /// Orders for the nozzle, one after the other: verb and body, as the intake takes them.
    Orders(Vec<(String, Value)>),
    /// Somebody's role at an event (none: at all events) as it was; none: they had none.
    Role {
        /// Whose.
        person: String,
        /// Where.
        event: Option<String>,
        /// What it was.
        role: Option<String>,
    },
    /// Lets somebody in again who was shut out.
    Enable {
        /// Whom.
        person: String,
    },
}

impl Undo {
    /// One order for the nozzle: `Undo::order("wall", &SetWall { .. })`. None for a body that is no JSON.
    pub(in crate::site) fn order(verb: &str, body: &impl Serialize) -> Option<Self> {
        let body = serde_json::to_value(body).ok()?;
        Some(Self::Orders(vec![(verb.to_owned(), body)]))
    }

    pub(super) fn written(&self) -> Option<String> {
        serde_json::to_string(self).ok()
    }

    /// Does it, for the line `n` of the log; what was not done is said in a sentence.
    pub(super) async fn carry_out(
        self,
        site: &Site,
        who: &Who,
        event: Option<&EventLive>,
        n: i64,
    ) -> Result<Result<(), String>, Failure> {
        let change = match self {
            Self::Orders(orders) => {
                let Some(event) = event else {
                    return Ok(Err("That event is not here any more.".to_owned()));
                };
                return Ok(ask(site, who, event, n, orders).await.map_err(|refusal| refusal.to_string()));
            }
            Self::Role { person, event, role } => {
                let at = event.map(|event| event.parse::<EventId>()).transpose();
                let role = role.map(|role| role.parse()).transpose();
                let (Ok(at), Ok(role)) = (at, role) else { return Ok(Err("It cannot be read.".to_owned())) };
                Change::Grant(PersonId(person), at, role)
            }
            Self::Enable { person } => Change::Disable(PersonId(person), None),
        };
        if !may_change(site, who, event.map(|event| event.eid), &change).await? {
            return Ok(Err(
                "They have to do with other events as well: that is an owner’s to take back.".to_owned()
            ));
        }
        Ok(match site.door.memory.change(change).await? {
            Done::Yes => Ok(()),
            Done::LastOwner => Err("That would leave nobody who owns this site.".to_owned()),
            _ => Err("It is not so any more.".to_owned()),
        })
    }
}

/// Whoever organises one event takes back what was done to somebody only where they might have done it.
async fn may_change(site: &Site, who: &Who, at: Option<EventId>, change: &Change) -> Result<bool, Failure> {
    let (Change::Grant(id, ..) | Change::Disable(id, _)) = change else { return Ok(false) };
    let account = site.door.memory.people().account(id).await.map_err(|_| Failure::DoorAway)?;
    Ok(account.is_some_and(|account| match change {
        Change::Grant(..) => may_role(who, at, &account),
        _ => may_account(who, at, &account),
    }))
}

async fn ask(
    site: &Site,
    who: &Who,
    event: &EventLive,
    n: i64,
    orders: Vec<(String, Value)>,
) -> Result<(), Refusal> {
    for (at, (verb, body)) in orders.into_iter().enumerate() {
        let ask = parse_ask(&verb, body.to_string().as_bytes())?;
        // Pressing twice is the same press.
        let order = Order { ask, key: format!("undo-{n}-{at}"), actor: who.actor.clone(), is_dry_run: false };
        let outcome = site.intake.ask(event.eid, order).await?;
        follows(event, outcome.seq).await;
    }
    Ok(())
}
