//! `/healthz`, `/readyz` and `/metrics`, the same on every daemon.

use ::http::{StatusCode, header};
use axum::{
    Json, Router,
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::json;

use crate::{Readiness, Shutdown, http};

/// The name under which a listener for health and metrics of one instance is handed down.
pub const LISTENER: &str = "ops";

/// The routes. They tell no secret, but belong on an inner listener or behind the proxy: `/metrics` shows traffic.
pub fn router(role: &'static str, readiness: Readiness) -> Router {
    Router::new()
        .route("/healthz", get(move || async move { uncached(Json(json!({"alive": true, "role": role}))) }))
        .route("/readyz", get(move || async move { ready(&readiness) }))
        .route("/metrics", get(metrics))
}

/// Serves the routes on the listener that whoever started this process has opened for this very instance, if it did: several may share
/// the one that clients use.
pub async fn serve(readiness: Readiness, shutdown: Shutdown) {
    match http::handed(LISTENER) {
        Some(Ok(listener)) => {
            http::serve(listener, router("instance", readiness), http::Limits::default(), shutdown).await;
        }
        Some(Err(error)) => tracing::warn!(%error, "health and metrics of this instance are not served"),
        None => {}
    }
}

/// 200 when every part is ready, else 503 with the reasons.
fn ready(readiness: &Readiness) -> Response {
    let parts = readiness.parts();
    let is_ready = parts.values().all(Option::is_none);
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, uncached(Json(json!({"ready": is_ready, "parts": parts})))).into_response()
}

async fn metrics() -> Response {
    let text = crate::metrics::render();
    uncached(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text))
}

fn uncached(answer: impl IntoResponse) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], answer).into_response()
}
