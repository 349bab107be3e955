// SPDX-License-Identifier: MIT
//! The front: `POST /enlarge` with a page answers the larger page. On hyper 0.14, which drops the
//! future of an answer when the client closes its connection.
use std::convert::Infallible;
use std::future::Future;
use std::net::TcpListener;
use std::sync::Arc;

use hyper::body::HttpBody;
use hyper::header::{self, CONTENT_TYPE};
use hyper::service::{make_service_fn, service_fn};
use hyper::{Body, Method, Request, Response, Server, StatusCode};

use crate::{Enlarge, Failure, Made, State, MAX_PAGE, RETRY_AFTER};

/// Serves until `end` is over and the answers in flight are sent.
pub async fn serve(
    listener: TcpListener,
    backend: Arc<dyn Enlarge>,
    end: impl Future<Output = ()>,
) -> hyper::Result<()> {
    let state = State::new(backend);
    let service = make_service_fn(move |_| {
        let state = state.clone();
        let answer = move |request| {
            let state = state.clone();
            async move { Ok::<_, Infallible>(reply(&state, request).await) }
        };
        async move { Ok::<_, Infallible>(service_fn(answer)) }
    });
    Server::from_tcp(listener)?
        .serve(service)
        .with_graceful_shutdown(end)
        .await
}

async fn reply(state: &State, request: Request<Body>) -> Response<Body> {
    match (request.method(), request.uri().path()) {
        (&Method::GET, "/healthz") => text(StatusCode::OK, "well"),
        (&Method::POST, "/enlarge") => enlarge(state, request).await,
        _ => text(StatusCode::NOT_FOUND, "POST a page to /enlarge"),
    }
}

async fn enlarge(state: &State, request: Request<Body>) -> Response<Body> {
    let _room = match state.enter() {
        Ok(room) => room,
        Err(failure) => return refuse(&failure),
    };
    match read(request.into_body()).await {
        Ok(page) => response(state.backend.enlarge(page).await),
        Err(answer) => *answer,
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
        Err(failure) => refuse(&failure),
    }
}

fn refuse(failure: &Failure) -> Response<Body> {
    let status = StatusCode::from_u16(failure.status()).unwrap_or(StatusCode::BAD_GATEWAY);
    let mut answer = text(status, &failure.to_string());
    if matches!(failure, Failure::Busy(_)) {
        let headers = answer.headers_mut();
        headers.insert(header::RETRY_AFTER, RETRY_AFTER.into());
    }
    answer
}

fn text(status: StatusCode, text: &str) -> Response<Body> {
    let mut answer = Response::new(Body::from(format!("{text}\n")));
    *answer.status_mut() = status;
    answer
}
