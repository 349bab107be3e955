// SPDX-License-Identifier: MIT
//! planche-backend ADDRESS library: the engine in this process
//! planche-backend ADDRESS stdio PROGRAM...: a child process, "planche stdio -m small"
//! planche-backend ADDRESS socket PATH: planche serve --listen unix:PATH
use std::net::TcpListener;
use std::sync::Arc;

use planche::{Engine, Format, Page};
use planche_backend::{front, Child, Enlarge, Library, Socket};

const USAGE: &str = "planche-backend ADDRESS library | stdio PROGRAM... | socket PATH";

type Failed = Box<dyn std::error::Error>;

fn backend(arguments: &[String]) -> Result<Arc<dyn Enlarge>, Failed> {
    let way: Vec<&str> = arguments.iter().map(String::as_str).collect();
    Ok(match way.as_slice() {
        ["library"] => {
            let engine = Engine::new()?;
            let at_once = engine.info()?.jobs as usize;
            Arc::new(Library::new(
                engine,
                at_once,
                Page::new().format(Format::WebP),
            ))
        }
        ["stdio", program @ ..] if !program.is_empty() => {
            let threads = std::thread::available_parallelism()?.get();
            Arc::new(Child::new(
                program.iter().map(Into::into).collect(),
                threads + 1,
            ))
        }
        ["socket", path] => Arc::new(Socket::new(*path, "format=webp", 16)),
        _ => return Err(USAGE.into()),
    })
}

async fn run() -> Result<(), Failed> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (address, way) = arguments.split_first().ok_or(USAGE)?;
    let listener = TcpListener::bind(address)?;
    println!("http://{}/enlarge", listener.local_addr()?);
    let end = async {
        let _ = tokio::signal::ctrl_c().await;
    };
    Ok(front::serve(listener, backend(way)?, end).await?)
}

fn main() -> Result<(), Failed> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(run())
}
