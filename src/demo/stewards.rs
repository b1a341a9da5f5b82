//! The stewards of the conference: they say on the product's own API what is really on, when its time has come, and the organisers import
//! the later version of the programme; the demo says what came of it. Each press has a name, so that a start that goes on presses all of them again and nothing is doubled.

use std::time::Duration;

use chassis::clock::Clock;
use chassis::{Secret, Shutdown};
use model::EventId;
use nozzle::intake::{Ask, HttpIntake};
use reqwest::Client;
use serde::Deserialize;
use serde_json::json;
use tokio::time::sleep;
use url::Url;

use super::course::{Press, Revision};
use super::progress;
use super::stage::SLUG;
use crate::event_file;

/// How often something is asked before it is given up, and what lies between.
const TRIES: usize = 40;
const AGAIN_AFTER: Duration = Duration::from_millis(500);
/// How long an answer may take.
const ANSWER_WAIT: Duration = Duration::from_secs(10);

/// See the module.
pub(crate) struct Stewards {
    pub(crate) presses: Vec<Press>,
    pub(crate) revision: Revision,
    /// The later version's text.
    pub(crate) later: String,
    /// Titles by code.
    pub(crate) titles: Vec<(String, String)>,
    pub(crate) intake: HttpIntake,
    pub(crate) eid: EventId,
    pub(crate) site: Url,
    /// The intake's token: what stewards hold.
    pub(crate) token: Secret<String>,
    pub(crate) clock: Clock,
}

#[derive(Deserialize)]
struct Talks {
    talks: Vec<Talk>,
}

#[derive(Deserialize)]
struct Talk {
    id: String,
    code: Option<String>,
}

#[derive(Deserialize)]
struct Pressed {
    moved: usize,
}

impl Stewards {
    /// Presses everything when its time has come, and tells of the later version once the product has it.
    pub(crate) async fn run(self, shutdown: Shutdown) {
        tokio::select! {
            () = async { tokio::join!(self.press_all(), self.publish()); } => {}
            () = shutdown.triggered() => {}
        }
    }

    async fn press_all(&self) {
        let client = client();
        let mut presses: Vec<(usize, &Press)> = self.presses.iter().enumerate().collect();
        presses.sort_by_key(|(_, press)| press.at);
        let begun = self.clock.now();
        for (n, press) in presses {
            self.clock.sleep_until(press.at).await;
            match self.press(&client, n, press).await {
                // What an earlier run has told is not told again.
                Some(moved) if press.at > begun => tell(press.tell, moved),
                Some(_) => {}
                None => {
                    tracing::warn!(press = n, "something that a steward of the demo pressed was not taken");
                }
            }
        }
    }

    /// Presses; how many posts were filed again.
    async fn press(&self, client: &Client, n: usize, press: &Press) -> Option<usize> {
        for _ in 0..TRIES {
            if let Some(moved) = self.try_press(client, n, press).await {
                return Some(moved);
            }
            sleep(AGAIN_AFTER).await;
        }
        None
    }

    async fn try_press(&self, client: &Client, n: usize, press: &Press) -> Option<usize> {
        let talks = self.talks(client).await?;
        let talk = match press.talk {
            None => None,
            Some(code) => Some(talks.iter().find(|talk| talk.code.as_deref() == Some(code))?.id.clone()),
        };
        let room = model::event::room_slug(press.room);
        let request = client
            .post(self.site.join(&format!("api/v1/events/{SLUG}/stage")).ok()?)
            .bearer_auth(self.token.expose())
            .header("idempotency-key", format!("marginalia-press-{n:04}"))
            .header("x-actor", format!("steward:{}", press.who))
            .json(&json!({"room": room, "talk": talk, "since": press.since}));
        let pressed: Pressed = request.send().await.ok()?.error_for_status().ok()?.json().await.ok()?;
        Some(pressed.moved)
    }

    async fn talks(&self, client: &Client) -> Option<Vec<Talk>> {
        let url = self.site.join(&format!("api/v1/events/{SLUG}/talks")).ok()?;
        let answer = client.get(url).send().await.ok()?.error_for_status().ok()?;
        Some(answer.json::<Talks>().await.ok()?.talks)
    }

    /// Imports the later version when it is published, as `perihelion schedule import` does. Who polls the programme learns of it, too.
    async fn publish(&self) {
        if self.clock.now() >= self.revision.at {
            return;
        }
        self.clock.sleep_until(self.revision.at).await;
        match event_file::ask(&self.intake, self.eid, Ask::Schedule(self.later.clone().into_bytes())).await {
            Ok(outcome) => tell(&self.changes(), outcome.moves.len()),
            Err(error) => tracing::warn!(%error, "the later version of the demo's programme was not taken"),
        }
    }

    /// What the later version changes, in words.
    fn changes(&self) -> String {
        let title = |code: &str| {
            self.titles.iter().find(|(known, _)| known == code).map_or(code, |(_, t)| t).to_owned()
        };
        let change = |(code, room): (&str, Option<&str>)| match room {
            Some(room) => format!("“{}” moves to the {room}", title(code)),
            None => format!("“{}” is called off", title(code)),
        };
        let changes: Vec<String> = self.revision.moves().map(change).collect();
        format!("The organisers publish version 1.3 of the programme: {}", changes.join(", "))
    }
}

fn client() -> Client {
    Client::builder().timeout(ANSWER_WAIT).no_proxy().build().unwrap_or_default()
}

fn tell(what: &str, moved: usize) {
    if what.is_empty() {
        return;
    }
    progress::say(&match moved {
        0 => format!("{what}."),
        1 => format!("{what}; 1 post was filed again."),
        n => format!("{what}; {n} posts were filed again."),
    });
}
