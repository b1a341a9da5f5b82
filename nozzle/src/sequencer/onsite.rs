//! Posts written on the event's own page: who may write, how much, where it belongs; and taking one's own words back.
//! An order under a key that was answered before never comes here, so repeating it costs nothing.

use std::time::Duration;

use live::receipts::Way;
use live::state::{Arrival, ItemState};
use model::event::{Consent, EventFile, Moderation, Onsite, OnsiteLimits};
use model::filing::WrittenAt;
use model::{GoneBy, Network, TalkId, Uid};
use tokio::time::Instant;

use super::orders::Said;
use super::refile::Arrived;
use super::work::Work;
use crate::admit::{Admitted, Arrival as From, Rejection, admit};
use crate::intake::{Order, Outcome, Refusal, Say, SetLimit, Unsay};
use crate::onsite::{KIND, NAME_CHARS_MAX, PERSON, Pace, TEXT_CHARS_MAX, Wait, guest_name, source_name};
use crate::source::{Draft, Words};

/// Longest name of a person for whom numbers can be set, in bytes.
const PERSON_BYTES_MAX: usize = 64;

/// The uid of a post written on the page: the writer's key, so that a repeated request is the same post.
pub(super) fn say_uid(key: &str) -> Uid {
    Uid::new(Network::Onsite.name(), key)
}

/// The note that holds a person's own numbers.
fn limit_note(person: &str) -> String {
    format!("onsite.limit:{person}")
}

