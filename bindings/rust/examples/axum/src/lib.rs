// SPDX-License-Identifier: MIT
//! The front of ../backend on axum: `POST /enlarge` with a page answers the larger page. axum drops
//! a handler's future when the client closes its connection, which gives the page up.
use std::future::Future;
use std::io;
use std::net::TcpListener;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{self, DefaultBodyLimit};
use axum::http::header::{self, CONTENT_TYPE};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::Router;
use planche_backend::{Enlarge, Failure, Made, State, MAX_PAGE, RETRY_AFTER};

/// Serves until `end` is over and the answers in flight are sent.
pub async fn serve(
    listener: TcpListener,
    backend: Arc<dyn Enlarge>,
    end: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    axum::serve(listener, routes(backend))
        .with_graceful_shutdown(end)
        .await
}

fn routes(backend: Arc<dyn Enlarge>) -> Router {
    Router::new()
        .route("/enlarge", post(enlarge))
        .route("/healthz", get(|| async { "well\n" }))
        .layer(DefaultBodyLimit::max(MAX_PAGE))
        .with_state(State::new(backend))
}

async fn enlarge(extract::State(state): extract::State<Arc<State>>, page: Bytes) -> Response {
    let _room = match state.enter() {
        Ok(room) => room,
        Err(failure) => return refuse(failure),
    };
    response(state.backend.enlarge(page.to_vec()).await)
}

fn response(made: Made) -> Response {
    match made {
        Ok(reply) => ([(CONTENT_TYPE, reply.media_type)], reply.bytes).into_response(),
        Err(failure) => refuse(failure),
    }
}

fn refuse(failure: Failure) -> Response {
    let status = StatusCode::from_u16(failure.status()).unwrap_or(StatusCode::BAD_GATEWAY);
    let mut answer = (status, failure.to_string()).into_response();
    if matches!(failure, Failure::Busy(_)) {
        let headers = answer.headers_mut();
        headers.insert(header::RETRY_AFTER, RETRY_AFTER.into());
    }
    answer
}
