//! The other end of [`super::router`]: the intake of a nozzle in another process.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use chassis::Secret;
use http::StatusCode;
use live::follow::{Head, Line as Lineage};
use live::receipts::Receipt;
use live::{Line, Page};
use model::{Epoch, EventId, ItemId, Seq};
use reqwest::{Client, Response};
use serde::Deserialize;
use serde_json::value::RawValue;
use url::Url;

use crate::codes::Codes;

use super::{
    Ask, Bench, EventText, Intake, Look, Order, Outcome, Probe, Probed, ReceiptsAsked, Refusal,
    SourcesReport, Waiting,
};

/// Longest wait for a connection, and for an answer (the nozzle itself gives up after 10 s).
const CONNECT_WAIT: Duration = Duration::from_secs(2);
const ANSWER_WAIT: Duration = Duration::from_secs(15);
/// Largest answer that is read, in bytes: a page of lines.
const ANSWER_BYTES_MAX: usize = 64 << 20;
/// How long a patient caller goes on asking.
const PATIENCE: Duration = Duration::from_secs(45);

/// The intake of a nozzle in another process.
#[derive(Clone, Debug)]
pub struct HttpIntake {
    base: Url,
    token: Secret<String>,
    client: Client,
    is_patient: bool,
}

impl HttpIntake {
    /// For a nozzle that listens at `base` (`http://127.0.0.1:8082`).
    ///
    /// # Errors
    /// When no HTTP client can be set up (no TLS provider installed).
    pub fn new(base: Url, token: Secret<String>) -> Result<Self, Refusal> {
        let client = Client::builder()
            .connect_timeout(CONNECT_WAIT)
            .timeout(ANSWER_WAIT)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(|e| Refusal::Failed(e.to_string()))?;
        Ok(Self { base, token, client, is_patient: false })
    }

    /// Goes on asking for 45 s while the answer is "later", as a command does; a page answers at once.
    #[must_use]
    pub fn patient(mut self) -> Self {
        self.is_patient = true;
        self
    }

    fn address(&self, eid: EventId, last: &str) -> Result<Url, Refusal> {
        let path = format!("intake/{eid}/{last}");
        self.base
            .join(&path)
            .map_err(|e| Refusal::Failed(format!("the nozzle's address cannot be used: {e}")))
    }

    async fn ask_once(&self, eid: EventId, order: &Order) -> Result<Outcome, Refusal> {
        let mut url = self.address(eid, order.ask.verb())?;
        if order.is_dry_run {
            url.set_query(Some("dry_run=1"));
        }
        let request = self
            .client
            .post(url)
            .bearer_auth(self.token.expose())
            .header("Idempotency-Key", &order.key)
            .header("X-Actor", order.actor.to_string())
            .body(body(&order.ask)?);
        let response = request.send().await.map_err(unreachable)?;
        let is_old = response.status() == StatusCode::OK;
        let outcome: Outcome = serde_json::from_slice(&answered(response).await?).map_err(unreadable)?;
        Ok(Outcome { is_old, ..outcome })
    }
}

#[async_trait]
impl Intake for HttpIntake {
    async fn ask(&self, eid: EventId, order: Order) -> Result<Outcome, Refusal> {
        let began = tokio::time::Instant::now();
        loop {
            match self.ask_once(eid, &order).await {
                Err(Refusal::Later { retry_seconds, .. })
                    if self.is_patient && began.elapsed() < PATIENCE =>
                {
                    tokio::time::sleep(Duration::from_secs(retry_seconds.clamp(1, 10))).await;
                }
                said => return said,
            }
        }
    }

    async fn lines(&self, eid: EventId, after: Seq, max: usize) -> Result<Page, Refusal> {
        let mut url = self.address(eid, "lines")?;
        url.set_query(Some(&format!("after={after}&max={max}")));
        let response =
            self.client.get(url).bearer_auth(self.token.expose()).send().await.map_err(unreachable)?;
        let body = answered(response).await?;
        let answer: LinesAnswer<'_> = serde_json::from_slice(&body).map_err(unreadable)?;
        let head = Head { epoch: answer.epoch, base: answer.base, top: answer.top, line: answer.line };
        let lines = answer
            .lines
            .into_iter()
            .map(|raw| {
                let numbered: Numbered = serde_json::from_str(raw.get()).map_err(unreadable)?;
                Ok(Line { seq: numbered.seq, json: Bytes::copy_from_slice(raw.get().as_bytes()) })
            })
            .collect::<Result<_, Refusal>>()?;
        Ok(Page { head, after: answer.after, lines })
    }

    async fn held(&self, eid: EventId, after: Option<ItemId>, max: usize) -> Result<Vec<Waiting>, Refusal> {
        let mut url = self.address(eid, "held")?;
        let after = after.map_or_else(String::new, |id| id.to_string());
        url.set_query(Some(&format!("after={after}&max={max}")));
        let response =
            self.client.get(url).bearer_auth(self.token.expose()).send().await.map_err(unreachable)?;
        serde_json::from_slice(&answered(response).await?).map_err(unreadable)
    }

    async fn receipts(&self, eid: EventId, asked: &ReceiptsAsked) -> Result<Vec<Receipt>, Refusal> {
        let url = self.address(eid, "receipts")?;
        let request = self.client.get(url).query(asked).bearer_auth(self.token.expose());
        let response = request.send().await.map_err(unreachable)?;
        serde_json::from_slice(&answered(response).await?).map_err(unreadable)
    }

