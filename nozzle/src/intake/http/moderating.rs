//! `GET /intake/{eid}/bench` and `/codes`: what moderators look at, and what removal codes are made with.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, header};
use serde_json::json;

use super::{Door, NotTaken, event_id};
use crate::intake::Look;

pub(super) async fn bench(
    State(door): State<Arc<Door>>,
    Path(eid): Path<String>,
    Query(look): Query<Look>,
    headers: HeaderMap,
) -> Response {
    let read = async {
        if !door.lets_in(&headers) {
            return Err(NotTaken::Stranger);
        }
        Ok(door.intake.bench(event_id(&eid)?, look).await?)
    };
    match read.await {
        Ok(bench) => axum::Json(bench).into_response(),
        Err(said) => said.into_response(),
    }
}

pub(super) async fn codes(
    State(door): State<Arc<Door>>,
    Path(eid): Path<String>,
    headers: HeaderMap,
) -> Response {
    let read = async {
        if !door.lets_in(&headers) {
            return Err(NotTaken::Stranger);
        }
        Ok(door.intake.codes(event_id(&eid)?).await?)
    };
    match read.await {
        Ok(codes) => ([(header::CACHE_CONTROL, "no-store")], axum::Json(json!({"secret": codes.secret()})))
            .into_response(),
        Err(said) => said.into_response(),
    }
}
