// SPDX-License-Identifier: MIT
//! The back end of ../backend on axum: POST a page to /enlarge. axum drops a handler's future when
//! the client closes its connection, which gives the page up.
//!
//! cargo run --release -- library | stdio PROGRAM... | socket PATH
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::Router;
use planche_backend::{Enlarge, Failure};

const MAX_PAGE: usize = 64 << 20;

async fn enlarge(State(backend): State<Arc<dyn Enlarge>>, page: Bytes) -> Response {
    match backend.enlarge(page.to_vec()).await {
        Ok(reply) => ([(CONTENT_TYPE, reply.media_type)], reply.bytes).into_response(),
        Err(Failure::Page(text)) => (StatusCode::UNPROCESSABLE_ENTITY, text).into_response(),
        Err(Failure::Busy(text)) => {
            (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "1")], text).into_response()
        }
        Err(Failure::Broken(text)) => (StatusCode::BAD_GATEWAY, text).into_response(),
    }
}

type Failed = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let app = Router::new()
        .route("/enlarge", post(enlarge))
        .route("/healthz", get(|| async { "well" }))
        .layer(DefaultBodyLimit::max(MAX_PAGE))
        .with_state(planche_backend::from_arguments(&arguments)?);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8378").await?;
    let end = async {
        let _ = tokio::signal::ctrl_c().await;
    };
    axum::serve(listener, app).with_graceful_shutdown(end).await?;
    Ok(())
}
