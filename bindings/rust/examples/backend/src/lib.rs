// SPDX-License-Identifier: MIT
//! A reader's back end that enlarges pages, in three ways, from the closest to the loosest:
//!
//! - [`Library`]: the crate `planche`, in this process. The quickest; what crashes there, a driver of
//!   a GPU for instance, takes the back end with it.
//! - [`Child`]: a process `planche stdio`, which is started again when it dies.
//! - [`Socket`]: HTTP over a Unix socket to `planche serve`, which others may use, too, and which
//!   keeps results.
//!
//! All of them give a page up when its future is dropped, as web frameworks do when a client goes.
//! The fronts ([`front`] on hyper, the folder `axum` beside this crate) know only [`Enlarge`].
mod child;
#[cfg(feature = "hyper")]
pub mod front;
mod library;
mod socket;
mod state;

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use planche::{Engine, Format, Page};

pub use child::Child;
pub use library::Library;
pub use socket::Socket;
pub use state::{State, MAX_IN_FLIGHT, MAX_PAGE, RETRY_AFTER};

/// A page that was made.
#[derive(Debug)]
pub struct Reply {
    pub media_type: String,
    pub bytes: Vec<u8>,
}

/// Why there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The page is damaged, too large or no image: the client's fault.
    Page(String),
    /// There is no room: try again.
    Busy(String),
    /// What makes pages does not work.
    Broken(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Page(text) | Failure::Busy(text) | Failure::Broken(text) => f.write_str(text),
        }
    }
}

pub type Made = Result<Reply, Failure>;
pub type MadeFuture<'a> = Pin<Box<dyn Future<Output = Made> + Send + 'a>>;

/// One of the three ways.
pub trait Enlarge: Send + Sync + 'static {
    /// Enlarges an image file. Dropping the future gives the page up.
    fn enlarge(&self, page: Vec<u8>) -> MadeFuture<'_>;
}

/// The way that a command line names: `library`, `stdio PROGRAM...` or `socket PATH`. Must be called in
/// a tokio runtime.
pub fn from_arguments(arguments: &[String]) -> Result<Arc<dyn Enlarge>, Box<dyn Error>> {
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
        _ => return Err("library | stdio PROGRAM... | socket PATH".into()),
    })
}
