//! Flickr's REST API: `photos.search`, `photos.getInfo`, the list of licences, in JSON, in JSON wrapped for a script, and in
//! XML; failures come with HTTP 200.
//!
//! Faults that speak of a stream's messages count searches here. `garbage_every`: a body that is none; `oversize_every`: one
//! without end; `drop_every`: half a body; `stall_every`: an answer that is late; `split_chunks`: the body comes in drops;
//! `duplicates_percent`: a page comes again in the place of the next; `late_percent`: photos that three searches do not find
//! yet. `rest_statuses` below 400 are Flickr's own codes of failure.

mod form;
mod render;
mod search;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::deliver::CHUNKS_MAX;
use crate::http::{self as web, Answer, Query, Request};
use crate::ids::Dice;
use crate::limits::{RateLimit, ResetForm};
use crate::post::Visibility;
use crate::server::World;
use form::Form;

/// Pieces of a body that comes in drops, in bytes.
const DROP_BYTES: usize = 512;
/// Time between two drops.
const DROP_EVERY: Duration = Duration::from_millis(1);

pub(crate) struct Api {
    world: Arc<World>,
    limit: RateLimit,
    searches: AtomicU64,
    dice: Mutex<Dice>,
    /// Searches that did not find a photo yet, by its id.
    late: Mutex<HashMap<String, u32>>,
}

/// A failure as Flickr names it.
struct Fail(u16, String);

impl Api {
    pub(crate) fn new(world: Arc<World>) -> Self {
        let limit = RateLimit::new(world.calls_max, 3600, ResetForm::Unix);
        let dice = Mutex::new(Dice::new(world.faults.faults.seed));
        Self { world, limit, searches: AtomicU64::new(0), dice, late: Mutex::default() }
    }

    pub(crate) async fn answer(&self, request: &Request) -> Answer {
        if request.path.trim_end_matches('/') != "/services/rest" {
            return web::text(404, "text/html", "<html><body>Page not found</body></html>".into());
        }
        // Parameters may come in the body as well.
        let query = request.query.clone().join(Query::parse(&request.body));
        if !self.limit.count().0 {
            return self.refusal(429);
        }
        let form = Form::of(&query);
        if let Some(status) = self.world.faults.refuse_rest() {
            return if status >= 400 { self.refusal(status) } else { form.fail(&Fail::of(status)) };
        }
        if let Some(key) = &self.world.token
            && query.get("api_key") != Some(key)
        {
            return form.fail(&Fail(100, "Invalid API Key (Key has invalid format)".into()));
        }
        let document = match query.get("method").unwrap_or_default() {
            _ if form == Form::Unknown => Err(Fail(111, "Format not found".into())),
            "flickr.photos.search" => search::run(self, &query),
            "flickr.photos.getInfo" => self.info(&query),
            "flickr.photos.licenses.getInfo" => Ok(render::licences()),
            other => Err(Fail(112, format!("Method \"{other}\" not found"))),
        };
        let is_search = query.get("method") == Some("flickr.photos.search");
        match document {
            Err(fail) => form.fail(&fail),
            Ok(document) if is_search => self.spoiled(&form, form.body(&document)).await,
            Ok(document) => form.answer(form.body(&document)),
        }
    }

    fn info(&self, query: &Query) -> Result<Value, Fail> {
        let found = query.get("photo_id").and_then(|id| self.world.store.find(id));
        let post = found.ok_or(Fail(1, "Photo not found".into()))?;
        if post.visibility == Visibility::Private {
            return Err(Fail(2, "Permission denied".into()));
        }
        Ok(json!({"photo": render::info(&post), "stat": "ok"}))
    }

    fn refusal(&self, status: u16) -> Answer {
        let answer = web::text(status, "text/html", format!("<html><body>{status}</body></html>"));
        if status != 429 {
            return answer;
        }
        let seconds = HeaderValue::from(self.world.faults.faults.reset_seconds);
        web::with_headers(answer, HeaderMap::from_iter([(header::RETRY_AFTER, seconds)]))
    }

    /// The answer to a search, as the faults let it arrive.
    async fn spoiled(&self, form: &Form, body: String) -> Answer {
        let faults = &self.world.faults.faults;
        let number = self.searches.fetch_add(1, Ordering::Relaxed) + 1;
        let due = |every: u64| every > 0 && number.is_multiple_of(every);
        let journal = self.world.store.journal();
        if due(faults.stall_every) {
            journal.fault("stall");
            sleep(Duration::from_millis(faults.stall_ms)).await;
        }
        if due(faults.garbage_every) {
            journal.fault("garbage");
            let bodies = [
                "",
                "<html><body>Please stand by</body></html>",
                "{\"stat\":\"ok\",\"photos\":",
                "\u{0}\u{1}",
            ];
            return form.answer(bodies[number as usize % bodies.len()].to_owned());
        }
        if due(faults.oversize_every) {
            journal.fault("oversize");
            return form.answer(format!("{{\"stat\":\"{}\"}}", "x".repeat(faults.oversize_bytes)));
        }
        let is_cut = due(faults.drop_every);
        if is_cut {
            journal.fault("half a body");
        }
        if is_cut || faults.split_chunks { self.in_drops(form, body, is_cut) } else { form.answer(body) }
    }

    fn in_drops(&self, form: &Form, body: String, is_cut: bool) -> Answer {
        let (chunks, answer) = mpsc::channel(CHUNKS_MAX);
        let whole = Bytes::from(body);
        let part = if is_cut { whole.slice(..whole.len() / 2) } else { whole };
        self.world.tasks.spawn(async move {
            for from in (0..part.len()).step_by(DROP_BYTES) {
                let drop = part.slice(from..part.len().min(from + DROP_BYTES));
                if chunks.send(Ok(drop)).await.is_err() {
                    return;
                }
                sleep(DROP_EVERY).await;
            }
            if is_cut {
                let _gone_already = chunks.send(Err(web::Broken)).await;
            }
        });
        web::streamed(form.content_type(), answer)
    }
}

impl Fail {
    /// The words that belong to a code.
    fn of(code: u16) -> Self {
        let words = match code {
            95 => "SSL is required",
            96 => "Invalid signature",
            97 => "Missing signature",
            98 => "Login failed / Invalid auth token",
            99 => "User not logged in / Insufficient permissions",
            100 => "Invalid API Key (Key not found)",
            105 => "Service currently unavailable",
            106 => "Write operation failed",
            116 => "Bad URL found",
            201 => "Sorry, the Flickr API service is not currently available.",
            _ => "Sorry, something went wrong",
        };
        Self(code, words.to_owned())
    }
}
