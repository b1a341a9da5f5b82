//! X API v2: rules, filtered stream, recent search, lookup.

mod render;
mod rulebook;
mod search;
mod stream;

use std::net::TcpStream;
use std::sync::Arc;

use http::Method;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::sync::{Semaphore, mpsc};

use crate::deliver::{CHUNKS_MAX, Delivery};
use crate::http::{self as web, Answer, Request};
use crate::limits::{self, RateLimit, ResetForm};
use crate::server::World;
use render::Fields;
use rulebook::Rulebook;

pub(crate) struct Api {
    world: Arc<World>,
    rules: Arc<Rulebook>,
    limit: RateLimit,
    /// One standing connection.
    connection: Arc<Semaphore>,
}

impl Api {
    pub(crate) fn new(world: Arc<World>) -> Self {
        let limit = RateLimit::new(world.calls_max, 900, ResetForm::Unix);
        Self { world, rules: Arc::default(), limit, connection: Arc::new(Semaphore::new(1)) }
    }

    pub(crate) fn answer(&self, request: &Request, socket: Arc<TcpStream>) -> Answer {
        if let Some(wanted) = &self.world.token
            && request.bearer() != Some(wanted)
        {
            return unauthorized();
        }
        match (&request.method, request.path.as_str()) {
            (&Method::GET, "/2/tweets/search/stream") => self.stream(request, socket),
            (&Method::GET, "/2/tweets/search/stream/rules") => {
                self.limited(false, || self.rules.list(request))
            }
            (&Method::POST, "/2/tweets/search/stream/rules") => {
                self.limited(false, || self.rules.change(request))
            }
            (&Method::GET, "/2/tweets/search/recent") => {
                self.limited(true, || search::recent(&self.world, request))
            }
            (&Method::GET, "/2/tweets") => self.limited(true, || search::lookup(&self.world, request)),
            _ => problem(404, "Not Found", "Not Found", "about:blank"),
        }
    }

    fn limited(&self, is_posts: bool, answer: impl FnOnce() -> Answer) -> Answer {
        let (is_within, headers) = self.limit.count();
        if !is_within {
            return web::with_headers(too_many(), headers);
        }
        match self.world.faults.refuse_rest().filter(|_| is_posts) {
            Some(status) => self.refusal(status),
            None => web::with_headers(answer(), headers),
        }
    }

    fn refusal(&self, status: u16) -> Answer {
        match status {
            429 => {
                let seconds = i64::from(self.world.faults.faults.reset_seconds);
                let reset = Timestamp::now() + SignedDuration::from_secs(seconds);
                web::with_headers(
                    too_many(),
                    limits::headers(self.world.calls_max, 0, reset, ResetForm::Unix),
                )
            }
            401 => unauthorized(),
            403 => problem(
                403,
                "Forbidden",
                "Your client app is not allowed",
                "https://api.x.com/2/problems/client-forbidden",
            ),
            _ => problem(status, "Service Unavailable", "Service Unavailable", "about:blank"),
        }
    }

    fn stream(&self, request: &Request, socket: Arc<TcpStream>) -> Answer {
        if let Some(status) = self.world.faults.refuse_stream() {
            return self.refusal(status);
        }
        if self.rules.is_empty() {
            let title = "Invalid Request";
            let detail = "You must define rules for this stream before connecting";
            return problem(409, title, detail, "https://api.x.com/2/problems/rule-configuration-issue");
        }
        let Ok(slot) = Arc::clone(&self.connection).try_acquire_owned() else {
            return self.too_many_connections();
        };
        let (chunks, body) = mpsc::channel(CHUNKS_MAX);
        let encoder = stream::Lines::new(&self.world, Arc::clone(&self.rules), Fields::of(&request.query));
        let (store, faults) = (Arc::clone(&self.world.store), Arc::clone(&self.world.faults));
        let ended = self.world.shutdown.clone();
        let reap = std::time::Duration::from_millis(faults.faults.reap_ms);
        self.world.tasks.spawn(async move {
            Delivery { store, faults, encoder, socket, ended: ended.clone() }.run(chunks).await;
            // A connection that was left is noticed late: it keeps its slot.
            tokio::select! {
                () = tokio::time::sleep(reap) => {}
                () = ended.cancelled() => {}
            }
            drop(slot);
        });
        web::streamed("application/json; charset=utf-8", body)
    }

    fn too_many_connections(&self) -> Answer {
        let body = json!({
            "title": "ConnectionException",
            "detail": "This stream is currently at the maximum allowed connection limit.",
            "connection_issue": "TooManyConnections",
            "type": "https://api.x.com/2/problems/streaming-connection",
        });
        let reset = Timestamp::now() + SignedDuration::from_secs(900);
        web::with_headers(web::json(429, &body), limits::headers(50, 40, reset, ResetForm::Unix))
    }
}

fn problem(status: u16, title: &str, detail: &str, kind: &str) -> Answer {
    web::json(status, &json!({"title": title, "detail": detail, "type": kind, "status": status}))
}

fn invalid(parameter: &str, value: &str, message: &str) -> Answer {
    let errors = json!([{"parameters": {parameter: [value]}, "message": message}]);
    let body: Value = json!({
        "errors": errors, "title": "Invalid Request", "detail": "One or more parameters to your request was invalid.",
        "type": "https://api.x.com/2/problems/invalid-request",
    });
    web::json(400, &body)
}

fn unauthorized() -> Answer {
    problem(401, "Unauthorized", "Unauthorized", "about:blank")
}

fn too_many() -> Answer {
    problem(429, "Too Many Requests", "Too Many Requests", "about:blank")
}
