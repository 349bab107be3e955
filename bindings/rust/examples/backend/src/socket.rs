// SPDX-License-Identifier: MIT
//! The third way: HTTP over a Unix socket to `planche serve` (docs/serve.md).
//!
//! One connection for each page, so that closing it gives the page up. A server that is just being
//! started again is waited for.
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::sync::Semaphore;

use crate::{Enlarge, Failure, Made, MadeFuture, Reply};

/// How long a server that is not there is waited for.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often a page is sent to servers that break off: it may be what they break off at.
const TRIES: u32 = 3;
const MAX_HEAD: usize = 64 << 10;
const MAX_RESULT: u64 = 1 << 30;

/// Pages through a server.
pub struct Socket {
    path: PathBuf,
    query: String,
    slots: Arc<Semaphore>,
}

/// The head of an answer.
struct Head {
    status: u16,
    length: u64,
    media_type: String,
}

impl Socket {
    /// `query` has the parameters of `/v1/upscale`: "format=jpg&scale=2". At most `at_once` pages
    /// are sent; keep them below the server's `--queue`.
    pub fn new(path: impl Into<PathBuf>, query: &str, at_once: usize) -> Socket {
        let slots = Arc::new(Semaphore::new(at_once.max(1)));
        Socket {
            path: path.into(),
            query: query.into(),
            slots,
        }
    }

    async fn enlarge_page(&self, page: &[u8]) -> Made {
        let slot = self.slots.acquire().await;
        let _slot = slot.map_err(|_| Failure::Broken("the back end is ending".into()))?;
        let mut tries = 0;
        loop {
            let broken = |error| Failure::Broken(format!("{}: {error}", self.path.display()));
            let stream = self.connect().await.map_err(broken)?;
            match self.exchange(stream, page).await {
                Ok((head, body)) => return made(head, body),
                // A page changes nothing on the server, so it may be sent again.
                Err(error) if is_broken_off(&error) && tries + 1 < TRIES => tries += 1,
                Err(error) => return Err(broken(error)),
            }
        }
    }

    /// Waits for a server that is not there, or not yet.
    async fn connect(&self) -> io::Result<UnixStream> {
        let started = Instant::now();
        loop {
            match UnixStream::connect(&self.path).await {
                Err(error) if may_come(&error) && started.elapsed() < PATIENCE => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                outcome => return outcome,
            }
        }
    }

    async fn exchange(&self, mut stream: UnixStream, page: &[u8]) -> io::Result<(Head, Vec<u8>)> {
        let head = format!(
            "POST /v1/upscale?{} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n",
            self.query,
            page.len()
        );
        stream.write_all(head.as_bytes()).await?;
        // A server that refuses the page may answer before it has read all of it.
        let written = stream.write_all(page).await;
        match read_answer(&mut stream).await {
            Err(error) => Err(written.err().unwrap_or(error)),
            answer => answer,
        }
    }
}

/// EAGAIN: it has no room for one more connection.
fn may_come(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionRefused, NotFound, WouldBlock};
    matches!(error.kind(), NotFound | ConnectionRefused | WouldBlock)
}

/// The server has ended before its answer; one that makes no sense would be the same again.
fn is_broken_off(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionReset, UnexpectedEof};
    matches!(error.kind(), UnexpectedEof | ConnectionReset | BrokenPipe)
}

fn damaged(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

async fn read_answer(stream: &mut UnixStream) -> io::Result<(Head, Vec<u8>)> {
    let mut bytes = Vec::new();
    loop {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(end) = end {
            let head = parse_head(&bytes[..end])?;
            bytes.drain(..end + 4);
            if head.status >= 200 {
                return read_body(stream, head, bytes).await;
            }
        } else if bytes.len() > MAX_HEAD {
            return Err(damaged("the head of the answer is too long"));
        } else if stream.read_buf(&mut bytes).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

async fn read_body(
    stream: &mut UnixStream,
    head: Head,
    mut body: Vec<u8>,
) -> io::Result<(Head, Vec<u8>)> {
    let left = head.length.saturating_sub(body.len() as u64);
    stream.take(left).read_to_end(&mut body).await?;
    match body.len() as u64 == head.length {
        true => Ok((head, body)),
        false => Err(damaged("the answer is cut off")),
    }
}

fn parse_head(head: &[u8]) -> io::Result<Head> {
    let text = std::str::from_utf8(head).map_err(|_| damaged("the head is no text"))?;
    let mut lines = text.split("\r\n");
    let status = lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 "));
    let status = status
        .and_then(|rest| rest.get(..3))
        .and_then(|code| code.parse().ok());
    let status: u16 = status.ok_or_else(|| damaged("this is not HTTP/1.1"))?;
    let (mut length, mut media_type) = (None, String::new());
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        if name.eq_ignore_ascii_case("content-length") {
            length = value
                .trim()
                .parse()
                .ok()
                .filter(|length| *length <= MAX_RESULT);
        } else if name.eq_ignore_ascii_case("content-type") {
            media_type = value.trim().into();
        }
    }
    let length = if status < 200 { Some(0) } else { length };
    let length = length.ok_or_else(|| damaged("the answer has no usable Content-Length"))?;
    Ok(Head {
        status,
        length,
        media_type,
    })
}

fn made(head: Head, bytes: Vec<u8>) -> Made {
    let text = || String::from_utf8_lossy(&bytes).into_owned();
    match head.status {
        200 => Ok(Reply {
            media_type: head.media_type,
            bytes,
        }),
        413 | 415 | 422 => Err(Failure::Page(text())),
        503 => Err(Failure::Busy(text())),
        status => Err(Failure::Broken(format!("status {status}: {}", text()))),
    }
}

impl Enlarge for Socket {
    fn enlarge(&self, page: Vec<u8>) -> MadeFuture<'_> {
        Box::pin(async move { self.enlarge_page(&page).await })
    }
}
