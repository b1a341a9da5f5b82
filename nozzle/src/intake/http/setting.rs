//! The intake over HTTP for whoever sets an event up: the file that is in force, and sources that are tried.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use http_body_util::{BodyExt, Limited};

use super::{Door, NotTaken, event_id, json_body};
use crate::intake::BODY_BYTES_MAX;

/// Largest body that holds an event.toml as JSON writes it, in bytes.
pub(super) const JSON_BYTES_MAX: usize = 2 * BODY_BYTES_MAX;

pub(super) async fn settings(
    State(door): State<Arc<Door>>,
    Path(eid): Path<String>,
    headers: HeaderMap,
) -> Response {
    let read = async {
        if !door.lets_in(&headers) {
            return Err(NotTaken::Stranger);
        }
        Ok(door.intake.settings(event_id(&eid)?).await?)
    };
    match read.await {
        Ok(text) => axum::Json(text).into_response(),
        Err(said) => said.into_response(),
    }
}

pub(super) async fn probe(
    State(door): State<Arc<Door>>,
    Path(eid): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let tried = async {
        if !door.lets_in(&headers) {
            return Err(NotTaken::Stranger);
        }
        let body = Limited::new(body, JSON_BYTES_MAX).collect().await;
        let body = body.map_err(|_| NotTaken::TooLarge(JSON_BYTES_MAX))?;
        Ok(door.intake.probe(event_id(&eid)?, json_body(&body.to_bytes())?).await?)
    };
    match tried.await {
        Ok(probed) => axum::Json(probed).into_response(),
        Err(said) => said.into_response(),
    }
}
