// SPDX-License-Identifier: MIT
//! planche-backend-axum ADDRESS library: the engine in this process
//! planche-backend-axum ADDRESS stdio PROGRAM...: a child process, "planche stdio -m small"
//! planche-backend-axum ADDRESS socket PATH: planche serve --listen unix:PATH
use std::net::TcpListener;

const USAGE: &str = "planche-backend-axum ADDRESS library | stdio PROGRAM... | socket PATH";

type Failed = Box<dyn std::error::Error>;

async fn run() -> Result<(), Failed> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (address, way) = arguments.split_first().ok_or(USAGE)?;
    let listener = TcpListener::bind(address)?;
    println!("http://{}/enlarge", listener.local_addr()?);
    let end = async {
        let _ = tokio::signal::ctrl_c().await;
    };
    let backend = planche_backend::from_arguments(way)?;
    Ok(planche_backend_axum::serve(listener, backend, end).await?)
}

fn main() -> Result<(), Failed> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(run())
}
