//! What the pages are about: one event whose talk has many posts, written into a ledger as the nozzle writes it.

use std::path::Path;

use chassis::clock::Clock;
use live::ledger::Ledger;
use model::event::Consent;
use model::{By, EventId, Filing, FilingState, ItemEntry, Kind, Micros, TalkId};
use nozzle::admit::{Arrival, admit};
use nozzle::source::{Draft, Words};

use crate::posts;

pub(crate) const SLUG: &str = "bench";
pub(crate) const TALK: &str = "t1";
/// Posts of the talk.
pub(crate) const POSTS: usize = 500;
/// What some of them say beyond one sentence, so that they are as long as posts of a conference are: some 250 characters on average.
const MORE: [&str; 3] = [
    "",
    " The part about back-pressure is what I will take home: a queue without a bound is a promise that nobody can keep.",
    "\n\nSlides are up already, and the recording follows tonight. If you sit in the back row like me: zoom in on page seventeen, it is \
     worth it. And somebody please ask what happens when the disk is full.",
];

/// Writes the event, its talk and the talk's posts; they were said over the last hour.
pub(crate) async fn write(data_dir: &Path) -> anyhow::Result<()> {
    let ledger = Ledger::open(data_dir, EventId::from_random(8)).await?;
    let now = Micros(Clock::real().now());
    let mut txn = ledger.begin().await?;
    for kind in beginning(now)? {
        txn.append(now, kind)?;
    }
    for (n, draft) in posts::drafts(POSTS, now).into_iter().enumerate() {
        let first = txn.next_seq();
        txn.append(now, post(n, draft, first, now)?)?;
    }
    txn.commit().await?;
    Ok(())
}

fn beginning(now: Micros) -> anyhow::Result<Vec<Kind>> {
    let (start, end) = (now.plus(-60 * Micros::MINUTE), now.plus(5 * Micros::MINUTE));
    let day = now.timestamp().strftime("%Y-%m-%d").to_string();
    let event = serde_json::from_value(serde_json::json!({
        "slug": SLUG, "title": "Bench", "timezone": "Europe/Berlin", "starts": day, "ends": day, "place": "Berlin",
        "hashtags": ["bench"], "onsite": "open", "rooms": [{"slug": "hall", "name": "Hall"}, {"slug": "side", "name": "Side room"}],
    }))?;
    let talk = |id: &str, room: &str, title: &str| -> anyhow::Result<Kind> {
        let talk = serde_json::from_value(serde_json::json!({
            "id": id, "title": title, "room": room, "day": day, "speakers": [{"name": "Sunniva Darr"}], "start": start, "end": end,
        }))?;
        Ok(Kind::Talk { talk: Box::new(talk) })
    };
    Ok(vec![
        Kind::Event { event: Box::new(event) },
        talk(TALK, "hall", "Forty thousand lines that nobody misses")?,
        talk("t2", "side", "Who else reads your cache?")?,
        Kind::Schedule(model::ScheduleEntry { version: "1".into(), ..model::ScheduleEntry::default() }),
    ])
}

fn post(n: usize, draft: Draft, first: u64, now: Micros) -> anyhow::Result<Kind> {
    let words = match &draft.words {
        Words::Text(text) => Words::Text(format!("{text}{}", MORE[n % MORE.len()])),
        _ => anyhow::bail!("posts to measure with are text"),
    };
    let said = now.plus(-((n as i64 * 7) % 3_600) * Micros::SECOND);
    let draft = Draft { words, network_time: Some(said), ..draft };
    let arrival = Arrival { source: "b", received: now, is_late: false, consent: Consent::Live };
    let item = admit(draft, arrival).map_err(|why| anyhow::anyhow!("{why}"))?.item;
    // A person's filing, which no rule undoes.
    let filing = Filing {
        talk: Some(TalkId(TALK.into())),
        room: Some("hall".into()),
        state: FilingState::Filed,
        score: 1.0,
        by: By::Person,
        reasons: vec!["Filed by hand.".into()],
    };
    Ok(Kind::Post(Box::new(ItemEntry { id: item.id(), first, voids: Vec::new(), item, filing })))
}