/// A post that is not taken, with the word under which it is counted.
type NotTaken = (&'static str, Refusal);

impl Work<'_> {
    pub(super) async fn say(&mut self, ask: &Say, order: &Order) -> Result<Said, live::Error> {
        let source = source_name(self.standing.settings.as_deref());
        self.counted(&source).received += 1;
        let taken = match self.may_say(ask, order).await? {
            Ok(()) => self.drafted(ask, order, &source),
            Err(not_taken) => Err(not_taken),
        };
        let admitted = match taken {
            Ok(admitted) => admitted,
            Err((reason, refusal)) => {
                *self.counted(&source).rejected.entry(reason.to_owned()).or_default() += 1;
                return Ok(Err(refusal));
            }
        };
        let id = admitted.item.id();
        let is_known = self.records.contains_key(&id);
        let is_held = self.is_held();
        self.accounted(&source, |work| work.post(&source, &admitted, is_held))?;
        let state = self.records.get(&id).map(|record| record.state.name());
        if is_known {
            // The answer to its key has been forgotten, the post has not.
            return Ok(Ok(Outcome::unchanged(Some(id.to_string()), state)));
        }
        if order.actor.role == PERSON {
            let limits = self.limits(&order.actor.name).await?;
            self.effects.wrote.entry(order.actor.name.clone()).or_insert((0, limits)).0 += 1;
        }
        let state = state.map(str::to_owned);
        Ok(Ok(Outcome { state, ..Outcome::committed(self.txn.next_seq() - 1, Some(id.to_string())) }))
    }

    /// Whether this post may be written here and now.
    async fn may_say(&mut self, ask: &Say, order: &Order) -> Result<Result<(), NotTaken>, live::Error> {
        if self.onsite() == Onsite::Off {
            let why = "Posts on the page are switched off for this event.".to_owned();
            return Ok(Err(("off", Refusal::Conflict { why, state: "off".to_owned() })));
        }
        if let Err(not_taken) = self.fits(ask) {
            return Ok(Err(not_taken));
        }
        if order.actor.role != PERSON {
            return Ok(Ok(()));
        }
        let limits = self.limits(&order.actor.name).await?;
        let pending = self.effects.wrote.get(&order.actor.name).map_or(0, |(posts, _)| *posts);
        Ok(match self.standing.buckets.wait(&order.actor.name, limits, pending, Instant::now()) {
            Wait::None => Ok(()),
            Wait::For(wait) => Err(("limit", slow(wait))),
            Wait::Ever => {
                let why = "You cannot write here just now; the organisers have set it so.".to_owned();
                Err(("barred", Refusal::Forbidden(why)))
            }
        })
    }

    fn fits(&self, ask: &Say) -> Result<(), NotTaken> {
        let long = |what: &str, max: usize, has: usize| {
            let why = format!("{what} may have {max} characters; this one has {has}.");
            Err(("too_long", Refusal::Bad(why)))
        };
        let (text, name) = (ask.text.chars().count(), ask.name.chars().count());
        if text > TEXT_CHARS_MAX {
            return long("A post", TEXT_CHARS_MAX, text);
        }
        if name > NAME_CHARS_MAX {
            return long("A name", NAME_CHARS_MAX, name);
        }
        let talk = ask.talk.as_ref().map_or(Ok(()), |talk: &TalkId| self.room_of(talk).map(drop));
        talk.and_then(|()| ask.room.as_ref().map_or(Ok(()), |room| self.has_room(room)))
            .map_err(|refusal| ("unknown_place", refusal))
    }

    fn drafted(&self, ask: &Say, order: &Order, source: &str) -> Result<Admitted, NotTaken> {
        let mut draft = Draft::new(Network::Onsite, &order.key);
        draft.words = Words::Text(ask.text.replace("\r\n", "\n"));
        draft.author.id = order.actor.to_string();
        draft.author.name.clone_from(&ask.name);
        draft.network_time = Some(self.now);
        let from = From { source, received: self.now, is_late: false, consent: Consent::default() };
        let mut admitted = admit(draft, from).map_err(|rejection| {
            let why = match rejection {
                Rejection::Empty => "There is nothing to read in it yet: write some words.".to_owned(),
                other => other.to_string(),
            };
            (rejection.reason(), Refusal::Bad(why))
        })?;
        let author = &mut admitted.item.author;
        if author.name.trim().is_empty() {
            author.name = guest_name(&author.id);
        }
        let at = WrittenAt { talk: ask.talk.clone(), room: ask.room.clone() };
        admitted.item.at = (at != WrittenAt::default()).then_some(at);
        // An answer to what this log never had stands alone.
        admitted.item.reply_to = ask.reply_to.filter(|id| self.records.contains_key(id));
        Ok(admitted)
    }

    fn onsite(&self) -> Onsite {
        self.standing.fold.event.as_ref().map(|event| event.onsite).unwrap_or_default()
    }

    /// Held by the event's setting, or by that of its source of this kind.
    fn is_held(&self) -> bool {
        let holds = |file: &EventFile| {
            file.sources.iter().any(|s| s.kind == KIND && s.moderation == Moderation::Hold)
        };
        self.onsite() == Onsite::Hold || self.standing.settings.as_deref().is_some_and(holds)
    }

    /// A person's numbers: their own where an organiser has set some, else the event's.
    async fn limits(&mut self, person: &str) -> Result<OnsiteLimits, live::Error> {
        let own = self.txn.note(&limit_note(person)).await?;
        let own: Pace = own.map_or(Ok(Pace::default()), |json| serde_json::from_str(&json))?;
        let settings = self.standing.settings.as_ref();
        Ok(own.or(settings.map(|file| file.onsite_limits).unwrap_or_default()))
    }

    pub(super) async fn limit(&mut self, ask: &SetLimit) -> Result<Said, live::Error> {
        let person = ask.person.strip_prefix("person:").unwrap_or(&ask.person);
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if person.is_empty() || person.len() > PERSON_BYTES_MAX || !person.chars().all(is_name) {
            let why =
                format!("{:?} is no person; `perihelion moderate list` shows who wrote what", ask.person);
            return Ok(Err(Refusal::bad(why)));
        }
        let own = Pace { burst: ask.burst, per_minute: ask.per_minute };
        if let Err(why) = own.or(OnsiteLimits::default()).check() {
            return Ok(Err(Refusal::bad(why)));
        }
        self.txn.set_note(&limit_note(person), &serde_json::to_string(&own)?).await?;
        let now = self.limits(person).await?;
        let note = match now.burst {
            0 => format!("{person} may not write"),
            burst => format!("{person} may write {burst} posts at once and {} more a minute", now.per_minute),
        };
        let mut outcome = Outcome::unchanged(Some(person.to_owned()), Some("limits"));
        outcome.notes.push(note);
        Ok(Ok(outcome))
    }

    pub(super) fn unsay(&mut self, ask: &Unsay, order: &Order) -> Result<Said, live::Error> {
        let id = Some(ask.id.to_string());
        let Some(record) = self.records.get(&ask.id) else {
            return Ok(Err(Refusal::Unknown(format!("There is no item {}.", ask.id))));
        };
        if record.state == ItemState::Removed {
            return Ok(Ok(Outcome::unchanged(id, Some(record.state.name()))));
        }
        let author = order.actor.to_string();
        let is_own = record
            .words
            .as_ref()
            .is_some_and(|words| words.item.network == Network::Onsite && words.item.author.id == author);
        if !is_own {
            let why =
                "Only who wrote a post can take it back, with the browser it was written in.".to_owned();
            return Ok(Err(Refusal::Forbidden(why)));
        }
        self.asked_by(Way::Page);
        Ok(Ok(match self.arrive(ask.id, Arrival::Delete { by: GoneBy::Author })? {
            Arrived::Entered(seq) => Outcome::committed(seq, id),
            _ => Outcome::unchanged(id, None),
        }))
    }
}

fn slow(wait: Duration) -> Refusal {
    let seconds = (wait.as_secs_f64().ceil() as u64).max(1);
    let time =
        if seconds > 120 { format!("{} minutes", seconds.div_ceil(60)) } else { format!("{seconds} s") };
    Refusal::Slow {
        why: format!("You can write again in {time}; your words are kept."),
        retry_seconds: seconds,
    }
}
