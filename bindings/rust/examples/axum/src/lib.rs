// SPDX-License-Identifier: MIT
//! The front of ../backend on axum: `POST /enlarge` with a page answers the larger page. axum drops
//! a handler's future when the client closes its connection, which gives the page up.
use std::future::Future;
use std::io;
use std::net::TcpListener;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::Router;
use planche_backend::{Enlarge, Failure, Made};
use tokio::sync::Semaphore;

/// Largest page that is taken, in bytes.
const MAX_PAGE: usize = 64 << 20;
/// Most pages in flight, those that wait included; more get 503.
pub const MAX_IN_FLIGHT: usize = 256;

struct Front {
    backend: Arc<dyn Enlarge>,
    in_flight: Semaphore,
}

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
    let in_flight = Semaphore::new(MAX_IN_FLIGHT);
    Router::new()
        .route("/enlarge", post(enlarge))
        .route("/healthz", get(|| async { "well\n" }))
        .layer(DefaultBodyLimit::max(MAX_PAGE))
        .with_state(Arc::new(Front { backend, in_flight }))
}

async fn enlarge(State(front): State<Arc<Front>>, page: Bytes) -> Response {
    let slot = front.in_flight.try_acquire();
    if slot.is_err() {
        return response(Err(Failure::Busy("too many pages are in flight".into())));
    }
    response(front.backend.enlarge(page.to_vec()).await)
}

fn response(made: Made) -> Response {
    match made {
        Ok(reply) => ([(CONTENT_TYPE, reply.media_type)], reply.bytes).into_response(),
        Err(Failure::Page(text)) => (StatusCode::UNPROCESSABLE_ENTITY, text).into_response(),
        Err(Failure::Busy(text)) => {
            (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "1")], text).into_response()
        }
        Err(Failure::Broken(text)) => (StatusCode::BAD_GATEWAY, text).into_response(),
    }
}
