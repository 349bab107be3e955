// SPDX-License-Identifier: MIT
//! The front: `POST /enlarge` with a page answers the larger page. On hyper 0.14, which drops the
//! future of an answer when the client closes its connection.
use std::convert::Infallible;
use std::future::Future;
use std::net::TcpListener;
use std::sync::Arc;

use hyper::body::HttpBody;
use hyper::header::{CONTENT_TYPE, RETRY_AFTER};
use hyper::service::{make_service_fn, service_fn};
use hyper::{Body, Method, Request, Response, Server, StatusCode};
use tokio::sync::Semaphore;

use crate::{Enlarge, Failure, Made};

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
    end: impl Future<Output = ()>,
) -> hyper::Result<()> {
    let front = Arc::new(Front {
        backend,
        in_flight: Semaphore::new(MAX_IN_FLIGHT),
    });
    let service = make_service_fn(move |_| {
        let front = front.clone();
        let answer = move |request| {
            let front = front.clone();
            async move { Ok::<_, Infallible>(front.answer(request).await) }
        };
        async move { Ok::<_, Infallible>(service_fn(answer)) }
    });
    Server::from_tcp(listener)?
        .serve(service)
        .with_graceful_shutdown(end)
        .await
}

impl Front {
    async fn answer(&self, request: Request<Body>) -> Response<Body> {
        match (request.method(), request.uri().path()) {
            (&Method::GET, "/healthz") => text(StatusCode::OK, "well"),
            (&Method::POST, "/enlarge") => self.enlarge(request).await,
            _ => text(StatusCode::NOT_FOUND, "POST a page to /enlarge"),
        }
    }

    async fn enlarge(&self, request: Request<Body>) -> Response<Body> {
        let slot = self.in_flight.try_acquire();
        if slot.is_err() {
            return response(Err(Failure::Busy("too many pages are in flight".into())));
        }
        match read(request.into_body()).await {
            Ok(page) => response(self.backend.enlarge(page).await),
            Err(answer) => *answer,
        }
    }
}

async fn read(mut body: Body) -> Result<Vec<u8>, Box<Response<Body>>> {
    let mut page = Vec::new();
    while let Some(chunk) = body.data().await {
        let refused = |status, what: &str| Err(Box::new(text(status, what)));
        match chunk {
            Ok(chunk) if page.len() + chunk.len() <= MAX_PAGE => page.extend_from_slice(&chunk),
            Ok(_) => return refused(StatusCode::PAYLOAD_TOO_LARGE, "the page is too large"),
            Err(_) => return refused(StatusCode::BAD_REQUEST, "the page is cut off"),
        }
    }
    Ok(page)
}

fn response(made: Made) -> Response<Body> {
    match made {
        Ok(reply) => {
            let answer = Response::builder().header(CONTENT_TYPE, reply.media_type);
            let fallback = |_| text(StatusCode::BAD_GATEWAY, "the media type is no header");
            answer.body(reply.bytes.into()).unwrap_or_else(fallback)
        }
        Err(failure) => {
            let status = match failure {
                Failure::Page(_) => StatusCode::UNPROCESSABLE_ENTITY,
                Failure::Busy(_) => StatusCode::SERVICE_UNAVAILABLE,
                Failure::Broken(_) => StatusCode::BAD_GATEWAY,
            };
            let mut answer = text(status, &failure.to_string());
            if status == StatusCode::SERVICE_UNAVAILABLE {
                answer.headers_mut().insert(RETRY_AFTER, 1.into());
            }
            answer
        }
    }
}

fn text(status: StatusCode, text: &str) -> Response<Body> {
    let mut answer = Response::new(Body::from(format!("{text}\n")));
    *answer.status_mut() = status;
    answer
}
