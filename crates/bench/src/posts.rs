//! Posts to measure with: as long, as tagged and as linked as those of a real conference, and all different.

use model::{Author, Micros, Network};
use nozzle::intake::Ask;
use nozzle::source::{Draft, Words};

const WORDS: [&str; 24] = [
    "the",
    "speaker",
    "just",
    "deleted",
    "forty",
    "thousand",
    "lines",
    "and",
    "nobody",
    "noticed",
    "which",
    "was",
    "plan",
    "questions",
    "from",
    "back",
    "row",
    "about",
    "queues",
    "coffee",
    "is",
    "better",
    "upstairs",
    "now",
];
const TALKS: i64 = 16;

/// The event and its schedule: 16 talks of half an hour, in one room, around `now`.
pub(crate) fn setup(now: Micros) -> anyhow::Result<Vec<Ask>> {
    let event = "slug = \"bench\"\ntitle = \"Bench\"\nhashtags = [\"bench\"]\n[[room]]\nname = \"Hall\"\n";
    let begin = now.plus(-TALKS / 2 * 30 * Micros::MINUTE);
    let talks: Vec<serde_json::Value> = (0..TALKS)
        .map(|n| {
            let start = begin.plus(n * 30 * Micros::MINUTE).timestamp();
            serde_json::json!({
                "id": n, "guid": format!("00000000-0000-4000-8000-{n:012}"), "date": start.to_string(), "start": "09:00",
                "duration": "00:30", "room": "Hall", "title": format!("Talk number {n}"),
                "persons": [{"public_name": format!("Speaker {n}")}],
            })
        })
        .collect();
    let day = serde_json::json!({"index": 1, "date": "2026-01-01", "rooms": {"Hall": talks}});
    let schedule =
        serde_json::json!({"schedule": {"version": "1", "conference": {"title": "Bench", "days": [day]}}});
    Ok(vec![Ask::Event(event.to_owned()), Ask::Schedule(serde_json::to_vec(&schedule)?)])
}

/// Different posts, said within the last minutes before `now`.
pub(crate) fn drafts(count: usize, now: Micros) -> Vec<Draft> {
    (0..count).map(|n| draft(n, now)).collect()
}

fn draft(n: usize, now: Micros) -> Draft {
    let words: Vec<&str> = (0..18).map(|i| WORDS[(n * 7 + i * (n % 5 + 1)) % WORDS.len()]).collect();
    let who = n % 400;
    let text = format!("{} {n} https://notes.example/{n} #bench", words.join(" "));
    let native = format!("https://social.example/users/person{who}/statuses/{n}");
    Draft {
        url: Some(native.clone()),
        network_time: Some(now.plus(-((n % 240) as i64) * Micros::SECOND)),
        author: Author {
            id: who.to_string(),
            name: format!("Person {who}"),
            handle: format!("@person{who}@social.example"),
            url: Some(format!("https://social.example/@person{who}")),
            avatar: None,
        },
        words: Words::Text(text),
        lang: Some("en".to_owned()),
        aliases: vec![format!("mastodon@social.example:{n}")],
        ..Draft::new(Network::Mastodon, &native)
    }
}