    async fn bench(&self, eid: EventId, look: Look) -> Result<Bench, Refusal> {
        let mut url = self.address(eid, "bench")?;
        let fields = [("author", look.author), ("rule", look.rule)];
        let numbers =
            [("after", look.after.map(|n| n.to_string())), ("max", look.max.map(|n| n.to_string()))];
        url.query_pairs_mut().append_pair("tab", look.tab.name());
        for (name, value) in fields.into_iter().chain(numbers) {
            if let Some(value) = value {
                url.query_pairs_mut().append_pair(name, &value);
            }
        }
        let response =
            self.client.get(url).bearer_auth(self.token.expose()).send().await.map_err(unreachable)?;
        serde_json::from_slice(&answered(response).await?).map_err(unreadable)
    }

    async fn codes(&self, eid: EventId) -> Result<Codes, Refusal> {
        let url = self.address(eid, "codes")?;
        let response =
            self.client.get(url).bearer_auth(self.token.expose()).send().await.map_err(unreachable)?;
        let told: CodesAnswer = serde_json::from_slice(&answered(response).await?).map_err(unreadable)?;
        Ok(Codes::new(told.secret))
    }

    async fn sources(&self, eid: EventId) -> Result<SourcesReport, Refusal> {
        let url = self.address(eid, "sources")?;
        let response =
            self.client.get(url).bearer_auth(self.token.expose()).send().await.map_err(unreachable)?;
        serde_json::from_slice(&answered(response).await?).map_err(unreadable)
    }

    async fn settings(&self, eid: EventId) -> Result<EventText, Refusal> {
        let url = self.address(eid, "settings")?;
        let response =
            self.client.get(url).bearer_auth(self.token.expose()).send().await.map_err(unreachable)?;
        serde_json::from_slice(&answered(response).await?).map_err(unreadable)
    }

    async fn probe(&self, eid: EventId, probe: Probe) -> Result<Probed, Refusal> {
        let url = self.address(eid, "probe")?;
        let body = serde_json::to_vec(&probe).map_err(|e| Refusal::Failed(e.to_string()))?;
        let request = self.client.post(url).bearer_auth(self.token.expose()).body(body);
        let response = request.send().await.map_err(unreachable)?;
        serde_json::from_slice(&answered(response).await?).map_err(unreadable)
    }
}

#[derive(Deserialize)]
struct LinesAnswer<'a> {
    epoch: Epoch,
    base: Seq,
    top: Seq,
    line: Lineage,
    after: Seq,
    #[serde(borrow)]
    lines: Vec<&'a RawValue>,
}

/// What `GET .../codes` answers.
#[derive(Deserialize)]
struct CodesAnswer {
    secret: String,
}

#[derive(Deserialize)]
struct Numbered {
    seq: Seq,
}

#[derive(Deserialize)]
struct ErrorAnswer {
    message: String,
    #[serde(default)]
    state: String,
}

/// What is asked for, as it is sent.
pub(crate) fn body(ask: &Ask) -> Result<Vec<u8>, Refusal> {
    let json = match ask {
        Ask::Say(say) => serde_json::to_vec(say),
        Ask::Unsay(unsay) => serde_json::to_vec(unsay),
        Ask::Limit(limit) => serde_json::to_vec(limit),
        Ask::Decide(decide) => serde_json::to_vec(decide),
        Ask::File(file) => serde_json::to_vec(file),
        Ask::Stage(stage) => serde_json::to_vec(stage),
        Ask::Notice(notice) => serde_json::to_vec(notice),
        Ask::Wall(wall) => serde_json::to_vec(wall),
        Ask::Edit(edit) => serde_json::to_vec(edit),
        Ask::Moderate(moderate) => serde_json::to_vec(moderate),
        Ask::Author(author) => serde_json::to_vec(author),
        Ask::Report(report) => serde_json::to_vec(report),
        Ask::Life(life) => serde_json::to_vec(life),
        Ask::Schedule(file) | Ask::Handles(file) => return Ok(file.clone()),
        Ask::Event(text) => return Ok(text.clone().into_bytes()),
    };
    json.map_err(|e| Refusal::Failed(e.to_string()))
}

async fn answered(mut response: Response) -> Result<Vec<u8>, Refusal> {
    let status = response.status();
    let wait = response.headers().get("retry-after").and_then(|v| v.to_str().ok()?.parse().ok());
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        if body.len() + chunk.len() > ANSWER_BYTES_MAX {
            return Err(Refusal::Failed("the nozzle's answer is too long".to_owned()));
        }
        body.extend_from_slice(&chunk);
    }
    if status.is_success() {
        return Ok(body);
    }
    let error: ErrorAnswer = serde_json::from_slice(&body)
        .unwrap_or(ErrorAnswer { message: format!("the nozzle answered {status}"), state: String::new() });
    Err(match status {
        StatusCode::NOT_FOUND => Refusal::Unknown(error.message),
        StatusCode::FORBIDDEN => Refusal::Forbidden(error.message),
        StatusCode::TOO_MANY_REQUESTS => {
            Refusal::Slow { why: error.message, retry_seconds: wait.unwrap_or(2) }
        }
        StatusCode::CONFLICT => Refusal::Conflict { why: error.message, state: error.state },
        StatusCode::UNPROCESSABLE_ENTITY => Refusal::Reused(error.message),
        StatusCode::SERVICE_UNAVAILABLE => {
            Refusal::Later { why: error.message, retry_seconds: wait.unwrap_or(2) }
        }
        s if s.is_client_error() => Refusal::Bad(error.message),
        _ => Refusal::Failed(error.message),
    })
}

fn unreachable(e: reqwest::Error) -> Refusal {
    // Its address is ours, not the stranger's, and holds no secret; the error's own text may repeat it twice.
    Refusal::later(format!("the nozzle cannot be reached: {}", e.without_url()))
}

fn unreadable(e: serde_json::Error) -> Refusal {
    Refusal::Failed(format!("the nozzle's answer cannot be read: {e}"))
}
